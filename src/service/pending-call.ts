/**
 * Tool calls that wait for a client of this service to answer them.
 *
 * - P1 A call has one id, the same wherever it is shown, never given again, also not by another start.
 * - P2 The first valid answer counts. From then until Codex has it the call is `in_flight`; a second
 *   answer then, and none before or after, is a conflict.
 * - P3 A call ends once: `resolved` when Codex has the answer, `expired` when nobody waits for it any more.
 *
 * A call comes here as a tool's `execute`, which the mesh's ledger lets happen once; what becomes of it
 * comes as events of the mesh, before which nobody is told that an answer was taken.
 */
import type { CallOutcome } from '../../machines/call-outcome.ts';
import type { Clock, Timer } from '../env.ts';
import type { Limits } from '../limits.ts';
import type { CallReference, MeshEvent } from '../mesh/event.ts';
import { ToolError, type ToolCall, type ToolOutput } from '../tools/contract.ts';
import { failureText } from '../tools/failure.ts';
import { keyOfCall } from './call-log.ts';

/** A call as clients know it. */
export interface PendingCall {
  /** Names it among all calls of the mesh; see {@link keyOfCall}. */
  readonly key: string;
  readonly requestId: string;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly tool: string;
  readonly namespace: string | null;
  /** Whatever the model wrote, unchecked. */
  readonly arguments: unknown;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
}

/** How a call ended. */
export interface CallEnd {
  readonly status: 'resolved' | 'expired';
  readonly success: boolean;
}

/** What became of an answer. `failed`: Codex did not take it, and the call is over. */
export type AnswerResult = 'answered' | 'unknown' | 'in_flight' | 'failed';

/** What the calls need, and who is told of them. */
export interface PendingCallsOptions {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly newRequestId: () => string;
  readonly onRequested: (call: PendingCall) => void;
  readonly onEnded: (call: PendingCall, end: CallEnd) => void;
}

interface Entry {
  readonly call: PendingCall;
  readonly resolve: (output: ToolOutput) => void;
  isAnswering: boolean;
  /** Told once what became of the answer. */
  onDone: ((result: AnswerResult) => void) | undefined;
}

/** The calls of one service that wait. */
export class PendingCalls {
  readonly #options: PendingCallsOptions;
  readonly #byId = new Map<string, Entry>();
  readonly #byKey = new Map<string, Entry>();
  readonly #bySession = new Map<string, Set<Entry>>();
  /** The call whose handler the mesh starts right now. */
  #starting: CallReference | undefined;

  constructor(options: PendingCallsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#byId.size;
  }

  /**
   * Serves a call by waiting for its answer: the `execute` of a remote tool.
   * @throws ToolError what the model is told when too many calls wait
   */
  take(call: ToolCall): Promise<ToolOutput> {
    const { limits, clock, newRequestId, onRequested } = this.#options;
    const ofSession = this.#bySession.get(call.sessionId) ?? new Set();
    const isFull =
      this.#byId.size >= limits.remoteCallsMax || ofSession.size >= limits.sessionRemoteCallsMax;
    if (isFull) throw new ToolError(failureText({ kind: 'overloaded' }));
    const { sessionId, turnId, callId, tool, namespace } = call;
    const requestId = newRequestId();
    const pending: PendingCall = {
      key: keyOfCall(this.#starting ?? { ...call, requestId }),
      requestId,
      sessionId,
      turnId,
      callId,
      tool,
      namespace,
      arguments: call.arguments,
      createdAt: clock.now(),
    };
    const { promise, resolve } = Promise.withResolvers<ToolOutput>();
    const entry: Entry = { call: pending, resolve, isAnswering: false, onDone: undefined };
    this.#byId.set(requestId, entry);
    this.#byKey.set(pending.key, entry);
    this.#bySession.set(sessionId, ofSession.add(entry));
    onRequested(pending);
    return promise;
  }

  /** Follows what the mesh tells of its calls. Others than ours are passed over. */
  onMeshEvent(event: MeshEvent): void {
    if (event.type === 'call.started') this.#starting = event;
    else if (event.type === 'call.settled') {
      const entry = this.#byKey.get(keyOfCall(event));
      if (entry) this.#end(entry, event.outcome, event.success);
    }
  }

  /** The calls of a session that have no answer yet, oldest first. */
  list(sessionId: string): readonly PendingCall[] {
    return [...(this.#bySession.get(sessionId) ?? [])].flatMap(({ isAnswering, call }) =>
      isAnswering ? [] : call,
    );
  }

  /** All calls that have no answer yet, oldest first. */
  all(): readonly PendingCall[] {
    return [...this.#byId.values()].flatMap(({ isAnswering, call }) => (isAnswering ? [] : call));
  }

  /** A call that has not ended, or undefined. */
  find(requestId: string): PendingCall | undefined {
    return this.#byId.get(requestId)?.call;
  }

  /** Whether the call has an answer that is on its way. */
  isAnswering(requestId: string): boolean {
    return this.#byId.get(requestId)?.isAnswering === true;
  }

  /**
   * Hands an answer over. Resolves when it is known what became of it, or with
   * `in_flight` after `answerConfirmMs`: it is still under way then, and nobody has to send it again.
   */
  answer(requestId: string, output: ToolOutput): Promise<AnswerResult> {
    const entry = this.#byId.get(requestId);
    if (!entry) return Promise.resolve('unknown');
    if (entry.isAnswering) return Promise.resolve('in_flight');
    entry.isAnswering = true;
    const done = this.#whenDone(entry);
    entry.resolve(output);
    return done;
  }

  #whenDone(entry: Entry): Promise<AnswerResult> {
    const { clock, limits } = this.#options;
    return new Promise((resolve) => {
      const timer: Timer = clock.setTimeout(() => {
        entry.onDone = undefined;
        resolve('in_flight');
      }, limits.answerConfirmMs);
      entry.onDone = (result) => {
        clock.clearTimeout(timer);
        resolve(result);
      };
    });
  }

  #end(entry: Entry, outcome: CallOutcome, success: boolean | null): void {
    const { call } = entry;
    this.#byId.delete(call.requestId);
    this.#byKey.delete(call.key);
    const ofSession = this.#bySession.get(call.sessionId);
    ofSession?.delete(entry);
    if (ofSession?.size === 0) this.#bySession.delete(call.sessionId);
    this.#options.onEnded(call, callEnd(outcome, success));
    if (outcome === 'answered') entry.onDone?.('answered');
    else entry.onDone?.(outcome === 'refused' ? 'failed' : 'unknown');
  }
}

/** What clients are told of an outcome. */
export function callEnd(outcome: CallOutcome, success: boolean | null): CallEnd {
  const isResolved = outcome === 'answered';
  return { status: isResolved ? 'resolved' : 'expired', success: isResolved && success === true };
}

/**
 * Ids that no other start of any service gives: `<epoch>.<counter>`, safe in a path. None begins with a
 * dash: people pass them to commands, which would take it for an option.
 */
export function createRequestIds(epoch: string): () => string {
  const prefix = epoch.replace(/^-/, '_');
  let given = 0;
  return () => `${prefix}.${++given}`;
}
