/** Brings attached threads back after a new link: a few at a time, what was missed first. */
import { isSessionMeshError, messageOf, SessionMeshError } from '../../errors.ts';
import type { RequestOptions } from '../../rpc/request-window.ts';
import type { HostContext, HostSignal, SessionSettings } from '../host.ts';
import type { AttachedSession } from './attached-session.ts';
import type { Link } from './link.ts';
import { parseResume, type ThreadSettings, type Turn } from './protocol.ts';
import { askAgain } from './refusal.ts';
import type { Sessions } from './sessions.ts';

/** Older clients still say `on-failure`, which the types here no longer know. */
function checkApprovalPolicy(policy: string | undefined): void {
  if (policy !== 'on-failure') return;
  throw new SessionMeshError('option_invalid', {
    expected: "an approvalPolicy of 'untrusted', 'on-request' or 'never'",
    found: `'${policy}', which Codex no longer has`,
  });
}

/** The settings as Codex takes them. Throws `option_invalid` for a policy that it no longer knows. */
export function threadSettings(settings: SessionSettings): ThreadSettings {
  const { cwd, model, approvalPolicy, sandbox, instructions } = settings;
  checkApprovalPolicy(approvalPolicy);
  return {
    ...(cwd === undefined ? {} : { cwd }),
    ...(model === undefined ? {} : { model }),
    ...(approvalPolicy === undefined ? {} : { approvalPolicy }),
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(instructions === undefined ? {} : { developerInstructions: instructions }),
  };
}

/** What `resumeThread` resumes. */
export interface ResumeTarget {
  readonly id: string;
  readonly settings: SessionSettings;
  readonly turnsListedMax: number;
}

/**
 * Subscribes the link to a thread and resolves with its newest turns, newest first. Open calls of the
 * thread follow as requests, maybe before this resolves.
 * @throws SessionMeshError as `Link.request`, and `protocol_invalid`.
 */
export async function resumeThread(
  link: Link,
  target: ResumeTarget,
  options?: RequestOptions,
): Promise<readonly Turn[]> {
  const params = {
    threadId: target.id,
    ...threadSettings(target.settings),
    excludeTurns: true,
    initialTurnsPage: { limit: target.turnsListedMax, sortDirection: 'desc', itemsView: 'summary' },
  } as const;
  return parseResume(await link.request('thread/resume', params, options));
}

/** What recovery needs. */
export interface RecoveryOptions {
  readonly link: Link;
  readonly sessions: Sessions;
  readonly context: HostContext;
  readonly emit: (signal: HostSignal) => void;
  /** A session is linked again, or gone. */
  readonly onSettled: () => void;
}

/** Resumes every attached session that the link does not have yet. Never rejects. */
export async function recoverSessions(options: RecoveryOptions): Promise<void> {
  const { link, sessions, context } = options;
  const waiting = sessions
    .all()
    .filter((session) => session.link !== link)
    .values();
  const work = async () => {
    // All workers draw from the one iterator.
    for (const session of waiting) {
      if (!link.isOpen) return;
      await recoverSession(session, options);
    }
  };
  await Promise.all(Array.from({ length: context.limits.resumesInFlightMax }, work));
}

async function recoverSession(session: AttachedSession, options: RecoveryOptions): Promise<void> {
  const { link, sessions, emit, onSettled } = options;
  const sessionId = session.id;
  try {
    const turns = await resumeRepeatedly(session, options);
    if (sessions.get(sessionId) !== session) {
      // It was released meanwhile.
      link.unsubscribe(sessionId);
      return;
    }
    sessions.observe(session, turns);
    session.link = link;
    emit({ type: 'session.resumed', sessionId });
  } catch (error) {
    // Without the link this says nothing about the session; the next link tries again.
    if (!link.isOpen || sessions.get(sessionId) !== session) return;
    sessions.lose(sessionId, asCause(error, sessionId));
  }
  onSettled();
}

/** A refusal may pass: another process that still holds the thread lets go of it when it ends. */
function resumeRepeatedly(
  { id, settings }: AttachedSession,
  { link, context }: RecoveryOptions,
): Promise<readonly Turn[]> {
  const { turnsListedMax, resumeAttemptsMax } = context.limits;
  return askAgain({
    link,
    context,
    attemptsMax: resumeAttemptsMax,
    ask: () => resumeThread(link, { id, settings, turnsListedMax }),
    mayPass: () => true,
  });
}

function asCause(error: unknown, sessionId: string): SessionMeshError {
  if (isSessionMeshError(error)) return error;
  return new SessionMeshError('session_failed', {
    sessionId,
    found: messageOf(error),
    cause: error,
  });
}
