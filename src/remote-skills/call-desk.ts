/**
 * Where calls that the user was told of are handed to their session, and where what becomes of them is put
 * together. The session decides: this only asks, waits and reports.
 */
import type { CallSource } from '../../machines/session.ts';
import type { HostCall } from '../hosts/host.ts';
import { whenSettled, type SessionCore } from '../mesh/session-core.ts';
import type { CallMemory, SubmitPlan } from './call-memory.ts';
import { dispatchOf, repeatedDispatch, type Dispatch } from './dispatch.ts';
import type { AskedCall } from './signal.ts';

/** A call that is handed over. */
export interface HandedCall {
  readonly call: HostCall;
  readonly source: CallSource;
  readonly asked: AskedCall;
  /** As it came. */
  readonly requestId: string | number | null;
  readonly plan: SubmitPlan;
  /** The service says just now that it waits for the call. */
  readonly isListed: boolean;
}

const isSameCall = (one: HostCall, other: HostCall): boolean =>
  one.turnId === other.turnId && one.callId === other.callId && one.requestId === other.requestId;

/**
 * Takes the dispatch lock of a session.
 * @throws SessionMeshError `dispatch_conflict` while the other source holds it; why the session takes no calls
 */
export function holdLock(core: SessionCore, source: CallSource, callId?: string): void {
  if (core.obstacle) throw core.obstacle;
  const { actor, dispatchMode } = core;
  if (!actor.accepts(source)) throw core.conflict(source, dispatchMode, callId);
  if (dispatchMode === source) return;
  actor.send({ type: source === 'signal' ? 'signal.taken' : 'polling.taken' });
}

/**
 * Hands a call to its session; resolves when it is over, or when the attempts of the plan are used up: the
 * answer is kept then and goes on being sent. A call that was taken before is joined, not run again.
 * @throws SessionMeshError as `holdLock`
 */
export async function handOver(
  core: SessionCore,
  memory: CallMemory,
  handed: HandedCall,
): Promise<Dispatch> {
  const { call, source, asked, requestId, plan, isListed } = handed;
  holdLock(core, source, call.callId);
  const isKnown = core.knows(call);
  const remembered = memory.open(call, call.requestId);
  if (!isKnown) remembered.plan = plan;
  // One that is known and still waited for gets the same answer once more.
  if (!isKnown || isListed) core.take(call, source);
  const live = core.live.find((each) => isSameCall(each.call, call));
  remembered.record ??= live?.record;
  if (live) await Promise.race([whenSettled(live), remembered.exhausted.promise]);
  const { record, run, submission } = remembered;
  const parts = { asked, requestId, record, run, submission };
  return isKnown ? repeatedDispatch(parts) : dispatchOf(parts);
}
