/**
 * Waiting for something to become true of a session. The stream says when to look; where it does not, a read
 * now and then does, and a read that fails is no reason to stop.
 */
import type { Env } from '../env.ts';
import { isSessionMeshError, messageOf, SessionMeshError } from '../errors.ts';
import {
  endingOf,
  refusedTurn,
  replyOf,
  turnIdOf,
  turnOf,
  type ControlServiceHost,
  type ServiceReply,
  type StreamFrame,
} from '../hosts/control-service/internal.ts';
import type { Limits } from '../limits.ts';
import { Deadline } from './deadline.ts';
import type { FrameHub } from './frame-hub.ts';

/** How long to wait, and how often to look. */
export interface WaitTime {
  /** Default 60. */
  readonly timeoutSeconds?: number;
  /** How often to look where nothing says when. Default 0.25; a read of a session is made less often. */
  readonly intervalSeconds?: number;
  /** Ends the wait, which rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** How `until` waits. */
export interface UntilOptions<Value> extends WaitTime {
  /** Whether a value is what is waited for. Default: whether it is truthy. */
  readonly predicate?: (value: Value) => boolean | Promise<boolean>;
  /** Before the first look. It counts as part of the time. */
  readonly initialDelaySeconds?: number;
  /** Looks after which the wait ends in vain. */
  readonly maxAttempts?: number;
  /** What is waited for, for messages. */
  readonly description?: string;
}

/** Which turn. */
export interface TurnReference {
  readonly sessionId: string;
  readonly turnId: string;
}

/** How `turnStatus` waits. */
export interface TurnStatusOptions extends TurnReference, WaitTime {
  /** The statuses to wait for, whatever their case. Left out: the status as it is now. */
  readonly expected?: string | readonly string[];
}

/** A text and what it is sent with. */
export interface SendAndWaitOptions extends WaitTime {
  readonly sessionId: string;
  readonly text: string;
  /** Whatever else the service takes with a message: `model`, `effort` … */
  readonly message?: Readonly<Record<string, unknown>>;
}

/** A turn that was answered. */
export interface TurnReply extends TurnReference {
  /** What the service said to the message, or null where none was sent. */
  readonly accepted: unknown;
  /** The session as it was read last. */
  readonly detail: unknown;
  /** How the turn ended, in the service's words; a failed turn may have a reply, too. */
  readonly status: string | null;
  readonly assistantReply: string;
}

/** What waiting needs. */
export interface WaitContext {
  readonly host: ControlServiceHost;
  readonly hub: FrameHub;
  readonly env: Env;
  readonly limits: Limits;
}

/** What one look at a session says: what was waited for, or nothing yet. */
export type Look<Value> = { readonly value: Value } | null;

const turnEventTypes: ReadonlySet<string> = new Set([
  'app_server.turn.started',
  'app_server.turn.completed',
  'app_server.turn.failed',
  'transcript_updated',
  'session_deleted',
]);

/** Statuses in lower case, without white space and without blanks. @throws SessionMeshError `option_invalid` */
export function readStatuses(given: unknown): ReadonlySet<string> {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const words = list.map((status) => (typeof status === 'string' ? status.trim() : null));
  const known = words.filter((word) => word !== '');
  if (known.length > 0 && known.every((word) => word !== null)) {
    return new Set(known.map((word) => word.toLowerCase()));
  }
  const found = JSON.stringify(given);
  throw new SessionMeshError('option_invalid', { expected: 'one or more statuses', found });
}

/** Waiting, for one client. */
export class Wait {
  readonly #context: WaitContext;

  /** @internal */
  constructor(context: WaitContext) {
    this.#context = context;
  }

  /**
   * Asks `poll` until its value is what is waited for, and resolves with that value.
   * @throws SessionMeshError `option_invalid` before the first look, `wait_timeout`; what `poll` or the
   * predicate throws; the reason of `signal`.
   */
  async until<Value>(
    poll: (signal: AbortSignal) => Value | Promise<Value>,
    options: UntilOptions<Value> = {},
  ): Promise<Value> {
    const { predicate = Boolean, initialDelaySeconds = 0, maxAttempts = Infinity } = options;
    checkNumber('initialDelaySeconds', initialDelaySeconds, initialDelaySeconds >= 0);
    checkNumber('maxAttempts', maxAttempts, maxAttempts > 0);
    const subject = options.description ?? 'what is waited for';
    using deadline = new Deadline(this.#context.env.clock, options, subject);
    if (initialDelaySeconds > 0) await deadline.pause(initialDelaySeconds * 1_000);
    for (let attempt = 1; ; attempt += 1) {
      const value = await deadline.race(Promise.resolve(poll(deadline.signal)));
      if (await deadline.race(Promise.resolve(predicate(value)))) return value;
      if (attempt >= maxAttempts) {
        const found = `nothing at ${attempt} looks`;
        throw new SessionMeshError('wait_timeout', { expected: subject, found });
      }
      await deadline.pause(deadline.intervalMs);
    }
  }

  /**
   * The status of a turn: as it is now, or as soon as it is one that is expected.
   * @throws SessionMeshError `option_invalid`; `wait_over` when the turn ended otherwise; `wait_timeout`,
   * `session_deleted`, `session_unknown`; the reason of `signal`.
   */
  async turnStatus(options: TurnStatusOptions): Promise<string | null> {
    const { sessionId, turnId, expected, signal } = options;
    if (expected === undefined) {
      const detail = await this.#context.host.requests.read(sessionId, { signal });
      return turnOf(detail, turnId)?.status ?? null;
    }
    const wanted = readStatuses(expected);
    const subject = `turn ${turnId} to be ${[...wanted].join(' or ')}`;
    return this.look(sessionId, options, subject, (detail) => {
      const status = turnOf(detail, turnId)?.status ?? null;
      if (status === null) return null;
      if (wanted.has(status.toLowerCase())) return { value: status };
      if (endingOf(status) === null) return null;
      throw new SessionMeshError('wait_over', { expected: subject, found: status, sessionId });
    });
  }

  /**
   * The assistant's reply in a turn, once that is over.
   * @throws SessionMeshError `wait_over` for a turn that ended without one, with its reason; `wait_timeout`,
   * `session_deleted`, `session_unknown`; the reason of `signal`.
   */
  async assistantReply(options: TurnReference & WaitTime): Promise<TurnReply> {
    return this.#reply(options, null);
  }

  /**
   * Sends a message and waits for the reply. Sending counts as part of the time.
   * @throws SessionMeshError as `assistantReply`, and why the message was not taken
   */
  async sendMessageAndWaitReply(options: SendAndWaitOptions): Promise<TurnReply> {
    const { sessionId, text, message = {}, ...time } = options;
    const { host, env } = this.#context;
    const subject = `a reply in session ${sessionId}`;
    using deadline = new Deadline(env.clock, time, subject);
    const body = { ...message, text };
    const reply = await host.requests.post(sessionId, body, { signal: deadline.signal });
    const turnId = acceptedTurn(reply, sessionId);
    const left = { ...time, timeoutSeconds: deadline.leftMs / 1_000 };
    return this.#reply({ ...left, sessionId, turnId }, reply.body);
  }

  /**
   * Reads a session when something happens in it, until `judge` finds what is waited for; `judge` may throw.
   * @internal
   */
  async look<Value>(
    sessionId: string,
    time: WaitTime,
    subject: string,
    judge: (detail: unknown, deadline: Deadline) => Look<Value> | Promise<Look<Value>>,
  ): Promise<Value> {
    const { host, hub, env } = this.#context;
    using deadline = new Deadline(env.clock, time, subject);
    let nudge = Promise.withResolvers<void>();
    const onFrame = ({ type }: StreamFrame) => turnEventTypes.has(type) && nudge.resolve();
    const undo = [
      host.follow(sessionId),
      hub.watch(sessionId, onFrame),
      hub.watchState(() => nudge.resolve()),
    ];
    try {
      for (let delayMs = deadline.intervalMs; ; delayMs = this.#later(delayMs)) {
        nudge = Promise.withResolvers();
        const found = await this.#judged(sessionId, deadline, judge);
        if (found) return found.value;
        await deadline.pause(delayMs, nudge.promise);
      }
    } finally {
      for (const step of undo) step();
    }
  }

  async #judged<Value>(
    sessionId: string,
    deadline: Deadline,
    judge: (detail: unknown, deadline: Deadline) => Look<Value> | Promise<Look<Value>>,
  ): Promise<Look<Value>> {
    let detail: unknown;
    try {
      const { signal } = deadline;
      detail = await deadline.race(this.#context.host.requests.read(sessionId, { signal }));
    } catch (thrown) {
      deadline.signal.throwIfAborted();
      if (!isPassing(thrown)) throw thrown;
      deadline.lastTrouble = messageOf(thrown);
      return null;
    }
    return judge(detail, deadline);
  }

  /** Where the stream is up, it says when to look: reads on our own account become rare. */
  #later(delayMs: number): number {
    const { host, limits } = this.#context;
    const capMs = host.state === 'online' ? limits.waitReadMaxMs : limits.pollMaxMs;
    return Math.min(delayMs * 2, Math.max(capMs, delayMs));
  }

  #reply(options: TurnReference & WaitTime, accepted: unknown): Promise<TurnReply> {
    const { sessionId, turnId } = options;
    const { env, limits } = this.#context;
    const subject = `a reply in turn ${turnId}`;
    let overSinceMs: number | null = null;
    return this.look<TurnReply>(sessionId, options, subject, (detail, deadline) => {
      const turn = turnOf(detail, turnId);
      const status = turn?.status ?? null;
      const assistantReply = replyOf(detail, turnId);
      const ending = endingOf(status);
      const isOver = status === null || ending !== null;
      if (isOver && assistantReply !== null) {
        return { value: { sessionId, turnId, accepted, detail, status, assistantReply } };
      }
      if (ending === null) return null;
      // A reply may be stored a moment after the end of its turn.
      overSinceMs ??= env.clock.monotonic();
      const isLate = env.clock.monotonic() - overSinceMs >= limits.replyGraceMs;
      if (ending === 'completed' && !isLate) {
        deadline.hurry(limits.replyGraceMs);
        return null;
      }
      const found = `a turn that ended without one: ${[status, turn?.error].filter(Boolean).join(', ')}`;
      throw new SessionMeshError('wait_over', { expected: subject, found, sessionId, turnId });
    });
  }
}

/** Errors of a read that say nothing about the session. */
function isPassing(thrown: unknown): boolean {
  if (!isSessionMeshError(thrown)) return false;
  if (thrown.retryable || thrown.code === 'stream_closed') return true;
  const { cause } = thrown;
  const status =
    typeof cause === 'object' && cause !== null && 'status' in cause ? cause.status : null;
  return thrown.code === 'request_refused' && typeof status === 'number' && status >= 500;
}

/** The turn that a message began. @throws SessionMeshError why there is none */
export function acceptedTurn(reply: ServiceReply, sessionId: string): string {
  const turnId = turnIdOf(reply);
  if (turnId === null) throw refusedTurn(reply, sessionId);
  return turnId;
}

function checkNumber(name: string, value: number, isValid: boolean): void {
  if (isValid) return;
  const expected = name === 'maxAttempts' ? `${name} above zero` : `${name} of zero or more`;
  throw new SessionMeshError('option_invalid', { expected, found: String(value) });
}
