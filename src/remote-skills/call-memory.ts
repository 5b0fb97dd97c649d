/**
 * What a client remembers of its calls beyond the mesh: what the handler did in its own words, and how the
 * attempts to answer went. It decides nothing: what runs and what is sent is the mesh's business.
 */
import { LRUCache } from 'lru-cache';
import type { AnswerAttempt, AnswerObserver } from '../hosts/control-service/internal.ts';
import type { AnswerVerdict, HostCall } from '../hosts/host.ts';
import type { DispatchRecord } from '../mesh/dispatch-record.ts';
import { dispatchOf, type Dispatch, type Run, type Submission } from './dispatch.ts';

/** How often and how soon an answer is tried before whoever waits for it is told. */
export interface SubmitPlan {
  readonly attemptsMax: number;
  /** Wait after attempt number `n`: `n` times this, in milliseconds. */
  readonly retryDelayMs: number;
}

/** The ids that a handler knows its call by. */
export interface CallIds {
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
}

/** What is remembered of one call. */
export interface RememberedCall {
  readonly requestId: string | number | null;
  record: DispatchRecord | undefined;
  run: Run | null;
  submission: Submission;
  plan: SubmitPlan | null;
  /** Told when the attempts of the plan are used up. */
  readonly exhausted: PromiseWithResolvers<void>;
}

const keyOf = ({ sessionId, turnId, callId }: CallIds): string =>
  JSON.stringify([sessionId, turnId, callId]);

/** The memory of one client. */
export class CallMemory implements AnswerObserver {
  readonly #calls: LRUCache<string, RememberedCall>;

  /** @param callsMax beyond it the oldest is forgotten */
  constructor(callsMax: number) {
    this.#calls = new LRUCache({ max: callsMax });
  }

  /** What is remembered of a call, from now on. An id that comes again under a new request is a new call. */
  open(ids: CallIds, requestId: string | number | null): RememberedCall {
    const key = keyOf(ids);
    const known = this.#calls.get(key);
    const isSame = known && (requestId === null || known.requestId === null);
    if (known && (isSame || known.requestId === requestId)) return known;
    const call: RememberedCall = {
      requestId,
      record: undefined,
      run: null,
      submission: { attempts: 0, last: null, refusal: null },
      plan: null,
      exhausted: Promise.withResolvers(),
    };
    this.#calls.set(key, call);
    return call;
  }

  /** The dispatch of a call that the session has a record of, whoever handed it over. */
  dispatchOf(sessionId: string, turnId: string, record: DispatchRecord): Dispatch {
    const { callId, requestId, tool } = record;
    const { run, submission } = this.open({ sessionId, turnId, callId }, requestId);
    const asked = { tool, callId, arguments: record.arguments };
    return dispatchOf({ asked, requestId, record, run, submission });
  }

  /** A handler has come back. */
  onRun(ids: CallIds, run: Run): void {
    this.open(ids, null).run = run;
  }

  onAttempt(call: HostCall, attempt: AnswerAttempt, verdict: AnswerVerdict): void {
    const remembered = this.open(call, call.requestId);
    const { attempts, refusal } = remembered.submission;
    const refused = verdict.type === 'refused' ? verdict.reason : null;
    remembered.submission = {
      attempts: attempts + 1,
      last: attempt,
      refusal: refusal ?? refused,
    };
    const isOpen = verdict.type === 'again' || verdict.type === 'unlinked';
    const attemptsMax = remembered.plan?.attemptsMax ?? Infinity;
    if (isOpen && attempts + 1 >= attemptsMax) remembered.exhausted.resolve();
  }

  /** The plan's delay while there are attempts of it left; then the mesh goes on at its own pace. */
  retryAfterMs(call: HostCall, attempt: number): number | undefined {
    const { plan } = this.open(call, call.requestId);
    return plan && attempt < plan.attemptsMax ? plan.retryDelayMs * attempt : undefined;
  }
}
