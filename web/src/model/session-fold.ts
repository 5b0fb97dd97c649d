/** One session, folded from what it was when somebody began to look, and from its records since. */
import { freshSession } from '../../../src/history/fold-session.ts';
import { applyRecord } from '../../../src/history/fold.ts';
import { historyCallKey, type CallIds, type HistoryRecord } from '../../../src/history/record.ts';
import {
  callsOf,
  emptyView,
  type CallStep,
  type CallView,
  type RunView,
  type SessionView,
  type TurnView,
} from '../../../src/history/view.ts';
import type { LoggedCall } from '../../../src/service/call-log.ts';
import type { SessionFacts } from '../../../src/service/inspection/frame.ts';

/** A turn with its calls, in the order they came. */
export interface TurnWithCalls extends TurnView {
  readonly callViews: readonly CallView[];
}

/** A session with its turns. */
export interface ShownSession {
  readonly session: SessionView;
  readonly turns: readonly TurnWithCalls[];
  readonly calls: ReadonlyMap<string, CallView>;
  /** What waits for a person, by the key of its call. */
  readonly approvals: ReadonlyMap<string, string>;
}

/** What is known of a session: how it was after the event `factsSeq`, and what was recorded of it. */
export interface SessionSource {
  readonly facts: SessionFacts | null;
  readonly factsSeq: number;
  readonly factsAt: number;
  readonly records: readonly HistoryRecord[];
}

/** The ids of a call, as the service's own key of it holds them. */
function idsOf({ key, sessionId, turnId, callId }: LoggedCall): CallIds {
  const ids: unknown = JSON.parse(key);
  const requestId: unknown = Array.isArray(ids) ? ids[3] : '';
  const isNumber = typeof requestId === 'number';
  return { sessionId, turnId, callId, requestId: isNumber ? requestId : String(requestId) };
}

/** The key by which the service knows a call. */
export function serviceKey({ sessionId, turnId, callId, requestId }: CallIds): string {
  return JSON.stringify([sessionId, turnId, callId, requestId]);
}

/** The steps that the times of a call tell of, where nobody saw them happen. */
function knownSteps(call: LoggedCall, by: string): CallStep[] {
  const { createdAt, startedAt, answeredAt, endedAt, deliveries, outcome, code } = call;
  const step = (at: number | null, type: string, detail: string | null) =>
    at === null ? [] : [{ seq: 0, at, by, type, detail }];
  return [
    ...step(createdAt, 'call.claimed', null),
    ...step(startedAt, 'call.started', null),
    ...(deliveries > 1 ? step(createdAt, 'call.repeated', `${deliveries} deliveries`) : []),
    ...step(answeredAt, 'call.answered', code),
    ...step(endedAt, 'call.settled', code === null ? outcome : `${outcome}: ${code}`),
  ];
}

/** A call that was there before anybody looked. */
function callFrom(call: LoggedCall, by: string): CallView {
  const { tool, namespace, success, code, submissions } = call;
  const ids = idsOf(call);
  return {
    key: historyCallKey(ids),
    ...ids,
    epoch: null,
    tool,
    namespace,
    runtime: by,
    state: call.state === 'expiring' ? 'submitting' : call.state,
    source: null,
    issuedAt: null,
    claimedAt: call.createdAt,
    startedAt: call.startedAt,
    answeredAt: call.answeredAt,
    takenAt: null,
    settledAt: call.endedAt,
    success,
    code,
    submissions,
    starts: call.attempts,
    repeats: call.deliveries - 1,
    declines: 0,
    ledger: null,
    steps: knownSteps(call, by),
    stepsOmitted: 0,
  };
}

/** A call as it was at a moment: what happened to it later has not happened. */
function asOf(call: LoggedCall, at: number): LoggedCall {
  if (call.endedAt !== null && call.endedAt <= at) return call;
  const before = (time: number | null) => (time !== null && time <= at ? time : null);
  const startedAt = before(call.startedAt);
  const answeredAt = before(call.answeredAt);
  const state = answeredAt !== null ? 'submitting' : startedAt !== null ? 'running' : 'waiting';
  return { ...call, startedAt, answeredAt, endedAt: null, state, outcome: null };
}

function sessionFrom(
  { id, title, tools, state, mode, turnId }: SessionFacts,
  at: number,
): SessionView {
  const fresh = freshSession(id, { seq: 0, at, by: '' });
  return { ...fresh, title, tools, state, dispatchMode: mode, turnId };
}

/** A turn of which only its calls are known. */
function turnFrom(calls: readonly CallView[], activeId: string | null): TurnWithCalls | null {
  const [first] = calls;
  if (!first) return null;
  const { sessionId, turnId } = first;
  const startedAt = Math.min(...calls.map(({ claimedAt }) => claimedAt ?? Infinity));
  const ends = calls.map(({ settledAt, claimedAt }) => settledAt ?? claimedAt ?? startedAt);
  const isActive = turnId === activeId;
  return {
    sessionId,
    turnId,
    startedAt,
    endedAt: isActive ? null : Math.max(...ends),
    status: null,
    error: null,
    reply: null,
    calls: calls.length,
    callViews: calls,
  };
}

function seed({ facts, factsAt }: SessionSource, calls: readonly LoggedCall[]): RunView {
  const view = emptyView();
  if (!facts) return view;
  view.sessions.set(facts.id, sessionFrom(facts, factsAt));
  for (const call of calls) {
    const place = call.outcome === null ? view.openCalls : view.finishedCalls;
    const seeded = callFrom(call, '');
    place.set(seeded.key, seeded);
  }
  return view;
}

const claimedKey = ({ event }: HistoryRecord): string | null =>
  event.type === 'mesh' && event.event.type === 'call.claimed' ? historyCallKey(event.event) : null;

/** A session that goes on being told of. */
export class SessionFold {
  readonly #id: string;
  readonly #source: SessionSource;
  readonly #untilSeq: number;
  readonly #view: RunView;
  /** Calls that the facts tell of as they were later than some of the records. */
  readonly #ahead: ReadonlySet<string>;
  #next = 0;

  /** @param untilSeq what comes after this record is left out */
  constructor(id: string, source: SessionSource, untilSeq = Infinity) {
    this.#id = id;
    this.#source = source;
    this.#untilSeq = untilSeq;
    const recorded = new Set(source.records.map(claimedKey));
    const at = source.records.findLast(({ seq }) => seq <= untilSeq)?.at ?? source.factsAt;
    const isPast = untilSeq < source.factsSeq;
    const calls = (source.facts?.calls ?? [])
      .filter((call) => !recorded.has(historyCallKey(idsOf(call))))
      .filter(({ createdAt }) => !isPast || createdAt <= at)
      .map((call) => (isPast ? asOf(call, at) : call));
    this.#ahead = new Set(calls.map((call) => historyCallKey(idsOf(call))));
    this.#view = seed(source, calls);
  }

  /** The session with all the records that have come; null if nothing is known of it. */
  advance(): ShownSession | null {
    const { records, factsSeq } = this.#source;
    for (; this.#next < records.length; this.#next += 1) {
      const record = records[this.#next];
      if (!record || record.seq > this.#untilSeq) break;
      if (record.seq > factsSeq || !this.#isAhead(record)) applyRecord(this.#view, record);
    }
    return this.#shown();
  }

  #isAhead({ event }: HistoryRecord): boolean {
    return (
      event.type === 'mesh' &&
      'callId' in event.event &&
      this.#ahead.has(historyCallKey(event.event))
    );
  }

  #shown(): ShownSession | null {
    const session = this.#view.sessions.get(this.#id);
    if (!session) return null;
    const calls = callsOf(this.#view, this.#id).toSorted(
      (one, other) =>
        (one.claimedAt ?? one.issuedAt ?? 0) - (other.claimedAt ?? other.issuedAt ?? 0),
    );
    const byTurn = Map.groupBy(calls, ({ turnId }) => turnId);
    const known = [...this.#view.turns.values()].filter(({ sessionId }) => sessionId === this.#id);
    const knownIds = new Set(known.map(({ turnId }) => turnId));
    const others = [...byTurn]
      .filter(([turnId]) => !knownIds.has(turnId))
      .flatMap(([, own]) => turnFrom(own, session.turnId) ?? []);
    const turns = known.map((turn) => ({ ...turn, callViews: byTurn.get(turn.turnId) ?? [] }));
    const approvals = [...this.#view.approvals.values()];
    return {
      session,
      turns: [...others, ...turns].toSorted((one, other) => one.startedAt - other.startedAt),
      calls: new Map(calls.map((call) => [call.key, call])),
      approvals: new Map(approvals.map(({ callKey: key, approvalId }) => [key, approvalId])),
    };
  }
}
