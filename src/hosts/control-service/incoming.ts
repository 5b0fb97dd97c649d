/** Frames of the stream become what the sessions know. Called once for each frame, on the read path. */
import { parseTurnNotification } from '../app-server/protocol.ts';
import { SessionMeshError } from '../../errors.ts';
import { isRecord } from '../../tools/json.ts';
import type { HostSignal } from '../host.ts';
import {
  callOfFrame,
  callRowType,
  callSignalType,
  parseCallEnd,
  type EpochOf,
  type StreamFrame,
} from './frame.ts';
import type { Sessions } from './sessions.ts';
import type { TrackedSession } from './tracked-session.ts';

/** Where frames go. */
export interface IncomingOptions {
  readonly sessions: Sessions;
  readonly epochOf: EpochOf;
  readonly emit: (signal: HostSignal) => void;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

/** Takes in one frame. Frames of sessions that are not attached are passed over. */
export function takeFrame(frame: StreamFrame, options: IncomingOptions): void {
  const { sessions, nowMs } = options;
  if (frame.type === 'session_deleted') {
    takeDeletion(frame, sessions);
    return;
  }
  const session = frame.threadId === null ? undefined : sessions.get(frame.threadId);
  if (!session) return;
  session.heardAtMs = nowMs();
  switch (frame.type) {
    case callSignalType:
    case callRowType:
      takeCall(frame, session, options);
      return;
    case 'tool_call_resolved':
      takeCallEnd(frame, session, sessions);
      return;
    case 'app_server.turn.started':
    case 'app_server.turn.completed':
      takeTurn(frame, session, sessions);
      return;
    case 'approval':
      takeApproval(frame, session, options);
  }
}

/**
 * A call comes in two frames, which are one. The first is a delivery each time; the second only where the
 * first was missed.
 */
function takeCall(frame: StreamFrame, session: TrackedSession, options: IncomingOptions): void {
  const call = callOfFrame(frame, session.id, options.epochOf);
  // What was missed is sent again. A call of a turn that is over waits for nothing, whoever remembers it.
  if (!call || session.hasEnded(call.turnId)) return;
  const { isNew } = options.sessions.seeCall(session, call);
  if (isNew || frame.type === callSignalType) options.emit({ type: 'call.requested', call });
}

/** The end of a call that we answer ourselves is told by the answer's own reply. */
function takeCallEnd({ payload }: StreamFrame, session: TrackedSession, sessions: Sessions): void {
  const end = parseCallEnd(payload);
  const open = end ? session.calls.get(end.requestId) : undefined;
  if (!end || !open) return;
  open.isResolved = !end.isExpired;
  if (end.isExpired) sessions.withdraw(session, open.call, 'the service no longer waits for it');
  else if (open.attempts === 0) sessions.withdraw(session, open.call, 'somebody else answered it');
}

function takeTurn(
  { type, payload }: StreamFrame,
  session: TrackedSession,
  sessions: Sessions,
): void {
  const params = isRecord(payload) ? payload.params : null;
  const turn = parseTurnNotification(params)?.turn;
  if (!turn) return;
  const { id, status, error, reply } = turn;
  if (type === 'app_server.turn.started') sessions.beginTurn(session, id);
  else if (status !== 'inProgress') sessions.endTurn(session, { id, status, error, reply });
}

function takeDeletion({ threadId, payload }: StreamFrame, sessions: Sessions): void {
  const named =
    isRecord(payload) && typeof payload.sessionId === 'string' ? payload.sessionId : null;
  const sessionId = threadId ?? named;
  if (sessionId !== null) {
    sessions.lose(sessionId, new SessionMeshError('session_deleted', { sessionId }));
  }
}

/** Somebody has to decide it at the service: a turn that waits for that looks as if it hung. */
function takeApproval({ payload }: StreamFrame, { id }: TrackedSession, options: IncomingOptions) {
  const summary = isRecord(payload) && typeof payload.summary === 'string' ? payload.summary : '';
  const message = `waits for an approval at the service: ${summary}`;
  options.emit({ type: 'host.notice', sessionId: id, level: 'warn', message });
}
