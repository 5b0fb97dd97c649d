/**
 * Calls that wait for somebody to agree. A call waits at most `approvalTimeoutMs`, and not longer than
 * its turn and session; silence is a no, which the model is told.
 */
import type { Env, Timer } from '../env.ts';
import type { Limits } from '../limits.ts';
import type { ApprovalDecision } from '../tools/contract.ts';
import type { Announce } from './event.ts';
import { referenceOf, type LiveCall } from './live-call.ts';

/** A call that waits for a decision. */
export interface PendingApproval {
  readonly id: string;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly tool: string;
  readonly namespace: string | null;
  readonly arguments: unknown;
  /** When it was asked, and when it counts as denied, in milliseconds since the Unix epoch. */
  readonly requestedAt: number;
  readonly deadline: number;
}

export interface ApprovalsContext {
  readonly env: Env;
  readonly limits: Limits;
  readonly announce: Announce;
}

interface Entry {
  readonly approval: PendingApproval;
  readonly live: LiveCall;
  readonly timer: Timer;
  readonly decide: (decision: ApprovalDecision) => void;
}

/** All pending approvals of a mesh. Bounded by the calls that may wait, which are. */
export class Approvals {
  readonly #context: ApprovalsContext;
  readonly #entries = new Map<string, Entry>();

  constructor(context: ApprovalsContext) {
    this.#context = context;
  }

  /** Asks, and tells `onDecided` once: at the decision, or at the deadline. */
  request(live: LiveCall, onDecided: (decision: ApprovalDecision) => void): void {
    const { env, limits, announce } = this.#context;
    const id = env.id();
    const requestedAt = env.clock.now();
    const approval: PendingApproval = {
      ...referenceOf(live.call),
      id,
      arguments: live.call.arguments,
      requestedAt,
      deadline: requestedAt + limits.approvalTimeoutMs,
    };
    const onTimeout = () => this.decide(id, { denied: 'nobody approved it in time' });
    const timer = env.clock.setTimeout(onTimeout, limits.approvalTimeoutMs);
    this.#entries.set(id, { approval, live, timer, decide: onDecided });
    announce(() => ({ type: 'approval.requested', approvalId: id, ...referenceOf(live.call) }));
  }

  /** What waits in one session, oldest first. */
  list(sessionId: string): readonly PendingApproval[] {
    return [...this.#entries.values()]
      .map(({ approval }) => approval)
      .filter((approval) => approval.sessionId === sessionId);
  }

  /** Decides one. Returns false if nothing waits under this id. */
  decide(id: string, decision: ApprovalDecision): boolean {
    const entry = this.#take(id);
    if (!entry) return false;
    const approved = decision === true;
    this.#context.announce(() => ({
      type: 'approval.decided',
      approvalId: id,
      approved,
      reason: decision === true ? null : decision.denied,
      ...referenceOf(entry.live.call),
    }));
    entry.decide(decision);
    return true;
  }

  /** The call is over: nobody needs to decide any more. */
  withdraw(live: LiveCall): void {
    for (const [id, entry] of this.#entries) if (entry.live === live) this.#take(id);
  }

  #take(id: string): Entry | undefined {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    this.#entries.delete(id);
    this.#context.env.clock.clearTimeout(entry.timer);
    return entry;
  }
}
