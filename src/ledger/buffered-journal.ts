/**
 * A {@link Journal} over any store: entries wait in memory for the next turn of the event loop, and for the
 * one after that while each brings more; they are then written together. Codex writes each of its messages
 * by itself, so that a burst of them takes a few turns to arrive, and a flush costs more than a turn.
 *
 * While writing fails, new calls are refused and everything else waits; the same entries are tried again
 * after a growing wait. So nothing that was committed is lost, and nothing that was taken is forgotten.
 */
import { backoffMs } from '../backoff.ts';
import type { Env, Timer } from '../env.ts';
import { isSessionMeshError, messageOf, SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Journal, JournalEntry, JournalStats, Recovery } from './journal.ts';
import { foldStore, type JournalFold } from './journal-fold.ts';
import { JournalOrder } from './journal-order.ts';
import type { JournalStore } from './journal-store.ts';
import { Retention } from './retention.ts';

export interface BufferedJournalOptions {
  /** Belongs to the journal from here on. */
  readonly store: JournalStore;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  /** What is in the store, where somebody has just read it. */
  readonly fold?: JournalFold;
}

/**
 * The part of `journalBytesMax` above which finished calls are forgotten before their time; and the part
 * of them that outlasts one such step.
 */
const nearlyFull = 7 / 8;

export class BufferedJournal implements Journal {
  readonly #store: JournalStore;
  readonly #env: Env;
  readonly #limits: Limits;
  readonly #logger: Logger;
  readonly #order: JournalOrder;
  readonly #retention: Retention;
  /** What is in the store, as long as nothing was written since it was opened. */
  #fold: JournalFold | undefined;
  #queue: string[] = [];
  #queuedBytes = 0;
  /** Calls and sessions that are over by what is queued. */
  #queuedCalls = 0;
  #queuedSessions = 0;
  /** What `committed()` gave out since the last attempt to write. */
  #asked: PromiseWithResolvers<void> | undefined;
  #willWrite = false;
  /** Turns that the next write has waited for, and what was queued before the last of them. */
  #turns = 0;
  #queuedBefore = 0;
  /** Why the last attempt failed, until one succeeds. */
  #failure: SessionMeshError | undefined;
  #failures = 0;
  #retry: Timer | undefined;
  /** Writes what nobody asks for. */
  #lazy: Timer | undefined;
  #closing: Promise<void> | undefined;
  #commits = 0;
  #forgotten = 0;
  #forgottenEarly = 0;
  #bytes: number;
  /** Written since `#bytes` was measured. */
  #unmeasuredBytes = 0;
  /** Monotonic time before which no step of forgetting is worth its while. */
  #restUntilMs = 0;

  constructor({ store, env, limits, logger, fold }: BufferedJournalOptions) {
    this.#store = store;
    this.#env = env;
    this.#limits = limits;
    this.#logger = logger;
    this.#fold = fold ?? foldStore(store, limits);
    this.#order = new JournalOrder(this.#fold);
    this.#retention = new Retention(store, this.#fold);
    this.#bytes = store.measure();
    store.onLost((cause) => this.#onFailed(cause));
  }

  get stats(): JournalStats {
    return {
      queued: this.#queue.length,
      open: this.#order.open,
      finished: this.#retention.finished,
      commits: this.#commits,
      forgotten: this.#forgotten,
      forgottenEarly: this.#forgottenEarly,
      bytes: this.#bytes,
      failing: this.#failures > 0,
    };
  }

  append(entry: JournalEntry): void {
    this.#assertOpen();
    if (entry.type === 'intent' || entry.type === 'session.opened') this.#admit();
    const line = this.#order.place(entry);
    if (line === undefined) return;
    this.#queue.push(line);
    this.#queuedBytes += line.length;
    const isEnd = entry.type === 'settled';
    if (isEnd) this.#queuedCalls += 1;
    else if (line.startsWith('closed')) this.#queuedSessions += 1;
    if (isEnd || entry.type === 'session.closed') this.#writeLater();
    else this.#writeSoon();
  }

  committed(): Promise<void> {
    if (this.#closing) return this.#closing;
    if (this.#queue.length === 0 && this.#failures === 0) return Promise.resolve();
    this.#asked ??= Promise.withResolvers();
    this.#writeSoon();
    return this.#asked.promise;
  }

  recover(): Recovery {
    this.#assertOpen();
    return (this.#fold ?? foldStore(this.#store, this.#limits)).recover();
  }

  compact(): boolean {
    this.#assertOpen();
    const { ledgerCallsMax, ledgerKeepMs, journalStepCallsMax } = this.#limits;
    const isNearlyFull = this.#bytes > this.#limits.journalBytesMax * nearlyFull;
    const old = this.#env.clock.now() - ledgerKeepMs;
    const { settledAt, sessions, shrunk } = this.#retention.forget({
      // A part at a time, lest a few big answers cost the memory of everything else.
      keepCalls: isNearlyFull ? Math.floor(this.#retention.finished * nearlyFull) : ledgerCallsMax,
      before: isNearlyFull ? Infinity : old,
      stepMax: journalStepCallsMax,
    });
    this.#fold = undefined;
    this.#forgotten += settledAt.length;
    this.#forgottenEarly += settledAt.filter((at) => at >= old).length;
    if (isNearlyFull) this.#measure();
    return shrunk || settledAt.length + sessions > 0;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#disarm();
    this.#write();
    this.#disarm();
    await this.#store.close();
    if (this.#failure) throw this.#failure;
  }

  #assertOpen(): void {
    if (this.#closing) throw new SessionMeshError('ledger_closed');
  }

  /** Says no to a new call or session while the journal could not keep it. */
  #admit(): void {
    const { journalQueuedMax, journalQueuedBytesMax, journalBytesMax } = this.#limits;
    if (this.#failure) {
      const { code, message: found } = this.#failure;
      throw new SessionMeshError(code, { found, cause: this.#failure });
    }
    if (this.#queue.length >= journalQueuedMax || this.#queuedBytes >= journalQueuedBytesMax) {
      const expected = `at most journalQueuedMax (${journalQueuedMax}) entries that wait`;
      const found = `${this.#queue.length} entries, ${this.#queuedBytes} bytes`;
      throw new SessionMeshError('ledger_full', { expected, found });
    }
    if (this.#bytes > journalBytesMax) this.#tidy();
    if (this.#bytes <= journalBytesMax) return;
    const expected = `at most journalBytesMax (${journalBytesMax}) bytes in use`;
    throw new SessionMeshError('ledger_full', { expected, found: `${this.#bytes}` });
  }

  /** Writes once no more comes. */
  #writeSoon(): void {
    if (this.#willWrite) return;
    this.#willWrite = true;
    this.#turns = 0;
    this.#waitForTurn();
  }

  #waitForTurn(): void {
    this.#queuedBefore = this.#queue.length;
    this.#env.clock.nextTurn(this.#onTurn);
  }

  /** Writes soon enough what nobody waits for, unless something else is written before. */
  #writeLater(): void {
    if (this.#lazy !== undefined || this.#willWrite || this.#retry !== undefined) return;
    this.#lazy = this.#env.clock.setTimeout(() => {
      this.#lazy = undefined;
      this.#writeNow();
    }, this.#limits.journalEndsMs);
  }

  readonly #onTurn = (): void => {
    this.#turns += 1;
    const hasMore = this.#queue.length > this.#queuedBefore;
    if (hasMore && this.#turns < this.#limits.journalTurnsMax) this.#waitForTurn();
    else this.#writeNow();
  };

  #writeNow(): void {
    this.#willWrite = false;
    if (!this.#closing && this.#retry === undefined) this.#write();
  }

  /** One attempt at everything that is queued. */
  #write(): void {
    const lines = this.#queue;
    try {
      this.#store.write(lines);
    } catch (thrown) {
      this.#onFailed(thrown);
      return;
    }
    if (lines.length > 0) this.#onWritten();
    this.#onSucceeded();
  }

  #onWritten(): void {
    this.#commits += 1;
    this.#fold = undefined;
    this.#unmeasuredBytes += this.#queuedBytes;
    this.#retention.add(this.#queuedCalls, this.#queuedSessions);
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#queuedCalls = 0;
    this.#queuedSessions = 0;
  }

  #onSucceeded(): void {
    if (this.#failures > 0) this.#logger.info({}, 'the ledger is written again');
    this.#failures = 0;
    this.#failure = undefined;
    this.#asked?.resolve();
    this.#asked = undefined;
    this.#disarmLazy();
    if (this.#hasToTidy()) queueMicrotask(() => this.#tidy());
  }

  #onFailed(thrown: unknown): void {
    const failure = failureOf(thrown);
    this.#failure = failure;
    this.#failures += 1;
    const fields = { error: failure.message, queued: this.#queue.length };
    if (this.#failures === 1) this.#logger.error(fields, 'the ledger cannot be written');
    this.#asked?.reject(failure);
    this.#asked = undefined;
    this.#tryAgainLater();
  }

  #tryAgainLater(): void {
    if (this.#closing || this.#retry !== undefined) return;
    const { journalRetryBackoffBaseMs: baseMs, journalRetryBackoffCapMs: capMs } = this.#limits;
    const delayMs = backoffMs({ baseMs, capMs }, this.#failures, this.#env.random);
    this.#retry = this.#env.clock.setTimeout(() => {
      this.#retry = undefined;
      this.#write();
    }, delayMs);
  }

  #disarm(): void {
    if (this.#retry !== undefined) this.#env.clock.clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#disarmLazy();
  }

  #disarmLazy(): void {
    if (this.#lazy !== undefined) this.#env.clock.clearTimeout(this.#lazy);
    this.#lazy = undefined;
  }

  #hasToTidy(): boolean {
    const { ledgerCallsMax, journalStepCallsMax, journalLogBytesMax, journalBytesMax } =
      this.#limits;
    if (this.#unmeasuredBytes >= journalLogBytesMax) this.#measure();
    const hasMany = this.#retention.finished >= ledgerCallsMax + journalStepCallsMax;
    if (!hasMany && this.#bytes <= journalBytesMax * nearlyFull) return false;
    return this.#env.clock.monotonic() >= this.#restUntilMs;
  }

  /** One step of forgetting, on the journal's own account. */
  #tidy(): void {
    if (this.#closing) return;
    try {
      if (this.compact()) return;
    } catch (thrown) {
      this.#logger.warn({ error: messageOf(thrown) }, 'the ledger could not forget old calls');
    }
    this.#restUntilMs = this.#env.clock.monotonic() + this.#limits.journalStepRestMs;
  }

  #measure(): void {
    this.#bytes = this.#store.measure();
    this.#unmeasuredBytes = 0;
  }
}

function failureOf(thrown: unknown): SessionMeshError {
  if (isSessionMeshError(thrown)) return thrown;
  return new SessionMeshError('ledger_write_failed', { found: messageOf(thrown), cause: thrown });
}
