/**
 * A simulated disk with a ledger on it. A transaction is there as a whole or not at all; what was handed to
 * the operating system outlives the process, and only what was flushed outlives the machine.
 */
import { SessionMeshError } from '../../errors.ts';
import { callKey } from '../../ledger/call-record.ts';
import { readCall, type JournalRow } from '../../ledger/journal-row.ts';
import type { ForgetPlan, Forgotten, JournalStore } from '../../ledger/journal-store.ts';
import { MemoryStore } from '../../ledger/memory-journal.ts';
import type { Dice } from './dice.ts';
import type { SimProcess } from './process.ts';

/** What is on one disk. It outlives every process. */
export class DiskImage {
  readonly rows: JournalRow[] = [];
  /** Rows that a dead machine keeps. */
  flushed = 0;
  /** Until when nothing can be written, in the world's time. */
  brokenUntilMs = 0;
  readonly #keys = new Map<number, string>();
  readonly #answered = new Set<string>();

  /** Takes a transaction. */
  append(rows: readonly JournalRow[]): void {
    for (const row of rows) {
      this.rows.push(row);
      if (row.type === 'intent') this.#keys.set(row.id, callKey(readCall(row.call)));
      const key = row.type === 'outcome' ? this.#keys.get(row.id) : undefined;
      if (key !== undefined) this.#answered.add(key);
    }
  }

  /** Whether the answer to this call is recorded. */
  hasOutcome(key: string): boolean {
    return this.#answered.has(key);
  }

  /** The machine dies: of what was not flushed, the first `kept` rows were written by chance. */
  lose(kept: number): void {
    this.rows.length = Math.min(this.rows.length, this.flushed + kept);
  }
}

/** What a disk in use needs. */
export interface SimDiskOptions {
  readonly image: DiskImage;
  readonly process: SimProcess;
  readonly dice: Dice;
  /** Whether a write returns only once it is flushed. */
  readonly isSync: boolean;
  readonly flushMs: number;
}

/** The store of one process on one disk. */
export class SimDisk implements JournalStore {
  readonly #options: SimDiskOptions;
  readonly #store = new MemoryStore();

  constructor(options: SimDiskOptions) {
    this.#options = options;
    this.#store.write(options.image.rows);
  }

  get lastCallId(): number {
    return this.#store.lastCallId;
  }
  get lastSessionId(): number {
    return this.#store.lastSessionId;
  }
  get finished(): number {
    return this.#store.finished;
  }
  openCalls() {
    return this.#store.openCalls();
  }
  finishedCalls() {
    return this.#store.finishedCalls();
  }
  openSessions() {
    return this.#store.openSessions();
  }

  write(rows: readonly JournalRow[]): void {
    const { image, process, dice, isSync } = this.#options;
    if (!process.isAlive) return;
    if (process.world.nowMs < image.brokenUntilMs) {
      throw new SessionMeshError('ledger_write_failed', { found: 'no space left on the disk' });
    }
    if (rows.length === 0) return;
    if (this.#dies('before a write')) return;
    this.#store.write(rows);
    image.append(rows);
    if (isSync) image.flushed = image.rows.length;
    else this.#flushLater();
    this.#stall(dice);
    this.#dies('after a write');
  }

  forget(plan: ForgetPlan): Forgotten {
    return this.#store.forget(plan);
  }

  measure(): number {
    return this.#store.measure();
  }

  onLost(_listener: (cause: unknown) => void): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** A slow disk keeps the whole process waiting. */
  #stall(dice: Dice): void {
    const { process } = this.#options;
    const maxMs = dice.plan['disk-slow'];
    if (dice.isResting || maxMs === undefined || !dice.random.chance(0.2)) return;
    const ms = dice.random.next() * maxMs;
    // What runs in this turn of the process is done when the others see it stand still.
    process.world.schedule(0, () => process.standStill(ms));
    dice.began('disk-slow', process.name, `${Math.round(ms)} ms`);
  }

  #flushLater(): void {
    const { image, process, flushMs } = this.#options;
    const until = image.rows.length;
    process.world.schedule(flushMs, () => {
      image.flushed = Math.max(image.flushed, Math.min(until, image.rows.length));
    });
  }

  #dies(where: string): boolean {
    const { process, dice } = this.#options;
    if (!dice.hits('crash-point', `${process.name} ${where}`)) return false;
    process.end();
    return true;
  }
}
