/**
 * The newest calls of each session and what became of them, for people who look back: those that clients
 * answer and those that this process serves itself. It follows the events of the mesh and decides nothing.
 *
 * What was asked and answered is kept apart from the rest, and given up first.
 */
import { LRUCache } from 'lru-cache';
import type { CallOutcome } from '../../machines/call-outcome.ts';
import type { CallState } from '../../machines/call.ts';
import type { ErrorCode } from '../errors.ts';
import { answerBytes } from '../ledger/call-record.ts';
import type { Limits } from '../limits.ts';
import type { CallReference, MeshEvent } from '../mesh/event.ts';
import type { LiveCall } from '../mesh/live-call.ts';
import type { ToolOutput } from '../tools/contract.ts';

/** One call. Times are milliseconds since the Unix epoch; what has not happened is null. */
export interface LoggedCall {
  /** Names it among all calls; see {@link keyOfCall}. */
  readonly key: string;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly tool: string;
  readonly namespace: string | null;
  /** Who runs its handler. */
  readonly servedBy: 'client' | 'service';
  /** What clients answer it by, once it was shown to them. */
  readonly requestId: string | null;
  readonly state: CallState;
  /** How it ended. */
  readonly outcome: CallOutcome | null;
  /** What the model was told: that it worked or that it did not. */
  readonly success: boolean | null;
  /** Why it did not work, or null if it did. */
  readonly code: ErrorCode | null;
  /** Starts of its handler, those of earlier processes included. */
  readonly attempts: number;
  /** How often Codex asked for it, and how often the answer was handed over. */
  readonly deliveries: number;
  readonly submissions: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly answeredAt: number | null;
  readonly endedAt: number | null;
}

/** What was asked for, unchecked, and what was answered. */
export interface CallContent {
  readonly arguments: unknown;
  readonly output: ToolOutput | null;
}

/** One string for one call, as the mesh tells of it. */
export function keyOfCall({ sessionId, turnId, callId, requestId }: CallReference): string {
  return JSON.stringify([sessionId, turnId, callId, requestId]);
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

interface Entry {
  readonly call: Mutable<LoggedCall>;
  /** The call as the mesh has it, until it is over. */
  live: LiveCall | undefined;
}

const sizeOf = ({ arguments: args, output }: CallContent): number =>
  2 * (JSON.stringify(args)?.length ?? 0) + answerBytes(output);

/** The calls of one service. The sessions whose calls are the oldest are forgotten first. */
export class CallLog {
  readonly #limits: Limits;
  /** Finds a call that was just claimed. */
  readonly #findLive: (call: CallReference) => LiveCall | undefined;
  readonly #sessions = new Map<string, Map<string, Entry>>();
  readonly #contents: LRUCache<string, CallContent>;
  #size = 0;

  constructor(limits: Limits, findLive: (call: CallReference) => LiveCall | undefined) {
    this.#limits = limits;
    this.#findLive = findLive;
    this.#contents = new LRUCache({
      maxSize: limits.callContentsBytesMax,
      sizeCalculation: sizeOf,
    });
  }

  /** Follows what the mesh tells of its calls. */
  onMeshEvent(event: MeshEvent): void {
    if (!('callId' in event)) return;
    const key = keyOfCall(event);
    const entry = this.#sessions.get(event.sessionId)?.get(key);
    if (entry) this.#follow(entry, event);
    else if (event.type === 'call.claimed') this.#add(key, event);
  }

  /** A call was shown to clients, under this id. */
  show(sessionId: string, key: string, requestId: string): void {
    const entry = this.#sessions.get(sessionId)?.get(key);
    if (entry) entry.call.requestId = requestId;
  }

  /** The calls of a session, oldest first. */
  list(sessionId: string): readonly LoggedCall[] {
    return [...(this.#sessions.get(sessionId)?.values() ?? [])].map(({ call }) => call);
  }

  /** The call that `id` names: a request id, or the newest one with this call id. */
  find(sessionId: string, id: string): LoggedCall | undefined {
    const calls = this.list(sessionId);
    return (
      calls.find(({ requestId }) => requestId === id) ??
      calls.findLast(({ callId }) => callId === id)
    );
  }

  /** What a call asked for and was answered, or null if that is not kept any more. */
  contentOf({ sessionId, key }: LoggedCall): CallContent | null {
    const live = this.#sessions.get(sessionId)?.get(key)?.live;
    return live?.record ?? this.#contents.peek(key) ?? null;
  }

  /** The session is gone. */
  forget(sessionId: string): void {
    const calls = this.#sessions.get(sessionId);
    if (!calls) return;
    for (const key of calls.keys()) this.#contents.delete(key);
    this.#size -= calls.size;
    this.#sessions.delete(sessionId);
  }

  #add(key: string, claimed: Extract<MeshEvent, { type: 'call.claimed' }>): void {
    const { sessionId, turnId, callId, tool, namespace, at } = claimed;
    const live = this.#findLive(claimed);
    const calls = this.#sessions.get(sessionId) ?? new Map<string, Entry>();
    const call: LoggedCall = {
      key,
      sessionId,
      turnId,
      callId,
      tool,
      namespace,
      servedBy: live?.tool?.policy.external ? 'client' : 'service',
      requestId: null,
      state: 'waiting',
      outcome: null,
      success: null,
      code: null,
      attempts: (live?.attempt ?? 1) - 1,
      deliveries: 1,
      submissions: 0,
      createdAt: at,
      startedAt: null,
      answeredAt: null,
      endedAt: null,
    };
    calls.set(key, { call, live });
    this.#size += 1;
    // The busiest session is the last one to be forgotten.
    this.#sessions.delete(sessionId);
    this.#sessions.set(sessionId, calls);
    if (calls.size > this.#limits.sessionCallsShownMax) this.#dropOldest(sessionId, calls);
    while (this.#size > this.#limits.callsShownMax) {
      const [oldest] = this.#sessions;
      if (!oldest) return;
      this.#dropOldest(...oldest);
    }
  }

  #follow(entry: Entry, event: Extract<MeshEvent, CallReference>): void {
    const { call } = entry;
    switch (event.type) {
      case 'call.started':
        call.state = 'running';
        call.startedAt = event.at;
        call.attempts += 1;
        return;
      case 'call.answered':
        call.state = event.code === 'handler_timeout' ? 'expiring' : 'submitting';
        call.answeredAt = event.at;
        call.success = event.success;
        call.code = event.code;
        return;
      case 'call.repeated':
        call.deliveries += 1;
        return;
      case 'call.settled':
        call.state = event.outcome;
        call.outcome = event.outcome;
        call.success = event.success;
        call.code = event.code;
        call.submissions = event.submissions;
        call.endedAt = event.at;
        this.#release(entry);
        return;
      default:
    }
  }

  /** The mesh is done with a call: what it asked for and was answered counts from now on. */
  #release(entry: Entry): void {
    const { live, call } = entry;
    if (!live) return;
    const { arguments: args, output } = live.record;
    this.#contents.set(call.key, { arguments: args, output });
    entry.live = undefined;
  }

  #dropOldest(sessionId: string, calls: Map<string, Entry>): void {
    const [oldest] = calls.keys();
    if (oldest === undefined) return;
    calls.delete(oldest);
    this.#contents.delete(oldest);
    this.#size -= 1;
    if (calls.size === 0) this.#sessions.delete(sessionId);
  }
}
