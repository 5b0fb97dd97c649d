/**
 * A session as it is read: summary, thread with turns, transcript. Clients of this API ask for it several
 * times a second while they wait, so what was read is kept until something happens in the session.
 */
import { LRUCache } from 'lru-cache';
import type { Limits } from '../limits.ts';
import type { CallLog } from './call-log.ts';
import type { SessionRecords } from './session-record.ts';
import { sessionSummary } from './session-summary.ts';
import { readThread, readTurns, type AskCodex } from './thread.ts';
import { transcriptOf } from './transcript.ts';

/** What the views need. */
export interface SessionViewsOptions {
  readonly ask: AskCodex;
  readonly limits: Limits;
  readonly records: SessionRecords;
  readonly log: CallLog;
  /** Whether everything that happens in the session is told to {@link SessionViews.touch}. */
  readonly isWatched: (sessionId: string) => boolean;
  /** The turn that is known to run, or null. */
  readonly activeTurn: (sessionId: string) => string | null;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Turns as they are. One that has only just begun Codex does not list yet, or lists as interrupted, which
 * would tell whoever waits for its end that it is over.
 */
function correctTurns(turns: readonly Json[], activeId: string | null): readonly Json[] {
  if (activeId === null) return turns;
  const status = 'inProgress';
  if (!turns.some(({ id }) => id === activeId)) {
    return [...turns, { id: activeId, items: [], itemsView: 'notLoaded', status, error: null }];
  }
  const isEarly = (turn: Json) => turn.id === activeId && turn.status === 'interrupted';
  return turns.map((turn) => (isEarly(turn) ? { ...turn, status } : turn));
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
    const { ask, limits, records, log, activeTurn } = this.#options;
    const [thread, listed] = await Promise.all([
      readThread(ask, sessionId),
      readTurns(ask, sessionId, limits.sessionTurnsShownMax),
    ]);
    const turns = correctTurns(listed, activeTurn(sessionId));
    return JSON.stringify({
      session: sessionSummary(thread, records.get(sessionId)),
      thread: { ...thread.json, turns },
      transcript: transcriptOf(turns, log.list(sessionId)),
    });
  }
}
