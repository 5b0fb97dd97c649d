/** One runtime through all its lives: on one disk, killed and started again. */
import type { Place, Stage } from './place.ts';
import { DiskImage } from './disk.ts';
import { LedgerReader } from './ledger-reading.ts';
import { meshLevels, timersLeft } from './levels.ts';
import { watchProcess } from './place.ts';
import { SimProcess } from './process.ts';
import { Program } from './program.ts';

/** What a runtime is made of. */
export interface RuntimeOptions {
  readonly stage: Stage;
  readonly place: Place;
  readonly name: string;
  readonly directory: Set<string>;
  readonly opensSessions: boolean;
}

/** How soon somebody starts a runtime again that is down. */
const restartMs = 400;

/** A runtime and whoever operates it. */
export class Runtime {
  readonly #options: RuntimeOptions;
  readonly image = new DiskImage();
  readonly #reader: LedgerReader | null;
  #lives = 0;
  #process: SimProcess | null = null;
  #program: Program | null = null;
  /** The programs of lives that were killed. */
  readonly #dead: Program[] = [];
  #isEnding = false;
  #isOver = false;
  #isEnded = false;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    const isKept = options.stage.scenario.ledger !== 'none';
    this.#reader = isKept ? new LedgerReader(this.#ledgerName, this.image.lines) : null;
    this.start();
  }

  get name(): string {
    return this.#options.name;
  }

  /** The life it is in, or null between two. */
  get process(): SimProcess | null {
    return this.#process;
  }

  /** Whether it was ended for good, and nothing of it is left. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  get program(): Program | null {
    return this.#program;
  }

  /** Whether it is being ended gently. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  start(): void {
    if (this.#process || this.#isOver) return;
    const { stage, name } = this.#options;
    this.#lives += 1;
    // Without a ledger nothing is known of what an earlier life did: a person begins anew.
    if (stage.scenario.ledger === 'none') this.#beginAnew();
    else if (this.#lives > 1) this.readLedger();
    const process = new SimProcess(stage.world, `${name}.${this.#lives}`);
    const { ledger } = stage.scenario;
    const kept = ledger === 'none' ? {} : { ledger: this.#ledgerName, journal: ledger };
    watchProcess(stage, process, { kind: 'runtime', ...kept });
    process.whenDead(() => this.#onDead());
    this.#process = process;
    this.#program = new Program({
      ...this.#options,
      process,
      image: this.image,
      onDefeat: () => process.after(0, () => process.end()),
    });
    void this.#program.run();
  }

  /** Tells the witness what the ledger holds now. */
  readLedger(): void {
    this.#reader?.read(this.#options.stage.witness);
  }

  /** Tells the witness how full the queues of the mesh are. */
  noteLevels(): void {
    const stats = this.#program?.mesh?.stats;
    if (!this.#process || !stats) return;
    const values = meshLevels(stats);
    this.#options.stage.witness.note({ type: 'world.gauges', process: this.#process.name, values });
  }

  get #ledgerName(): string {
    return `ledger of ${this.#options.name}`;
  }

  #beginAnew(): void {
    const { directory, place } = this.#options;
    for (const sessionId of directory) place.forsake(sessionId);
    directory.clear();
  }

  /** Kills it outright, or takes its machine away. */
  kill(as: 'killed' | 'power-lost' = 'killed'): void {
    this.#process?.end(as);
  }

  /** Asks it to end, and starts it again. */
  async restart(graceMs: number): Promise<void> {
    const process = this.#process;
    await this.#end(graceMs);
    process?.end('closed');
  }

  /** Asks it to end, for good. */
  async end(graceMs: number): Promise<void> {
    this.#isOver = true;
    const process = this.#process;
    await this.#end(graceMs);
    this.#isEnded = true;
    process?.end('closed');
  }

  async #end(graceMs: number): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { stage } = this.#options;
    const process = this.#process;
    if (process) stage.witness.note({ type: 'world.process.stopping', process: process.name });
    try {
      await this.#program?.close(graceMs);
      if (process?.isAlive) {
        const values = { [timersLeft]: process.timers };
        stage.witness.note({ type: 'world.gauges', process: process.name, values });
      }
    } catch (thrown) {
      // A disk that stays broken is the one reason for which a mesh may not close well.
      if (process?.isAlive && stage.world.nowMs >= this.image.brokenUntilMs)
        stage.world.fail(thrown);
    }
  }

  /** The world is over: nothing of it may be left in the machine. */
  bury(): void {
    for (const program of this.#dead.splice(0)) program.bury();
  }

  #onDead(): void {
    if (this.#program) this.#dead.push(this.#program);
    this.#process = null;
    this.#program = null;
    this.#isEnding = false;
    if (this.#isOver) return;
    const { world, dice } = this.#options.stage;
    world.schedule(restartMs * (1 + dice.random.next()), () => this.start());
  }
}
