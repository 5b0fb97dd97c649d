/**
 * Hands answers to the service, one attempt at a time; the outbox of the mesh decides when to try again.
 *
 * - A1 The same bytes each time, and nothing that the service would refuse for its size.
 * - A2 Only a reply that says so ends a call. What is not known is asked again: a 409 means that some answer
 *   is under way, not that it arrived.
 * - A3 A service that gives request ids twice (it does not name its starts) is asked what it waits for
 *   before an answer is sent to an id that was not seen on the stream in use: it may be another call's by
 *   now, of this session or of any other. Only a call that is listed is answered then.
 * - A4 So is one that names its starts, for a call of another start than the stream's: that one may have
 *   ended, or may have begun so recently that the stream does not know of it.
 */
import { backoffMs } from '../../backoff.ts';
import { isSessionMeshError, messageOf, SessionMeshError } from '../../errors.ts';
import type { ToolOutput } from '../../tools/contract.ts';
import type { AnswerVerdict, HostCall, HostContext } from '../host.ts';
import { meaningOf, readAttempt, type AnswerAttempt } from './answer-reply.ts';
import { leasedTo, parseForeignLease, type ForeignLease, type Leases } from './leases.ts';
import type { Link } from './link.ts';
import { routes } from './routes.ts';
import { describeReply, type ServiceClient } from './service-client.ts';
import type { Sessions } from './sessions.ts';
import { isSameCall, openCall, type OpenCall } from './tracked-session.ts';
import type { ServiceReply } from './wire.ts';

/** Who follows the attempts to answer calls. */
export interface AnswerObserver {
  onAttempt?(call: HostCall, attempt: AnswerAttempt, verdict: AnswerVerdict): void;
  /** How long to wait after attempt number `attempt` failed, or undefined for the mesh's own backoff. */
  retryAfterMs?(call: HostCall, attempt: number): number | undefined;
}

/** What answering needs. */
export interface AnsweringOptions {
  readonly client: ServiceClient;
  readonly context: HostContext;
  readonly link: Link;
  readonly sessions: Sessions;
  readonly leases: Leases | null;
  readonly observer: AnswerObserver;
  /** The calls that the service waits for in this session. */
  readonly listCalls: (sessionId: string) => Promise<readonly HostCall[]>;
}

/** What one attempt came to: in the service's words, and for the call. */
interface AttemptResult {
  readonly attempt: AnswerAttempt;
  readonly verdict: AnswerVerdict;
}

type AskAgain = Extract<AnswerVerdict, { type: 'again' }>;

const abandoned = (reason: string): AnswerVerdict => ({ type: 'abandoned', reason });

const exception = (message: string): AnswerAttempt => ({
  status: 'exception',
  code: null,
  message,
});

/** An answer that arrived, as the stream says, although there was no reply to it. */
const arrived: AttemptResult = {
  attempt: { status: 'ok', code: null, message: 'the stream says so' },
  verdict: { type: 'answered', presumed: true },
};

/** The answers of one host. */
export class Answering {
  readonly #options: AnsweringOptions;

  constructor(options: AnsweringOptions) {
    this.#options = options;
  }

  /** One attempt. Never rejects. */
  async answer(call: HostCall, output: ToolOutput): Promise<AnswerVerdict> {
    const { observer, context, sessions } = this.#options;
    const text = JSON.stringify({ response: output });
    const { serviceBodyBytesMax } = context.limits;
    const bytes = Buffer.byteLength(text);
    if (bytes > serviceBodyBytesMax) {
      const reason = `${bytes} bytes, and a service takes at most ${serviceBodyBytesMax}`;
      const refused: AnswerVerdict = { type: 'refused', reason };
      observer.onAttempt?.(call, exception(reason), refused);
      return refused;
    }
    const open = sessions.get(call.sessionId)?.trackCall(call) ?? openCall(call, 0);
    const { attempt, verdict } = await this.#untilConcluded(open, this.#attempt(open, text));
    observer.onAttempt?.(call, attempt, verdict);
    this.#settle(open, verdict);
    return verdict;
  }

  /** The attempt, unless its reply is not waited for any longer. */
  async #untilConcluded(open: OpenCall, attempt: Promise<AttemptResult>): Promise<AttemptResult> {
    const { promise: concluded, resolve } = Promise.withResolvers<void>();
    open.conclude = resolve;
    const result = await Promise.race([attempt, concluded.then(() => arrived)]);
    open.conclude = null;
    return result;
  }

  #settle({ call }: OpenCall, { type }: AnswerVerdict): void {
    const session = this.#options.sessions.get(call.sessionId);
    const isOver = type === 'answered' || type === 'abandoned';
    if (isOver && session?.findCall(call)) session.calls.delete(String(call.requestId));
    if (session) this.#options.sessions.settle(session);
  }

  async #attempt(open: OpenCall, text: string): Promise<AttemptResult> {
    open.attempts += 1;
    try {
      const obstacle = await this.#obstacle(open);
      if (obstacle) return obstacle;
      const reply = await this.#send(open.call, text);
      return { attempt: readAttempt(reply), verdict: await this.#decide(reply, open) };
    } catch (thrown) {
      return {
        attempt: exception(messageOf(thrown)),
        verdict: this.#onThrown(thrown, open),
      };
    }
  }

  #send({ sessionId, requestId }: HostCall, text: string): Promise<ServiceReply> {
    const { client, leases } = this.#options;
    return client.request(
      routes.answer(String(requestId), text, leases?.fenceOf(sessionId) ?? null),
    );
  }

  async #decide(reply: ServiceReply, open: OpenCall): Promise<AnswerVerdict> {
    const { sessions } = this.#options;
    const { sessionId } = open.call;
    const foreign = parseForeignLease(reply);
    if (foreign) return this.#onForeign(foreign, sessionId);
    const { verdict, mayHaveLanded } = meaningOf(reply, open.mayHaveLanded);
    open.mayHaveLanded = mayHaveLanded;
    if (reply.status === 410) {
      const found = describeReply(reply);
      sessions.lose(sessionId, new SessionMeshError('session_deleted', { sessionId, found }));
    }
    if (verdict.type !== 'again' || verdict.afterMs !== undefined) return this.#ifOnline(verdict);
    return reply.status === 409 ? this.#soon(verdict, open) : this.#spaced(verdict, open);
  }

  /** Somebody else may answer, and we may not: unless the lease is still ours, and only its fence was not. */
  async #onForeign(foreign: ForeignLease, sessionId: string): Promise<AnswerVerdict> {
    const isOurs = await this.#options.leases?.confirm(sessionId);
    if (isOurs) return { type: 'again', afterMs: 0, reason: 'the lease was renewed' };
    return abandoned(leasedTo(foreign, sessionId).message);
  }

  #onThrown(thrown: unknown, open: OpenCall): AnswerVerdict {
    const { client, link } = this.#options;
    // Who may not answer serves nobody here.
    if (isSessionMeshError(thrown, 'host_unauthorized')) link.refuse(thrown);
    if (client.signal.aborted || link.isOver) return { type: 'unlinked' };
    // A connection that was refused carried nothing; anything else may have.
    const wasNeverSent =
      isSessionMeshError(thrown, 'host_unreachable') || isSessionMeshError(thrown, 'overloaded');
    open.mayHaveLanded ||= !wasNeverSent;
    return this.#spaced({ type: 'again', reason: messageOf(thrown) }, open);
  }

  /** An answer is under way at the service: what became of it will be known before long. */
  #soon(verdict: AskAgain, open: OpenCall): AnswerVerdict {
    const { env, limits } = this.#options.context;
    const { answerAgainMinMs: baseMs, answerAgainMaxMs: capMs } = limits;
    const jitterMs = backoffMs({ baseMs, capMs }, open.attempts, () => env.random());
    return { ...verdict, afterMs: Math.max(baseMs, jitterMs) };
  }

  #spaced(verdict: AskAgain, open: OpenCall): AnswerVerdict {
    const afterMs = this.#options.observer.retryAfterMs?.(open.call, open.attempts);
    return afterMs === undefined ? verdict : { ...verdict, afterMs };
  }

  /** A3, A4: what is known of a call that the service may not wait for, or null if it may be answered. */
  async #obstacle({ call, seenDuring, mayHaveLanded }: OpenCall): Promise<AttemptResult | null> {
    const { link, listCalls } = this.#options;
    const isOfThisStart = !link.hasEpochs || call.epoch === link.epoch;
    const isCertain = link.hasEpochs
      ? isOfThisStart
      : link.isOnline && seenDuring === link.connections;
    if (isCertain) return null;
    const listed = await listCalls(call.sessionId);
    if (listed.some((other) => isSameCall(other, call))) return null;
    const attempt = exception('the service does not list the call');
    // As with a service that does not know the call: an answer of ours was the last that was heard of it.
    // Where the start is another one, its end is as likely.
    const verdict: AnswerVerdict =
      mayHaveLanded && isOfThisStart
        ? { type: 'answered', presumed: true }
        : abandoned('the service no longer waits for it');
    return { attempt, verdict: this.#ifOnline(verdict) };
  }

  /** Whether it is still the same service will be known when the stream is back. */
  #ifOnline(verdict: AnswerVerdict): AnswerVerdict {
    const isGuess = verdict.type === 'answered' && verdict.presumed === true;
    return isGuess && !this.#options.link.isOnline ? { type: 'unlinked' } : verdict;
  }
}
