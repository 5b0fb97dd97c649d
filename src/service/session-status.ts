/** What a session does right now, as Codex says it and as the service knows it. */
import { isRecord } from '../tools/json.ts';
import type { ServiceCore } from './service-core.ts';
import type { Thread } from './thread.ts';

/** The status of a session, in the words of Codex. */
export interface SessionStatus {
  readonly type: string;
  /** What an active session waits for. */
  readonly activeFlags?: readonly string[];
}

function statusOfThread({ json: { status } }: Thread): SessionStatus | null {
  if (!isRecord(status) || typeof status.type !== 'string') return null;
  const { type, activeFlags } = status;
  if (!Array.isArray(activeFlags)) return { type };
  return { type, activeFlags: activeFlags.filter((flag) => typeof flag === 'string') };
}

function* flagsOf({ calls, questions }: ServiceCore, id: string): Generator<string, undefined> {
  if (calls.list(id).length > 0) yield 'waitingOnClient';
  if (questions.list('approval', id).length > 0) yield 'waitingOnApproval';
  if (questions.list('input', id).length > 0) yield 'waitingOnUserInput';
  return undefined;
}

/**
 * The status of a session. What Codex says of a turn lags behind what it tells, and it knows nothing of who
 * answers a call: both are added here.
 */
export function sessionStatus(core: ServiceCore, thread: Thread): SessionStatus {
  const { id } = thread;
  const isBound = core.isBound(id);
  const isActive = isBound && core.sessions.bound(id)?.turnId !== null;
  const said = statusOfThread(thread) ?? { type: isBound ? 'idle' : 'notLoaded' };
  if (!isActive && said.type !== 'active') return said;
  const flags = new Set([...(said.activeFlags ?? []), ...flagsOf(core, id)]);
  return { type: 'active', activeFlags: [...flags] };
}
