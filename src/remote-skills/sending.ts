/** What a message is sent with, how its calls are answered, and what comes back. */
import { SessionMeshError } from '../errors.ts';
import type { SubmitPlan } from './call-memory.ts';
import type { Dispatch } from './dispatch.ts';
import type { WaitTime } from './wait.ts';

/** How an answer is submitted. */
export interface SubmitOptions {
  /** Attempts after which the dispatch says that it failed. The answer is kept and goes on being sent. Default 3. */
  readonly maxSubmitAttempts?: number;
  /** The wait after attempt number n is n times this. Default 0.05. */
  readonly retryDelaySeconds?: number;
}

/** What a message is sent with. What is left out is not sent. */
export interface SendOptions {
  /** Whether the skills in words go before the text. Default: true. */
  readonly injectSkills?: boolean;
  readonly model?: string;
  readonly effort?: string;
  readonly approvalPolicy?: 'untrusted' | 'on-failure' | 'on-request' | 'never';
  readonly networkAccess?: 'restricted' | 'enabled';
  readonly filesystemSandbox?: 'read-only' | 'workspace-write' | 'danger-full-access';
  /** Sent as it is. Never sent unasked: Codex keeps the tools that a session was created with. */
  readonly dynamicTools?: unknown;
  readonly signal?: AbortSignal;
}

/** How a turn is sent, served and waited for. */
export interface SendAndHandleOptions extends SendOptions, SubmitOptions, WaitTime {
  /** Statuses that end the wait. Default: every one in which a turn ends. */
  readonly terminalStatuses?: string | readonly string[];
  /** Whether a turn without a reply is an error. Default: false. */
  readonly requireAssistantReply?: boolean;
  /** Told of every dispatch, as it comes. */
  readonly onDispatch?: (dispatch: Dispatch) => void;
}

/** A turn that is over. */
export interface SendResult {
  readonly sessionId: string;
  readonly turnId: string;
  /** What the service said to the message. */
  readonly accepted: unknown;
  /** The session as it was read afterwards. */
  readonly detail: unknown;
  /** How the turn ended, in the service's words. */
  readonly status: string | null;
  readonly assistantReply: string | null;
  readonly dispatches: readonly Dispatch[];
}

/**
 * How often and how soon to submit.
 * @throws SessionMeshError `option_invalid` for what is no number
 */
export function submitPlan({
  maxSubmitAttempts = 3,
  retryDelaySeconds = 0.05,
}: SubmitOptions): SubmitPlan {
  for (const [name, value] of Object.entries({ maxSubmitAttempts, retryDelaySeconds })) {
    if (Number.isFinite(value)) continue;
    throw new SessionMeshError('option_invalid', {
      expected: `a number as ${name}`,
      found: String(value),
    });
  }
  return {
    attemptsMax: Math.max(1, Math.trunc(maxSubmitAttempts)),
    retryDelayMs: Math.max(0, retryDelaySeconds * 1_000),
  };
}

/** @throws SessionMeshError `option_invalid` for a time that is none */
export function checkTime(name: string, seconds: number | undefined): void {
  if (seconds === undefined || (Number.isFinite(seconds) && seconds > 0)) return;
  throw new SessionMeshError('option_invalid', {
    expected: `${name} above zero`,
    found: String(seconds),
  });
}
