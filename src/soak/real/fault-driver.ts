/** Makes the faults of a plan happen to the processes and links of a run, until it is told to stop. */
import { sleep, type Env } from '../../env.ts';
import { messageOf } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { plannedFaults, type FaultPlan } from '../fault-plan.ts';
import type { FaultName } from '../fault.ts';
import type { ProxyFault } from '../proxy/proxy.ts';
import { parseToxic, type StreamName, type ToxicRequest } from '../proxy/toxic.ts';
import type { Cast, Part } from './cast.ts';
import type { Desk } from './desk.ts';

/** What the driver needs. */
export interface FaultDriverOptions {
  readonly cast: Cast;
  readonly plan: FaultPlan;
  readonly desk: Desk;
  readonly env: Env;
  readonly random: () => number;
  readonly logger: Logger;
  /** Epochs of the Codex processes that live now. */
  readonly codexLives: () => Iterable<string>;
}

const streams: readonly StreamName[] = ['upstream', 'downstream'];
const ignore = () => {};

/** Frames a second that a link carries at least: by it a part of frames becomes a mean time. */
const framesPerSecond = 100;

/** Every fault of a plan happens for the first time within so many milliseconds, or its mean time. */
const firstMsMax = 8_000;

/** The mean time between two spells of delay. */
const delaysMs = 4_000;

/** How long to wait for a frame that can be hurt. */
const onceMsMax = 400;

/** A frame above what anybody takes. */
const oversizeBytes = 17 * 1024 * 1024;

export class FaultDriver {
  readonly #options: FaultDriverOptions;
  readonly #calm = new AbortController();
  readonly #hits = new Map<string, () => void>();
  #count = 0;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: FaultDriverOptions) {
    this.#options = options;
  }

  start(): void {
    const loops = plannedFaults(this.#options.plan).map(([name, amount]) =>
      this.#begin(name, amount),
    );
    this.#loops = Promise.all(loops);
  }

  /** No further fault; resolves when everything that was hurt is whole again. */
  async stop(): Promise<void> {
    this.#calm.abort();
    await this.#loops;
    for (const proxy of this.#options.cast.proxies) {
      proxy.toxics.clear();
      // What was lost on a link is missed only when the link is new.
      proxy.cut();
    }
  }

  #begin(name: FaultName, amount: number): Promise<void> {
    switch (name) {
      case 'drop':
        return this.#setToxics([{ type: 'drop', toxicity: amount }]);
      case 'lose-reply':
        return this.#setToxics([{ type: 'limit_data', toxicity: amount }]);
      case 'duplicate':
      case 'garbage':
      case 'reorder':
        return this.#setToxics(streams.map((stream) => ({ type: name, stream, toxicity: amount })));
      case 'slice':
        return this.#setToxics(streams.map((stream) => slicer(stream, amount)));
      case 'truncate':
        return this.#every(1_000 / (framesPerSecond * amount), () =>
          this.#once({ type: 'truncate', attributes: { close: 1 } }),
        );
      case 'oversize':
        return this.#every(amount, () => this.#oversize());
      case 'delay':
        return this.#every(delaysMs, () => this.#delay(amount));
      case 'cut':
        return this.#every(amount, () => this.#cut());
      case 'herd':
        return this.#every(amount, () => this.#herd());
      case 'half-open':
        return this.#every(amount, () =>
          this.#hold(name, streams.map(silence), 5_500 + this.#random() * 1_500),
        );
      case 'slow-reader':
        return this.#every(amount, () =>
          this.#hold(name, streams.map(trickle), 1_000 + this.#random() * 1_000),
        );
      default:
        return this.#beginWithProcesses(name, amount);
    }
  }

  async #beginWithProcesses(name: FaultName, amount: number): Promise<void> {
    const { cast } = this.#options;
    switch (name) {
      case 'restart':
        return this.#every(amount, () => this.#restart());
      case 'crash':
      case 'stop':
        return this.#every(amount, () => this.#endRuntime(name));
      case 'suspend':
        return this.#every(amount, () =>
          this.#pause(name, cast.runtimes, 1_000 + this.#random() * 4_000),
        );
      case 'stall':
        return this.#every(amount, () => this.#pause(name, cast.parts, 2_000));
      case 'token':
        return this.#every(amount, () => this.#replaceToken());
      default:
      // The others happen within the processes.
    }
  }

  #random(): number {
    return this.#options.random();
  }

  #pick<Value>(values: readonly Value[]): Value | undefined {
    return values[Math.floor(this.#random() * values.length)];
  }

  #idle(parts: readonly Part[]): readonly Part[] {
    return parts.filter(({ isBusy, isPaused, life }) => !isBusy && !isPaused && life !== null);
  }

  /** One of the parts that nothing else happens to, once there is one; undefined when faults are over. */
  async #whenIdle(parts: readonly Part[]): Promise<Part | undefined> {
    while (!this.#calm.signal.aborted) {
      const part = this.#pick(this.#idle(parts));
      if (part || parts.length === 0) return part;
      await this.#wait(50);
    }
    return undefined;
  }

  /** Does it again and again, with waits around `meanMs`; one that fails does not end the others. */
  async #every(meanMs: number, deed: () => Promise<void>): Promise<void> {
    const { env, logger } = this.#options;
    const { signal } = this.#calm;
    // The first one comes early, or a short run would have none.
    let waitMs = Math.min(meanMs, firstMsMax) * this.#random();
    for (; ; waitMs = meanMs * (0.5 + this.#random())) {
      await sleep(env.clock, waitMs, signal).catch(ignore);
      if (signal.aborted) return;
      await deed().catch((thrown: unknown) => {
        logger.warn({ error: messageOf(thrown) }, 'a fault could not be made');
      });
    }
  }

  /** Waits, or until faults are over. */
  #wait(ms: number): Promise<void> {
    return sleep(this.#options.env.clock, ms, this.#calm.signal).catch(ignore);
  }

  async #tell(fault: FaultName, target: string, lasts = false): Promise<string> {
    this.#count += 1;
    const faultId = `${fault} ${this.#count}`;
    const { desk } = this.#options;
    await desk.note({ type: 'world.fault.began', fault, faultId, target, lasts, detail: null });
    return faultId;
  }

  #tellEnd(fault: FaultName, faultId: string): Promise<unknown> {
    return this.#options.desk.note({ type: 'world.fault.ended', fault, faultId });
  }

  // Links

  async #setToxics(requests: readonly ToxicRequest[]): Promise<void> {
    for (const proxy of this.#options.cast.proxies) {
      for (const request of requests) proxy.toxics.add(parseToxic(request));
    }
  }

  async #cut(): Promise<void> {
    const proxy = this.#pick(this.#options.cast.proxies);
    if (!proxy) return;
    await this.#tell('cut', `link ${proxy.name}`);
    proxy.cut();
  }

  async #herd(): Promise<void> {
    await this.#tell('herd', '*');
    for (const proxy of this.#options.cast.proxies) proxy.cut();
  }

  /** Hurts one link for a while. */
  async #hold(fault: FaultName, requests: readonly ToxicRequest[], ms: number): Promise<void> {
    const proxy = this.#pick(this.#options.cast.proxies);
    if (!proxy) return;
    const runtime = this.#options.cast.runtimes.find(({ name }) => name === proxy.name);
    const faultId = await this.#tell(fault, `link ${runtime?.life?.name ?? proxy.name}`, true);
    const toxics = requests.map((request) =>
      parseToxic({ ...request, name: `${fault}-${this.#count}-${request.stream}` }),
    );
    for (const toxic of toxics) proxy.toxics.add(toxic);
    await this.#wait(ms);
    for (const { name } of toxics) proxy.toxics.remove(name);
    await this.#tellEnd(fault, faultId);
  }

  async #delay(upToMs: number): Promise<void> {
    // Most delays are short, a few of them long.
    const latency = Math.min(upToMs, -Math.log(1 - this.#random()) * (upToMs / 8));
    const attributes = { latency, jitter: latency / 4 };
    const requests = streams.map((stream) => ({ type: 'latency', stream, attributes }));
    await this.#hold('delay', requests, 500 + this.#random() * 1_000);
  }

  /** Hurts the next frame of one link. The proxy tells of it. */
  async #once(request: ToxicRequest): Promise<void> {
    const proxy = this.#pick(this.#options.cast.proxies);
    if (!proxy) return;
    const stream = this.#random() < 0.5 ? 'upstream' : 'downstream';
    const toxic = parseToxic({ ...request, stream, name: `once-${(this.#count += 1)}` });
    const hit = new AbortController();
    this.#hits.set(toxic.name, () => {
      proxy.toxics.remove(toxic.name);
      hit.abort();
    });
    proxy.toxics.add(toxic);
    const signal = AbortSignal.any([hit.signal, this.#calm.signal]);
    await sleep(this.#options.env.clock, onceMsMax, signal).catch(ignore);
    this.#hits.delete(toxic.name);
    proxy.toxics.remove(toxic.name);
  }

  /** A proxy did something: what was to happen once is over with it. */
  onProxyFault({ toxic }: ProxyFault): void {
    this.#hits.get(toxic)?.();
  }

  async #oversize(): Promise<void> {
    await this.#tell('oversize', '*');
    await this.#once({ type: 'garbage', attributes: { size: oversizeBytes } });
  }

  // Processes

  async #restart(): Promise<void> {
    const { cast, desk, codexLives, plan } = this.#options;
    const isShared = this.#random() < 0.5;
    const shared = cast.parts.filter(({ kind }) => kind !== 'runtime');
    const part = shared.length > 0 ? await this.#whenIdle(shared) : undefined;
    const epoch = this.#pick([...codexLives()].filter((name) => !name.startsWith('codex.')));
    if (part && (isShared || epoch === undefined)) {
      part.isBusy = true;
      const faultId = await this.#tell('restart', part.name, true);
      await cast.kill(part);
      if (plan['slow-start'] !== undefined) {
        const slowId = await this.#tell('slow-start', part.name, true);
        await this.#wait(this.#random() * plan['slow-start']);
        await this.#tellEnd('slow-start', slowId);
      }
      await cast.start(part);
      await this.#tellEnd('restart', faultId);
      part.isBusy = false;
      return;
    }
    if (epoch === undefined) return;
    // One behind a pipe: whoever started it starts the next.
    await this.#tell('restart', epoch);
    await desk.note({ type: 'world.process.ended', process: epoch, as: 'killed' });
    kill(epoch);
  }

  /** Ends a runtime and starts it again. The last one is left alone: its memory is followed. */
  async #endRuntime(fault: 'crash' | 'stop'): Promise<void> {
    const { cast } = this.#options;
    const part = await this.#whenIdle(cast.runtimes.slice(0, -1));
    if (!part?.life) return;
    part.isBusy = true;
    const faultId = await this.#tell(fault, part.life.name, true);
    await (fault === 'crash' ? cast.kill(part) : cast.stop(part));
    await cast.start(part);
    await this.#tellEnd(fault, faultId);
    part.isBusy = false;
  }

  async #replaceToken(): Promise<void> {
    const { parts } = this.#options.cast;
    const service = await this.#whenIdle(parts.filter(({ kind }) => kind === 'service'));
    if (!service) return;
    await this.#tell('token', service.name);
    service.life?.tell({ type: 'token' });
  }

  async #pause(fault: FaultName, parts: readonly Part[], ms: number): Promise<void> {
    const part = await this.#whenIdle(parts);
    const life = part?.life;
    if (!part || !life) return;
    const { desk } = this.#options;
    const isNamed = part.kind !== 'codex';
    part.isPaused = true;
    const faultId = await this.#tell(fault, life.name, true);
    if (isNamed) await desk.note({ type: 'world.process.paused', process: life.name });
    life.signal('SIGSTOP');
    await this.#wait(ms);
    life.signal('SIGCONT');
    if (isNamed) await desk.note({ type: 'world.process.resumed', process: life.name });
    await this.#tellEnd(fault, faultId);
    part.isPaused = false;
  }
}

const silence = (stream: StreamName): ToxicRequest => ({ type: 'timeout', stream });

const slicer = (stream: StreamName, toxicity: number): ToxicRequest => ({
  type: 'slicer',
  stream,
  toxicity,
  attributes: { average_size: 200, size_variation: 150 },
});

const trickle = (stream: StreamName): ToxicRequest => ({
  type: 'bandwidth',
  stream,
  attributes: { rate: 8 },
});

/** Kills a process by the epoch that names it: `NAME.PID.TIME`. */
export function kill(epoch: string): void {
  try {
    process.kill(Number(epoch.split('.')[1]), 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** Whether the process that an epoch names lives. */
export function lives(epoch: string): boolean {
  try {
    return process.kill(Number(epoch.split('.')[1]), 0);
  } catch {
    return false;
  }
}
