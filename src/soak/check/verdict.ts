/** What a check finds: a verdict on a run, and the violations that prove it. */

/**
 * What is held a run to. I1-I10 are its invariants; G4, G5 and G8-G10 the guarantees that none of them
 * implies; `fencing` that only the holder of a session's lease answers for it.
 */
export const invariants = {
  I1: 'a handler starts at most once for each call',
  I2: 'every call has exactly one outcome',
  I3: 'an answer reaches the call it was computed for',
  I4: 'a session never sees the calls of another',
  I5: 'queues, caches and memory stay within their bounds',
  I6: 'calls go on soon after a fault is over',
  I7: 'a fault in one session does not slow the others',
  I8: 'the ledger loses nothing that was acknowledged',
  I9: 'no secret, argument or result stands in a log',
  I10: 'calls start in their order, and end before their turn',
  G4: 'an answer that is sent again is the same',
  G5: 'a key that is used again is refused',
  G8: 'a dead link is noticed in time',
  G9: 'no call waits beyond the deadline of its handler',
  G10: 'a runtime that is asked to stop does so in time',
  fencing: 'only the holder of a lease answers for its session',
} as const;

/** The name of an invariant. */
export type Invariant = keyof typeof invariants;

/** Whether there is an invariant of this name. */
export function isInvariant(name: string): name is Invariant {
  return Object.hasOwn(invariants, name);
}

/** The names of all invariants. */
export const invariantNames: readonly Invariant[] = Object.keys(invariants).filter(isInvariant);

/** The five ids of a call; the epoch is null where only the runtime spoke of it. */
export interface ViolatedCall {
  readonly epoch: string | null;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly requestId: string | number;
}

/** One case in which an invariant was broken. */
export interface Violation {
  readonly invariant: Invariant;
  /** What happened, as one sentence. */
  readonly message: string;
  readonly call: ViolatedCall | null;
  readonly sessionId: string | null;
  /** Numbers of the records that prove it, in their order. */
  readonly records: readonly number[];
  /** When it was complete, as in the records. */
  readonly at: number;
}

/** What became of one invariant. `unseen`: nothing in the history put it to the test. */
export interface InvariantResult {
  readonly invariant: Invariant;
  readonly title: string;
  readonly result: 'held' | 'violated' | 'unseen';
  /** How often it was put to the test. */
  readonly checked: number;
  readonly violations: number;
}

/** A distribution of times, in milliseconds, exact to some four percent. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** A kind of fault, and how often it happened. */
export interface FaultCount {
  readonly fault: string;
  readonly planned: boolean;
  readonly happened: number;
}

/** The verdict on a run. */
export interface Verdict {
  /**
   * `violated`: an invariant was broken. `worthless`: none was, but the history cannot show that they
   * held; `reasons` says why.
   */
  readonly result: 'held' | 'violated' | 'worthless';
  readonly runId: string;
  readonly source: string;
  readonly seed: number | null;
  readonly records: number;
  readonly calls: number;
  /** The time of the first record, as in the records. */
  readonly startedAt: number;
  /** From the first record to the last. */
  readonly durationMs: number;
  readonly invariants: readonly InvariantResult[];
  /** At most `checkViolationsMax` of each invariant; `invariants` has their numbers. */
  readonly violations: readonly Violation[];
  readonly reasons: readonly string[];
  /** What was not looked at, and why. */
  readonly notes: readonly string[];
  readonly faults: readonly FaultCount[];
  /** How the calls ended, by outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** From asking to answer, as Codex saw it. */
  readonly latency: Spread;
  /** From the end of a fault to the progress of each call that waited. */
  readonly recovery: Spread;
}
