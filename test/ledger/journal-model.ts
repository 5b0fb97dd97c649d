/** A journal written down as simply as possible: a list of entries, folded from the start each time. */
import fc from 'fast-check';
import { callOutcomes } from '../../machines/call-outcome.ts';
import { callKey } from '../../src/ledger/call-record.ts';
import type {
  IntentEntry,
  JournalEntry,
  OutcomeEntry,
  Recovery,
  SessionOpenedEntry,
  SettledEntry,
} from '../../src/ledger/journal.ts';
import { makeCall, makeIntent, makeOutcome, makeSession, makeSettled } from './journal-fixture.ts';

interface ModelCall {
  readonly first: IntentEntry;
  last: IntentEntry;
  outcome?: OutcomeEntry;
  settled?: SettledEntry;
  /** How many calls were over before it was. */
  endedAfter?: number;
}

/** Whether a call that came this far may end so. Written down here, not read from the machine. */
function mayEnd({ outcome }: ModelCall, end: SettledEntry['outcome']): boolean {
  if (!outcome) return end === 'cancelled' || end === 'unknown';
  if (outcome.expired) return end === 'expired';
  return end === 'answered' || end === 'refused' || end === 'abandoned';
}

/** Applies one entry; returns whether it follows from what came before. */
function apply(calls: ModelCall[], sessions: SessionOpenedEntry[], entry: JournalEntry): boolean {
  const isSame = (other: SessionOpenedEntry) =>
    'sessionId' in entry && other.sessionId === entry.sessionId;
  const open = calls.find(
    (call) => 'key' in entry && call.first.key === entry.key && !call.settled,
  );
  switch (entry.type) {
    case 'intent':
      if (!open) {
        calls.push({ first: entry, last: entry });
        return true;
      }
      if (open.outcome || open.first.effects !== 'repeatable') return false;
      if (entry.attempt <= open.last.attempt) return false;
      open.last = entry;
      return true;
    case 'outcome':
      if (!open || open.outcome) return false;
      open.outcome = entry;
      return true;
    case 'settled':
      if (!open || !mayEnd(open, entry.outcome)) return false;
      open.endedAfter = calls.filter(({ settled }) => settled).length;
      open.settled = entry;
      return true;
    case 'session.opened':
      if (sessions.some(isSame)) sessions.splice(sessions.findIndex(isSame), 1);
      sessions.push(entry);
      return true;
    case 'session.closed':
      if (sessions.some(isSame)) sessions.splice(sessions.findIndex(isSame), 1);
      return true;
  }
}

const byEnd = (one: ModelCall, other: ModelCall) => (other.endedAfter ?? 0) - (one.endedAfter ?? 0);

/** What these entries leave, or undefined if one of them does not follow. */
export function foldEntries(entries: readonly JournalEntry[]): Recovery | undefined {
  const calls: ModelCall[] = [];
  const sessions: SessionOpenedEntry[] = [];
  if (!entries.every((entry) => apply(calls, sessions, entry))) return undefined;
  const start = ({ first, last }: ModelCall) => ({
    key: first.key,
    call: first.call,
    effects: first.effects,
    attempt: last.attempt,
    at: last.at,
  });
  return {
    unknown: calls.filter((call) => !call.outcome && !call.settled).map(start),
    unconfirmed: calls.flatMap((call) => {
      if (!call.outcome || call.settled) return [];
      const { output, code, expired } = call.outcome;
      return [{ ...start(call), output, code, expired }];
    }),
    finished: calls.toSorted(byEnd).flatMap((call) => {
      if (!call.settled) return [];
      const { output = null, code = null } = call.outcome ?? {};
      const { outcome, at: settledAt } = call.settled;
      return [{ ...start(call), outcome, output, code, settledAt }];
    }),
    sessions: sessions.map(({ type: _type, ...session }) => session),
  };
}

/** Something that happens to a journal. */
export type JournalStep =
  | { readonly type: 'append'; readonly entry: JournalEntry }
  | { readonly type: 'commit' }
  | { readonly type: 'reopen' };

const number = fc.integer({ min: 1, max: 4 });
const at = fc.double({ min: 0, max: 4e12, noNaN: true, noDefaultInfinity: true });
/** What JSON gives back as it was: it has no negative zero. */
const json = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown);

const intent = fc
  .record({
    number,
    at,
    effects: fc.constantFrom('at-most-once' as const, 'repeatable' as const),
    attempt: fc.integer({ min: 1, max: 4 }),
    args: fc.option(json, { nil: undefined }),
  })
  .map(({ number: which, args, ...fields }): JournalEntry => {
    const call = args === undefined ? makeCall(which) : makeCall(which, { arguments: args });
    return makeIntent(which, { ...fields, call, key: callKey(call) });
  });

const outcome = fc
  .record({
    number,
    at,
    expired: fc.boolean(),
    success: fc.boolean(),
    text: fc.string({ unit: 'binary' }),
  })
  .map(({ number: which, success, text, ...fields }): JournalEntry => {
    const output = { success, contentItems: [{ type: 'inputText' as const, text }] };
    return makeOutcome(which, { ...fields, output, code: success ? null : 'handler_failed' });
  });

const settled = fc
  .record({
    number,
    at,
    outcome: fc.constantFrom(...callOutcomes),
  })
  .map(({ number: which, ...fields }): JournalEntry => makeSettled(which, fields));

const sessionId = fc.constantFrom('a', 'b', 'c');
const opened = fc
  .record({ sessionId, at, title: fc.option(fc.string()), settings: json })
  .map(({ sessionId: id, ...fields }): JournalEntry => makeSession(id, fields));
const closed = fc.record({ type: fc.constant('session.closed' as const), sessionId, at });

/** Steps in which most entries follow from the ones before, and many do not. */
export const journalStep: fc.Arbitrary<JournalStep> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .oneof(
        { weight: 4, arbitrary: intent },
        { weight: 3, arbitrary: outcome },
        { weight: 3, arbitrary: settled },
        opened,
        closed,
      )
      .map((entry): JournalStep => ({ type: 'append', entry })),
  },
  fc.constant<JournalStep>({ type: 'commit' }),
  fc.constant<JournalStep>({ type: 'reopen' }),
);
