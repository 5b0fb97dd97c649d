/** The newest calls of each session and how they ended, for people who look back. Without their content. */
import type { Limits } from '../limits.ts';
import type { CallEnd, PendingCall } from './pending-call.ts';

/** A call that was shown to clients, and how it ended; null while it waits. */
export interface LoggedCall {
  readonly requestId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly tool: string;
  readonly namespace: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** What the model wrote, while the call waits. */
  readonly pending: PendingCall | null;
  readonly end: CallEnd | null;
}

/** The calls of one service. The sessions whose calls are the oldest are forgotten first. */
export class CallLog {
  readonly #limits: Limits;
  readonly #sessions = new Map<string, Map<string, LoggedCall>>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** A call was shown to clients. */
  add(call: PendingCall): void {
    const { requestId, sessionId, turnId, callId, tool, namespace, createdAt } = call;
    const calls = this.#sessions.get(sessionId) ?? new Map<string, LoggedCall>();
    const entry = { requestId, turnId, callId, tool, namespace, createdAt };
    calls.set(requestId, { ...entry, pending: call, end: null });
    this.#dropOldest(calls, this.#limits.sessionCallsShownMax);
    this.#sessions.delete(sessionId);
    this.#sessions.set(sessionId, calls);
    this.#dropOldest(this.#sessions, this.#limits.sessionRecordsMax);
  }

  /** It ended. */
  end({ sessionId, requestId }: PendingCall, end: CallEnd): void {
    const calls = this.#sessions.get(sessionId);
    const entry = calls?.get(requestId);
    if (entry) calls?.set(requestId, { ...entry, pending: null, end });
  }

  /** The calls of a session, oldest first. */
  list(sessionId: string): readonly LoggedCall[] {
    return [...(this.#sessions.get(sessionId)?.values() ?? [])];
  }

  /** The session is gone. */
  forget(sessionId: string): void {
    this.#sessions.delete(sessionId);
  }

  #dropOldest(map: Map<string, unknown>, sizeMax: number): void {
    for (const key of map.keys()) {
      if (map.size <= sizeMax) return;
      map.delete(key);
    }
  }
}
