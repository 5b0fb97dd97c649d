/**
 * What the server asks besides tool calls: approvals, questions to the user, elicitations.
 *
 * Every one of them is answered, because a turn waits for ever for an answer that does not come: by the
 * policy if there is one and it decides in time, else by the safe answer, which grants nothing.
 */
import { unlessAborted } from '../../abort.ts';
import type { Clock } from '../../env.ts';
import { messageOf, SessionMeshError } from '../../errors.ts';
import { rpcCodes, type RequestId, type RpcRequest } from '../../rpc/message.ts';
import type { HostContext, HostSignal, QuestionPolicy } from '../host.ts';
import type { Link } from './link.ts';
import type { QuestionMethod } from './methods.ts';
import { parseScope, type SafeResults } from './protocol.ts';

type SafeAnswer =
  | { readonly type: 'result'; readonly result: unknown; readonly answer: 'declined' | 'answered' }
  | { readonly type: 'refusal'; readonly code: number; readonly message: string };

/** A refusal of a request that is known but cannot be served here. */
const cannotServe = -32_000;

const declined = { decision: 'decline' } as const;
const denied = { decision: { denied: { rejection: 'Nobody approved this.' } } } as const;

const safeResults: {
  readonly [Method in keyof SafeResults]: (clock: Clock) => SafeResults[Method];
} = {
  'item/commandExecution/requestApproval': () => declined,
  'item/fileChange/requestApproval': () => declined,
  'item/permissions/requestApproval': () => ({ permissions: {}, scope: 'turn' }),
  'item/tool/requestUserInput': () => ({ answers: {} }),
  'mcpServer/elicitation/request': () => ({ action: 'decline', content: null, _meta: null }),
  'currentTime/read': (clock) => ({ currentTimeAt: Math.floor(clock.now() / 1000) }),
  applyPatchApproval: () => denied,
  execCommandApproval: () => denied,
};

/** Questions that have no harmless result. */
const safeRefusals: Readonly<Record<Exclude<QuestionMethod, keyof SafeResults>, string>> = {
  'account/chatgptAuthTokens/refresh': 'This client holds no tokens to refresh.',
  'attestation/generate': 'This client makes no attestations.',
};

const isKeyOf = <Table extends object>(table: Table, key: PropertyKey): key is keyof Table =>
  Object.hasOwn(table, key);

function safeAnswer(method: string, clock: Clock): SafeAnswer {
  if (isKeyOf(safeResults, method)) {
    const answer = method === 'currentTime/read' ? 'answered' : 'declined';
    return { type: 'result', result: safeResults[method](clock), answer };
  }
  return isKeyOf(safeRefusals, method)
    ? { type: 'refusal', code: cannotServe, message: safeRefusals[method] }
    : { type: 'refusal', code: rpcCodes.methodNotFound, message: `Method not found: ${method}` };
}

interface Asked {
  readonly link: Link;
  readonly request: RpcRequest;
  readonly abort: AbortController;
}

/** The questions of one host. Those under way are as many as the server asks at once. */
export class Questions {
  readonly #policy: QuestionPolicy | undefined;
  readonly #context: HostContext;
  readonly #emit: (signal: HostSignal) => void;
  readonly #asked = new Map<RequestId, Asked>();

  constructor(
    policy: QuestionPolicy | undefined,
    context: HostContext,
    emit: (signal: HostSignal) => void,
  ) {
    this.#policy = policy;
    this.#context = context;
    this.#emit = emit;
  }

  /** Answers a question, now or when the policy has decided. One that is being decided is not asked twice. */
  ask(link: Link, request: RpcRequest): void {
    if (!this.#policy) {
      this.#answerSafely(link, request);
      return;
    }
    const known = this.#asked.get(request.id);
    if (known?.link === link) return;
    known?.abort.abort();
    const asked = { link, request, abort: new AbortController() };
    this.#asked.set(request.id, asked);
    void this.#decide(asked, this.#policy);
  }

  /** Somebody else has answered it, or its turn is over. */
  withdraw(requestId: RequestId): void {
    this.#asked.get(requestId)?.abort.abort(new SessionMeshError('call_cancelled'));
    this.#asked.delete(requestId);
  }

  /** The link is gone. What is still open is asked again over the next one. */
  withdrawAll(): void {
    for (const requestId of this.#asked.keys()) this.withdraw(requestId);
  }

  async #decide(asked: Asked, policy: QuestionPolicy): Promise<void> {
    const { link, request, abort } = asked;
    const decision = await this.#consult(policy, request, abort);
    if (this.#asked.get(request.id) !== asked) return;
    this.#asked.delete(request.id);
    if (decision === undefined || !this.#answer(link, request, decision)) {
      this.#answerSafely(link, request);
    }
  }

  /** What the policy says within `approvalTimeoutMs`, or undefined. */
  async #consult(
    policy: QuestionPolicy,
    request: RpcRequest,
    abort: AbortController,
  ): Promise<unknown> {
    const { env, limits, logger } = this.#context;
    const { method, params } = request;
    const delayMs = limits.approvalTimeoutMs;
    const timeout = new SessionMeshError('handler_timeout', { expected: `within ${delayMs} ms` });
    const timer = env.clock.setTimeout(() => abort.abort(timeout), delayMs);
    try {
      const question = { method, ...parseScope(params), params };
      // In a function of its own, so that what a policy throws at once is a rejection too.
      const deciding = (async () => policy(question, abort.signal))();
      return await unlessAborted(deciding, abort.signal);
    } catch (error) {
      logger.warn({ method, error: messageOf(error) }, 'a question was not decided by its policy');
      return undefined;
    } finally {
      env.clock.clearTimeout(timer);
    }
  }

  /** False if the server could not read this; then it has not been sent. */
  #answer(link: Link, request: RpcRequest, result: unknown): boolean {
    const { method } = request;
    try {
      link.respond(request.id, result);
    } catch (error) {
      const fields = { method, error: messageOf(error) };
      this.#context.logger.warn(fields, 'the answer of a policy could not be sent');
      return !link.isOpen;
    }
    this.#report(request, 'answered');
    return true;
  }

  #answerSafely(link: Link, request: RpcRequest): void {
    const safe = safeAnswer(request.method, this.#context.env.clock);
    try {
      if (safe.type === 'result') link.respond(request.id, safe.result);
      else link.refuse(request.id, safe.code, safe.message);
    } catch (error) {
      // Only a stream that is gone refuses so small a frame; the question comes again, or is over.
      const fields = { method: request.method, error: messageOf(error) };
      this.#context.logger.debug(fields, 'a question could not be answered');
      return;
    }
    this.#report(request, safe.type === 'result' ? safe.answer : 'declined');
  }

  #report({ method, params }: RpcRequest, answer: 'declined' | 'answered'): void {
    const { sessionId } = parseScope(params);
    this.#emit({ type: 'question.answered', sessionId, method, answer });
  }
}
