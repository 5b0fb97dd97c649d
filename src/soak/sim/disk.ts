/**
 * A simulated disk with a ledger on it. A transaction is there as a whole or not at all; what was handed to
 * the operating system outlives the process, and only what was flushed outlives the machine.
 */
import { SessionMeshError } from '../../errors.ts';
import { callKey } from '../../ledger/call-record.ts';
import { readCall, readLine } from '../../ledger/journal-line.ts';
import type { JournalBatch, JournalStore } from '../../ledger/journal-store.ts';
import { MemoryStore } from '../../ledger/memory-journal.ts';
import type { Dice } from './dice.ts';
import type { SimProcess } from './process.ts';

/** What is on one disk. It outlives every process. */
export class DiskImage {
  readonly lines: string[] = [];
  /** Lines that a dead machine keeps. */
  flushed = 0;
  /** Until when nothing can be written, in the world's time. */
  brokenUntilMs = 0;
  readonly #keys = new Map<number, string>();
  readonly #answered = new Set<string>();

  /** Takes a transaction. */
  append(lines: readonly string[]): void {
    this.lines.push(...lines);
    for (const line of lines.flatMap((text) => text.split('\n')).map(readLine)) {
      if (line.type === 'intent') this.#keys.set(line.id, callKey(readCall(line.call)));
      const key = line.type === 'outcome' ? this.#keys.get(line.id) : undefined;
      if (key !== undefined) this.#answered.add(key);
    }
  }

  /** Whether the answer to this call is recorded. */
  hasOutcome(key: string): boolean {
    return this.#answered.has(key);
  }

  /** The machine dies: of what was not flushed, the first `kept` lines were written by chance. */
  lose(kept: number): void {
    this.lines.length = Math.min(this.lines.length, this.flushed + kept);
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
    this.#store.write(options.image.lines);
  }

  batches(after: number): Iterable<JournalBatch> {
    return this.#store.batches(after);
  }

  write(lines: readonly string[]): void {
    const { image, process, dice, isSync } = this.#options;
    if (!process.isAlive) return;
    if (process.world.nowMs < image.brokenUntilMs) {
      throw new SessionMeshError('ledger_write_failed', { found: 'no space left on the disk' });
    }
    if (lines.length === 0) return;
    if (this.#dies('before a write')) return;
    this.#store.write(lines);
    image.append(lines);
    if (isSync) image.flushed = image.lines.length;
    else this.#flushLater();
    this.#stall(dice);
    this.#dies('after a write');
  }

  /** On this process's own copy; the image keeps everything. */
  rewrite(batches: readonly JournalBatch[]): boolean {
    return this.#store.rewrite(batches);
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
    const ms = dice.within(dice.random.next() * maxMs);
    // What runs in this turn of the process is done when the others see it stand still.
    process.world.schedule(0, () => process.standStill(ms));
    dice.began('disk-slow', process.name, `${Math.round(ms)} ms`);
  }

  #flushLater(): void {
    const { image, process, flushMs } = this.#options;
    const until = image.lines.length;
    process.world.schedule(flushMs, () => {
      image.flushed = Math.max(image.flushed, Math.min(until, image.lines.length));
    });
  }

  #dies(where: string): boolean {
    const { process, dice } = this.#options;
    if (!dice.hits('crash-point', `${process.name} ${where}`)) return false;
    process.end();
    return true;
  }
}
