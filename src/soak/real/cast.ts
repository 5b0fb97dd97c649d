/** The processes of a run and the proxies between them: who they are, and how each life of one begins and ends. */
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { sleep, type Env } from '../../env.ts';
import type { Limits } from '../../limits.ts';
import { isRecord } from '../../tools/json.ts';
import type { FaultPlan } from '../fault-plan.ts';
import { startProxy, type FaultProxy, type ProxyFault, type ProxyFrame } from '../proxy/proxy.ts';
import type { ToxicRequest } from '../proxy/toxic.ts';
import {
  nodeArguments,
  startChild,
  startProgram,
  type Child,
  type ChildEnd,
  type Entry,
  type ProgramOptions,
} from './child.ts';
import type { Desk } from './desk.ts';
import { readLedger } from './ledger-reading.ts';
import { oddsIn } from './model-mind.ts';
import type { LinkKind, RealOptions } from './real-options.ts';
import type { RuntimeHost, RuntimeOptions } from './runtime-process.ts';

/** Bounds of processes under test: faults that are far more frequent than in life must not tire them. */
export const patientLimits = {
  restartsMax: 1_000_000,
  heartbeatMs: 1_000,
  requestTimeoutMs: 5_000,
  connectTimeoutMs: 5_000,
  reconnectBackoffCapMs: 1_000,
  resumeAttemptsMax: 12,
  closeGraceMs: 1_000,
} satisfies Partial<Limits>;

/** How long handlers may take. */
export const handlerTimeoutMs = 2_000;
const turnTimeoutMs = 30_000;

/** What an earlier reading of a ledger may have missed of what was going on then. */
const overlapMs = 1_000;

/** How far back a reading goes: of older calls the check may know nothing any more. */
const readBackMs = 120_000;

/** How long a process may take until it is ready, and to end when it is asked to. */
const readyMs = 30_000;
const endMs = 15_000;

/** One of the parts: a runtime, the Codex or the service. Its lives follow each other. */
export interface Part {
  readonly name: string;
  readonly kind: 'runtime' | 'codex' | 'service';
  life: Child | null;
  lives: number;
  /** What was written to its ledger since then was not read yet; milliseconds since the Unix epoch. */
  unreadSince: number;
  /** Somebody is about to end it or to start it anew. */
  isBusy: boolean;
  isPaused: boolean;
  /** What it was asked for last. */
  gauges: Readonly<Record<string, number>> | null;
  hasRested: boolean;
}

/** What a cast needs. */
export interface CastOptions {
  readonly folder: string;
  readonly desk: Desk;
  readonly env: Env;
  readonly real: RealOptions;
  readonly faults: FaultPlan;
  /** The real Codex and its environment, where that is what runs. */
  readonly codex: Omit<ProgramOptions, 'args'> | null;
  readonly onProxyFault: (fault: ProxyFault) => void;
  /** Something that Codex says to a runtime, before it is hurt. */
  readonly onCodexFrame: ((text: string) => void) | null;
  readonly onGauges: (process: string, values: Readonly<Record<string, number>>) => void;
  readonly onLog: (text: string) => void;
  /** A process ended that nobody had asked to. */
  readonly onDeath: (name: string, end: ChildEnd) => void;
}

export class Cast {
  readonly #options: CastOptions;
  readonly proxies: FaultProxy[] = [];
  readonly parts: Part[] = [];
  readonly #entries = new Map<Part, (life: string) => Entry>();
  #ending: Promise<void> | null = null;
  /** The real Codex, if that is what runs. */
  readonly #codex: ProgramOptions | null;
  /** Names the life of the real Codex. */
  codexEpoch = '';

  constructor(options: CastOptions) {
    this.#options = options;
    const { codex, folder } = options;
    const listen = `unix://${join(folder, 'codex.sock')}`;
    this.#codex = codex && { ...codex, args: ['app-server', '--listen', listen] };
  }

  /** Where the run keeps its files. */
  get folder(): string {
    return this.#options.folder;
  }

  get witnessPath(): string {
    return join(this.#options.folder, 'witness');
  }

  get calmPath(): string {
    return join(this.#options.folder, 'calm');
  }

  get startsPath(): string {
    return join(this.#options.folder, 'starts');
  }

  get runtimes(): readonly Part[] {
    return this.parts.filter(({ kind }) => kind === 'runtime');
  }

  /** Starts everybody; resolves once they are ready. */
  async begin(): Promise<void> {
    const { topology = 'app-server' } = this.#options.real;
    // What the real Codex says over a pipe passes nobody who could testify.
    const known: readonly LinkKind[] = this.#codex ? ['tcp', 'unix'] : ['tcp', 'unix', 'child'];
    const { links = known } = this.#options.real;
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    const hosts = topology === 'service' ? await this.#hireService() : await this.#hireCodex(links);
    const { sessions = 20, seed = 1 } = this.#options.real;
    for (const [index, host] of hosts.entries()) {
      const part = this.#add(`runtime-${index + 1}`, 'runtime');
      const share = Math.floor(sessions / hosts.length) + (index < sessions % hosts.length ? 1 : 0);
      const common: Omit<RuntimeOptions, 'name'> = {
        host,
        ledger: this.#ledgerOf(part),
        witnessPath: this.witnessPath,
        startsPath: this.startsPath,
        sessions: share,
        seed,
        handlerTimeoutMs,
        turnTimeoutMs,
        mischief: this.#mischief(hosts.length),
        limits: patientLimits,
      };
      this.#entries.set(part, (name) => {
        return { module: 'runtime-process', call: 'runRuntime', options: { ...common, name } };
      });
    }
    const others = this.parts.filter(({ kind }) => kind !== 'runtime');
    await Promise.all(others.map((part) => this.start(part)));
    await Promise.all(this.runtimes.map((part) => this.start(part)));
  }

  /** Begins the next life of a part; resolves once it is ready. A life that dies meanwhile is followed by one more. */
  async start(part: Part): Promise<void> {
    const { desk, env, onLog, onGauges } = this.#options;
    if (this.#ending) return;
    await this.#readLedger(part);
    part.lives += 1;
    part.hasRested = false;
    if (part.kind === 'codex' && this.#codex) return this.#startProgram(part, this.#codex);
    const entry = this.#entries.get(part);
    if (!entry) return;
    const name = `${part.name}.${part.lives}`;
    if (part.kind !== 'codex') {
      const ledger = this.#ledgerOf(part);
      await desk.note({
        type: 'world.process.began',
        process: name,
        kind: part.kind,
        ledger: ledger && part.name,
        journal: ledger && ledger.mode,
      });
    }
    const ready = new AbortController();
    const child = startChild(name, entry(name), {
      onLog,
      onMessage: (message) => {
        if (!isRecord(message)) return;
        if (message.type === 'ready') ready.abort();
        if (message.type === 'rested') part.hasRested = true;
        if (message.type !== 'gauges' || !isRecord(message.values)) return;
        const numbers = Object.entries(message.values).filter(
          (pair): pair is [string, number] => typeof pair[1] === 'number',
        );
        part.gauges = Object.fromEntries(numbers);
        onGauges(name, part.gauges);
      },
    });
    part.life = child;
    void this.#watch(part, child);
    void child.exited.then(() => ready.abort());
    await sleep(env.clock, readyMs, ready.signal).catch(() => {});
  }

  /** The ledger of a part: runtimes have one, if any do. */
  #ledgerOf({ name, kind }: Part): RuntimeOptions['ledger'] {
    const { ledger: mode = 'sync' } = this.#options.real;
    if (kind !== 'runtime' || mode === 'none') return null;
    return { path: join(this.#options.folder, `${name}.sqlite`), mode };
  }

  /** Tells what the ledger of a part holds, between two lives. */
  async #readLedger(part: Part): Promise<void> {
    const { desk, env } = this.#options;
    const ledger = this.#ledgerOf(part);
    // A life that ended early may have left none.
    if (!ledger || !env.files.existsSync(ledger.path)) return;
    // What the life before said comes first.
    await desk.drained();
    const nowMs = env.clock.now();
    const since = Math.max(part.unreadSince, nowMs - readBackMs);
    const source = { path: ledger.path, name: part.name };
    for (const event of await readLedger(source, since, env.clock)) await desk.note(event);
    part.unreadSince = nowMs - overlapMs;
  }

  /** Begins a life of the real Codex; resolves once it listens. */
  async #startProgram(part: Part, program: ProgramOptions): Promise<void> {
    const { desk, env, onLog } = this.#options;
    const child = startProgram(part.name, program, { onLog });
    part.life = child;
    void this.#watch(part, child);
    this.codexEpoch = `${part.name}.${child.pid}.${part.lives}`;
    const life = { process: this.codexEpoch, kind: 'codex', ledger: null, journal: null } as const;
    await desk.note({ type: 'world.process.began', ...life });
    const deadline = env.clock.monotonic() + readyMs;
    while (!child.hasExited && env.clock.monotonic() < deadline) {
      if (await answers(this.#codexSocket)) return;
      await sleep(env.clock, 20);
    }
  }

  get #codexSocket(): string {
    return join(this.#options.folder, 'codex.sock');
  }

  /** Kills a life outright; resolves when it is gone. */
  async kill(part: Part): Promise<void> {
    part.life?.signal('SIGKILL');
    await part.life?.exited;
  }

  /** Asks a life to end; one that does not is killed, and counts as dead. */
  async stop(part: Part): Promise<void> {
    const { life } = part;
    if (!life || life.hasExited) return;
    const { desk, env } = this.#options;
    if (part.kind !== 'codex') {
      await desk.note({ type: 'world.process.stopping', process: life.name });
    }
    life.signal('SIGTERM');
    const late = new AbortController();
    const isGone = life.exited.then(() => late.abort());
    await Promise.race([isGone, sleep(env.clock, endMs, late.signal).catch(() => {})]);
    if (life.hasExited) return;
    this.#options.onDeath(life.name, { code: null, signal: 'none', said: 'it did not end' });
    life.signal('SIGKILL');
    await life.exited;
  }

  /** Ends everybody. Idempotent. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    for (const part of this.parts) {
      part.isBusy = true;
      if (part.isPaused) part.life?.signal('SIGCONT');
    }
    await Promise.all(this.runtimes.map((part) => this.stop(part)));
    for (const part of this.runtimes) await this.#readLedger(part);
    const others = this.parts.filter(({ kind }) => kind !== 'runtime');
    await Promise.all(
      others.map((part) => (part.kind === 'codex' ? this.kill(part) : this.stop(part))),
    );
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
  }

  /** Notes the end of a life, and begins the next one if nobody else does. */
  async #watch(part: Part, child: Child): Promise<void> {
    const end = await child.exited;
    const { desk, onDeath } = this.#options;
    if (part.kind !== 'codex') {
      const as = end.signal === 'SIGKILL' ? 'killed' : 'closed';
      await desk.note({ type: 'world.process.ended', process: child.name, as });
    }
    if (part.isBusy || part.life !== child) return;
    onDeath(child.name, end);
    await this.start(part);
  }

  #add(name: string, kind: Part['kind']): Part {
    const part: Part = {
      name,
      kind,
      life: null,
      lives: 0,
      unreadSince: this.#options.env.clock.now(),
      isBusy: false,
      isPaused: false,
      gauges: null,
      hasRested: false,
    };
    this.parts.push(part);
    return part;
  }

  /** What users of a runtime do, by the plan; each runtime takes its part. */
  #mischief(runtimes: number): RuntimeOptions['mischief'] {
    const { faults } = this.#options;
    const each = (meanMs: number | undefined) => (meanMs ?? 0) * runtimes;
    return {
      drain: each(faults.drain),
      interrupt: each(faults.interrupt),
      churn: each(faults.churn),
    };
  }

  #serverEntry(name: string, listen: string | null): Entry {
    const { faults, real } = this.#options;
    const options = {
      listen,
      name,
      calmPath: this.calmPath,
      storePath: join(this.#options.folder, `${name}.threads`),
      witnessPath: this.witnessPath,
      seed: real.seed ?? 1,
      mind: {
        callsPerTurn: 20,
        callsPerStep: 6,
        ...oddsIn(faults),
      },
      overload: faults.overload ?? 0,
    };
    return { module: 'scripted-app-server', call: 'runScriptedServer', options };
  }

  /** One Codex for all sockets, and one for each pipe. */
  async #hireCodex(links: readonly LinkKind[]): Promise<readonly RuntimeHost[]> {
    const { runtimes = links.length } = this.#options.real;
    const kinds = Array.from(
      { length: runtimes },
      (_, index) => links[index % links.length] ?? 'tcp',
    );
    const upstream = this.#codexSocket;
    if (kinds.some((kind) => kind !== 'child')) {
      const codex = this.#add('codex', 'codex');
      this.#entries.set(codex, () => this.#serverEntry('codex', upstream));
    }
    const hosts: RuntimeHost[] = [];
    for (const [index, kind] of kinds.entries()) {
      hosts.push(await this.#link(kind, index + 1, upstream));
    }
    return hosts;
  }

  async #link(kind: LinkKind, number: number, upstream: string): Promise<RuntimeHost> {
    const name = `runtime-${number}`;
    if (kind === 'child') {
      const server = nodeArguments(this.#serverEntry(`codex${number}`, null));
      const options = {
        name,
        command: process.execPath,
        args: server,
        toxics: this.#pipeToxics(),
        seed: this.#options.real.seed ?? 1,
        calmPath: this.calmPath,
        witnessPath: this.witnessPath,
      };
      const entry: Entry = { module: 'stdio-link', call: 'runStdioLink', options };
      return { kind: 'child', command: process.execPath, args: nodeArguments(entry) };
    }
    const path = join(this.#options.folder, `${name}.sock`);
    const listen = kind === 'unix' ? path : '127.0.0.1:0';
    const proxy = await this.#proxy(name, listen, upstream);
    const url = kind === 'unix' ? `ws+unix://${proxy.listen}:/` : `ws://${proxy.listen}`;
    return { kind: 'socket', url };
  }

  async #proxy(name: string, listen: string, upstream: string): Promise<FaultProxy> {
    const { real, onProxyFault: onFault, onCodexFrame } = this.#options;
    const onFrame = ({ stream, text }: ProxyFrame) => {
      if (stream === 'downstream') onCodexFrame?.(text);
    };
    const proxy = await startProxy({
      name,
      listen,
      upstream,
      seed: real.seed ?? 1,
      onFault,
      ...(onCodexFrame ? { onFrame } : {}),
    });
    this.proxies.push(proxy);
    return proxy;
  }

  /** A pipe loses nothing; what is left of the plan are frames that come twice, and noise. */
  #pipeToxics(): readonly ToxicRequest[] {
    const { duplicate = 0, garbage = 0 } = this.#options.faults;
    return (['upstream', 'downstream'] as const).flatMap((stream) => [
      { type: 'duplicate', stream, toxicity: duplicate },
      { type: 'garbage', stream, toxicity: garbage },
    ]);
  }

  /** A service with a Codex of its own, and a proxy to it for each runtime. */
  async #hireService(): Promise<readonly RuntimeHost[]> {
    const { folder, real } = this.#options;
    const service = this.#add('service', 'service');
    const tokenPath = join(folder, 'token');
    const port = await freePort();
    const proxied: string[] = [];
    const options = {
      port,
      stateDir: join(folder, 'service'),
      command: process.execPath,
      args: nodeArguments(this.#serverEntry('codex', null)),
      env: null,
      tokenPath,
      hosts: proxied,
      limits: patientLimits,
    };
    this.#entries.set(service, () => {
      return { module: 'service-process', call: 'runServiceProcess', options };
    });
    const count = real.runtimes ?? 2;
    const hosts: RuntimeHost[] = [];
    for (let number = 1; number <= count; number += 1) {
      const proxy = await this.#proxy(`runtime-${number}`, '127.0.0.1:0', `127.0.0.1:${port}`);
      // Clients name the proxy as the host they ask, and the service must know that name.
      proxied.push(proxy.listen);
      hosts.push({ kind: 'service', url: `http://${proxy.listen}`, tokenPath });
    }
    return hosts;
  }
}

/** A port that was free a moment ago: the service must come back to the same one. */
async function freePort(): Promise<number> {
  await using probe = await startProxy({ listen: '127.0.0.1:0', upstream: '127.0.0.1:1' });
  return Number(probe.listen.split(':')[1]);
}

/** Whether somebody listens at a Unix socket. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
