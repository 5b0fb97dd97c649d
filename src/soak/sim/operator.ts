/** Makes the faults happen that come by the clock: each at times of its own, until everything is to rest. */
import type { FaultName } from '../fault.ts';
import { plannedFaults } from '../fault-plan.ts';
import { faultKind } from '../fault.ts';
import type { Connection } from './connection.ts';
import type { Place, Stage } from './place.ts';
import type { SimProcess } from './process.ts';
import type { Random } from '../random.ts';
import type { Runtime } from './runtime.ts';

/** Whoever pulls plugs. */
export class Operator {
  readonly #stage: Stage;
  readonly #place: Place;
  readonly #runtimes: readonly Runtime[];
  readonly #random: Random;

  constructor(stage: Stage, place: Place, runtimes: readonly Runtime[]) {
    this.#stage = stage;
    this.#place = place;
    this.#runtimes = runtimes;
    this.#random = stage.world.random.fork('operator');
  }

  /** Plans the first of each. */
  begin(): void {
    for (const [name, amount] of plannedFaults(this.#stage.dice.plan)) {
      if (faultKind(name).parameter === 'period') this.#plan(name, amount);
    }
  }

  /** Everything works again. */
  heal(): void {
    this.#stage.dice.rest();
    for (const { image } of this.#runtimes) image.brokenUntilMs = 0;
  }

  #plan(name: FaultName, periodMs: number): void {
    const { world, dice } = this.#stage;
    world.schedule(200 + this.#random.wait(periodMs), () => {
      if (dice.isResting) return;
      dice.occasion(name);
      this.#do(name);
      this.#plan(name, periodMs);
    });
  }

  #do(name: FaultName): void {
    const { dice } = this.#stage;
    switch (name) {
      case 'cut':
        return this.#onConnection(name, (connection) => connection.cut());
      case 'half-open':
        return this.#fallSilent();
      case 'slow-reader':
        return this.#onConnection(name, (connection) =>
          connection.stopReading(this.#stage.dice.within(this.#random.between(1_000, 20_000))),
        );
      case 'herd':
        return this.#herd();
      case 'restart':
        this.#place.restart();
        return;
      case 'token':
        dice.began(name, 'service');
        this.#place.renewToken();
        return;
      case 'drain':
      case 'interrupt':
      case 'churn':
      case 'hog':
        return this.#onSession(name);
      default:
        return this.#onRuntime(name);
    }
  }

  #onConnection(name: FaultName, act: (connection: Connection) => void): void {
    const connections = this.#place.connections();
    const connection = connections[this.#random.between(0, connections.length - 1)];
    if (!connection) return;
    this.#stage.dice.began(name, `link ${connection.client.name}`);
    act(connection);
  }

  #fallSilent(): void {
    const connections = this.#place.connections();
    const connection = connections[this.#random.between(0, connections.length - 1)];
    if (!connection) return;
    connection.fallSilent(this.#stage.dice.lasts('half-open', `link ${connection.client.name}`));
  }

  #herd(): void {
    const connections = this.#place.connections();
    if (connections.length === 0) return;
    this.#stage.dice.began('herd', '*');
    for (const connection of connections) connection.cut();
  }

  #onSession(name: 'drain' | 'interrupt' | 'churn' | 'hog'): void {
    const runtime = this.#aRuntime();
    const sessions = runtime?.program?.mesh?.sessions() ?? [];
    const session = sessions[this.#random.between(0, sessions.length - 1)];
    if (!session || !runtime?.program) return;
    if (name === 'hog') {
      this.#hog(session.id);
      return;
    }
    this.#stage.dice.began(name, `session ${session.id}`);
    if (name === 'drain') runtime.program.drain(session.id);
    else if (name === 'interrupt') runtime.program.interrupt(session.id);
    else runtime.program.discard(session.id);
  }

  #hog(sessionId: string): void {
    const { dice, library, world } = this.#stage;
    const thread = library.threads.get(sessionId);
    if (!thread || thread.isHogged) return;
    const ms = dice.within(this.#random.between(3_000, 15_000));
    const over = dice.lasts('hog', `session ${sessionId}`, `${ms} ms`);
    thread.isHogged = true;
    world.schedule(ms, () => {
      thread.isHogged = false;
      over();
    });
  }

  #onRuntime(name: FaultName): void {
    const runtime = this.#aRuntime();
    const process = runtime?.process;
    if (!runtime || !process || runtime.isEnding) return;
    const began = (detail: string | null = null) =>
      this.#stage.dice.began(name, process.name, detail);
    switch (name) {
      case 'crash':
        began();
        runtime.kill();
        return;
      case 'power-loss':
        began();
        runtime.kill('power-lost');
        runtime.image.lose(this.#random.between(0, 4));
        return;
      case 'stop':
        began();
        // One that stands still hears of it when it goes on.
        process.after(0, () => void runtime.restart(this.#random.between(1, 2_000)));
        return;
      case 'disk-fail': {
        const ms = this.#stage.dice.within(this.#random.between(200, 5_000));
        const over = this.#stage.dice.lasts(name, process.name, `${ms} ms`);
        runtime.image.brokenUntilMs = this.#stage.world.nowMs + ms;
        this.#stage.world.schedule(ms, over);
        return;
      }
      case 'clock-jump': {
        const ms = this.#random.between(-3_600_000, 3_600_000);
        began(`${ms} ms`);
        process.jumpClock(ms);
        return;
      }
      case 'suspend':
      case 'split-brain':
        return this.#stall(name, process, this.#random.between(2_000, 60_000));
      case 'stall':
        return this.#stall(name, process, 2_000);
      default:
    }
  }

  #stall(name: FaultName, process: SimProcess, wantedMs: number): void {
    const { dice, world } = this.#stage;
    const ms = dice.within(wantedMs);
    const over = dice.lasts(name, process.name, `${ms} ms`);
    process.standStill(ms);
    world.schedule(ms, over);
  }

  #aRuntime(): Runtime | undefined {
    return this.#runtimes[this.#random.between(0, this.#runtimes.length - 1)];
  }
}
