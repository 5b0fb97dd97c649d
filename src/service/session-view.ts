/**
 * A session as it is read: summary, thread with turns, transcript. Clients of this API ask for it several
 * times a second while they wait, so what was read is kept until something happens in the session.
 */
import { LRUCache } from 'lru-cache';
import type { Limits } from '../limits.ts';
import type { CallLog } from './call-log.ts';
import type { SessionRecords } from './session-record.ts';
import { sessionSummary } from './session-summary.ts';
import { readThread, type AskCodex } from './thread.ts';
import { transcriptOf } from './transcript.ts';
import type { TurnLists } from './turn-list.ts';

/** What the views need. */
export interface SessionViewsOptions {
  readonly ask: AskCodex;
  readonly limits: Limits;
  readonly records: SessionRecords;
  readonly log: CallLog;
  readonly turns: TurnLists;
  /** Whether everything that happens in the session is told to {@link SessionViews.touch}. */
  readonly isWatched: (sessionId: string) => boolean;
}

/** The sessions of one service, as JSON texts. */
export class SessionViews {
  readonly #options: SessionViewsOptions;
  readonly #kept: LRUCache<string, string>;
  /** Reads that are under way; one that something happened during is not kept. */
  readonly #reading = new Map<string, { isStale: boolean; readonly text: Promise<string> }>();

  constructor(options: SessionViewsOptions) {
    this.#options = options;
    this.#kept = new LRUCache({
      maxSize: options.limits.sessionViewsBytesMax,
      sizeCalculation: (text) => text.length * 2,
    });
  }

  /** Something happened in the session. */
  touch(sessionId: string): void {
    this.#kept.delete(sessionId);
    const reading = this.#reading.get(sessionId);
    if (!reading) return;
    reading.isStale = true;
    // Whoever asks from here on must see what happened.
    this.#reading.delete(sessionId);
  }

  /** The session as a JSON text. Throws as `readThread`. */
  async read(sessionId: string): Promise<string> {
    const kept = this.#kept.get(sessionId);
    if (kept !== undefined) return kept;
    const known = this.#reading.get(sessionId);
    if (known) return known.text;
    const reading = { isStale: false, text: this.#compose(sessionId) };
    this.#reading.set(sessionId, reading);
    try {
      const text = await reading.text;
      if (!reading.isStale && this.#options.isWatched(sessionId)) this.#kept.set(sessionId, text);
      return text;
    } finally {
      if (this.#reading.get(sessionId) === reading) this.#reading.delete(sessionId);
    }
  }

  async #compose(sessionId: string): Promise<string> {
    const { ask, records, log } = this.#options;
    const [thread, turns] = await Promise.all([
      readThread(ask, sessionId),
      this.#options.turns.read(sessionId),
    ]);
    return JSON.stringify({
      session: sessionSummary(thread, records.get(sessionId)),
      thread: { ...thread.json, turns },
      transcript: transcriptOf(
        turns,
        log.list(sessionId).map((call) => ({ call, content: log.contentOf(call) })),
      ),
    });
  }
}
