/** The simulated control service: sessions over HTTP, with a Codex inside. Its lists die with it. */
import type { ServiceReply, ServiceRequest } from '../../hosts/control-service/wire.ts';
import { isRecord } from '../../tools/json.ts';
import type { Dice } from './dice.ts';
import { reusedMs } from './codex-server.ts';
import { activeTurn, type Library, type Mind, type SimThread, type SimTurn } from './mind.ts';
import type { WaitingCall } from './mind.ts';
import type { SimProcess } from './process.ts';
import { ServiceLeases, type HeldLease } from './service-leases.ts';
import type { Witness } from './witness.ts';
import { ServiceStream } from './service-stream.ts';

/** What a service is made of. */
export interface ServiceServerOptions {
  readonly mind: Mind;
  readonly process: SimProcess;
  readonly dice: Dice;
  readonly library: Library;
  /** The name of this start, or null for a service that has none. */
  readonly epoch: string | null;
  /** Larger than any fence that was given before. */
  readonly firstFence: number;
  readonly witness: Witness;
}

/** An answer as it was posted. */
interface Given {
  readonly runtime: string;
  readonly body: Body;
  readonly fence: string | null;
}

type Body = Readonly<Record<string, unknown>>;
type Respond = (reply: ServiceReply) => void;

const reply = (
  status: number,
  body: unknown,
  retryAfterMs: number | null = null,
): ServiceReply => ({
  status,
  body,
  retryAfterMs,
});

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);

/** One life of the service. */
export class ServiceServer {
  readonly #options: ServiceServerOptions;
  readonly #mind: Mind;
  readonly #leases: ServiceLeases;
  readonly stream: ServiceStream;
  /** Calls whose answers are on their way to Codex. */
  readonly #inFlight = new Set<string>();

  constructor(options: ServiceServerOptions) {
    this.#options = options;
    this.#mind = options.mind;
    const { epoch, process, firstFence } = options;
    this.#leases = new ServiceLeases(process, options.witness, firstFence);
    this.stream = new ServiceStream({
      epoch,
      redeliver: (threadIds, send) => {
        for (const id of threadIds) {
          for (const call of this.#mind.waitingIn(id)) this.#callFrames(call).forEach(send);
        }
      },
    });
    for (const thread of options.library.threads.values()) thread.writer = process;
    this.#mind.listener = {
      onCall: (call) => this.#publishCall(call),
      onTurnStarted: (thread, turn) => this.#publishTurn('turn/started', thread, turn),
      onTurnEnded: (thread, turn) => this.#publishTurn('turn/completed', thread, turn),
      onOver: (call, isAnswered, success) => {
        this.stream.publish('tool_call_resolved', call.thread.id, {
          requestId: String(call.issued.requestId),
          status: isAnswered ? 'resolved' : 'expired',
          success,
        });
        const { plan } = options.dice;
        if (isAnswered && plan.reuse !== undefined)
          process.after(reusedMs, () => this.#reuse(call));
      },
    };
  }

  /** Only who follows the thread can mistake the call for another one. */
  #reuse(call: WaitingCall): void {
    const other = this.stream.isFollowed(call.thread.id) ? this.#mind.reuse(call) : null;
    if (other) this.#publishCall(other);
  }

  #publishCall(call: WaitingCall): void {
    for (const { type, threadId, payload } of this.#callFrames(call)) {
      this.stream.publish(type, threadId, payload);
    }
  }

  /** Answers a request, now or later. */
  handle(request: ServiceRequest, runtime: string, respond: Respond): void {
    const { method, path, body: text, headers = {} } = request;
    const parsed: unknown = text === undefined ? null : JSON.parse(text);
    const body = isRecord(parsed) ? parsed : {};
    const [, kind, rawId = '', action] = path.split('/');
    const id = decodeURIComponent(rawId);
    if (path === '/health') {
      respond(reply(200, { status: 'ok', codex: { running: true, pid: 1, initialized: true } }));
    } else if (kind === 'tool-calls') {
      this.#answer(id, { runtime, body, fence: headers['x-sessionmesh-fence'] ?? null }, respond);
    } else if (kind !== 'sessions') respond(noRoute(method, path));
    else if (rawId === '') respond(this.#create(body));
    else if (this.#options.library.deleted.has(id)) {
      respond(reply(410, { status: 'deleted', sessionId: id, message: 'it was deleted' }));
    } else respond(this.#onSession(id, action, { method, path, body }));
  }

  #onSession(
    id: string,
    action: string | undefined,
    request: { method: string; path: string; body: Body },
  ): ServiceReply {
    const { method, body } = request;
    if (action === 'tool-calls') {
      return reply(200, { data: this.#mind.waitingIn(id).map((call) => this.#row(call)) });
    }
    const thread = this.#mind.thread(id);
    if (!thread) {
      const isNamed = this.#options.epoch !== null || action === 'messages' || method === 'DELETE';
      return isNamed
        ? reply(404, { status: 'not_found', sessionId: id })
        : reply(500, { status: 'error', code: 'internal_error', message: 'internal server error' });
    }
    switch (action) {
      case undefined:
        return method === 'DELETE' ? this.#delete(thread) : reply(200, detailOf(thread));
      case 'messages': {
        const turn = this.#mind.say(thread, textOf(body.text), null);
        return reply(202, { status: 'accepted', sessionId: id, turnId: turn.id });
      }
      case 'rename':
        thread.title = textOf(body.title);
        return reply(200, { status: 'ok', session: { sessionId: id, title: thread.title } });
      case 'interrupt':
        return this.#interrupt(thread);
      case 'lease':
        if (this.#options.epoch !== null) return this.#lease(id, method, body);
        return noRoute(method, request.path);
      default:
        return noRoute(method, request.path);
    }
  }

  #create({ dynamicTools }: Body): ServiceReply {
    const tools = Array.isArray(dynamicTools) ? dynamicTools : [];
    const names = tools.flatMap((tool) => (isRecord(tool) ? textOf(tool.name) : []));
    const thread = this.#mind.createThread(names);
    thread.isWritten = true;
    const { id } = thread;
    return reply(200, { session: { sessionId: id, title: 'New chat' }, thread: { id, turns: [] } });
  }

  #delete(thread: SimThread): ServiceReply {
    this.#mind.deleteThread(thread);
    const { id } = thread;
    this.stream.publish('session_deleted', id, { status: 'deleted', sessionId: id });
    return reply(200, { status: 'ok', sessionId: id, deletedFileCount: 1 });
  }

  #interrupt(thread: SimThread): ServiceReply {
    const turn = activeTurn(thread);
    if (!turn) return reply(409, { status: 'no_active_turn', sessionId: thread.id });
    this.#mind.interrupt(thread, turn);
    return reply(200, { status: 'ok', sessionId: thread.id, turnId: turn.id });
  }

  #lease(sessionId: string, method: string, body: Body): ServiceReply {
    const fence = numberOrNull(body.fence);
    if (method === 'DELETE') {
      return this.#leases.release(sessionId, fence)
        ? reply(200, { status: 'ok' })
        : reply(404, { status: 'not_found', sessionId });
    }
    const ttlMs = numberOrNull(body.ttlMs) ?? 30_000;
    const nonce = typeof body.nonce === 'string' ? body.nonce : null;
    const taken = this.#leases.take(sessionId, {
      holder: textOf(body.holder),
      ttlMs,
      fence,
      nonce,
    });
    const { holder, expiresAt, fence: given } = taken.lease;
    return taken.isOurs
      ? reply(200, { status: 'ok', lease: { holder, fence: given, expiresAt } })
      : reply(409, { status: 'conflict', code: 'leased', holder, expiresAt });
  }

  /** An answer is handed on to Codex, which takes a moment and may fail. */
  #answer(requestId: string, given: Given, respond: Respond): void {
    const { dice, process } = this.#options;
    if (this.#inFlight.has(requestId)) {
      respond(reply(409, { status: 'conflict', code: 'in_flight', requestId }));
      return;
    }
    const call = this.#find(requestId);
    const lease = call && this.#leases.holderOf(call.thread.id);
    if (!call) respond(reply(404, { status: 'not_found', requestId }));
    else if (lease && given.fence !== String(lease.fence)) respond(leasedReply(requestId, lease));
    else {
      const refusal = dice.hits('refuse', requestId) ? dice.random.pick(refusals) : null;
      if (refusal && !refusal.isForwarded) {
        respond(refusal.reply);
        return;
      }
      this.#inFlight.add(requestId);
      process.after(dice.random.between(1, 60), () => {
        this.#inFlight.delete(requestId);
        if (refusal?.isLost) respond(refusal.reply);
        else {
          const taken = this.#forward(call, given);
          respond(refusal?.reply ?? taken);
        }
      });
    }
  }

  #forward(call: WaitingCall, { runtime, body, fence }: Given): ServiceReply {
    const response = isRecord(body.response) ? body.response : {};
    const items = Array.isArray(response.contentItems) ? response.contentItems : [];
    const text = items.map((item) => (isRecord(item) ? textOf(item.text) : '')).join('\n');
    const requestId = String(call.issued.requestId);
    // Somebody else may have the session by now.
    const lease = this.#leases.holderOf(call.thread.id);
    if (lease && fence !== String(lease.fence)) return leasedReply(requestId, lease);
    const success = response.success === true;
    if (!this.#mind.answer(call.number, { runtime, success, text })) {
      return reply(404, { status: 'not_found', requestId });
    }
    return reply(200, { status: 'ok', requestId, threadId: call.thread.id });
  }

  /** The call that waits for an answer at this path. */
  callAt(path: string): WaitingCall | undefined {
    const [, , id = ''] = path.split('/');
    return this.#find(decodeURIComponent(id));
  }

  #find(requestId: string): WaitingCall | undefined {
    const number = Number(requestId.split('.').at(-1));
    const call = this.#mind.waiting.get(number);
    return call && String(call.issued.requestId) === requestId ? call : undefined;
  }

  #row({ issued, ...call }: WaitingCall): object {
    const { sessionId: threadId, turnId, callId, tool } = issued;
    const requestId = String(issued.requestId);
    const details = { threadId, turnId, callId, namespace: null, tool, arguments: call.arguments };
    const asked = { requestId, method: 'item/tool/call', threadId, turnId, itemId: callId, callId };
    return { ...asked, tool, arguments: call.arguments, details, status: 'pending' };
  }

  #callFrames(call: WaitingCall): readonly { type: string; threadId: string; payload: object }[] {
    const { issued, number } = call;
    const { sessionId: threadId, turnId, callId, tool } = issued;
    const params = { threadId, turnId, callId, namespace: null, tool, arguments: call.arguments };
    const signal = {
      source: 'app_server',
      signalType: 'request',
      method: 'item/tool/call',
      context: { threadId, turnId },
      params,
      requestId: this.#options.epoch === null ? number : issued.requestId,
    };
    return [
      { type: 'app_server.request.item.tool.call', threadId, payload: signal },
      { type: 'tool_call_requested', threadId, payload: this.#row(call) },
    ];
  }

  #publishTurn(method: string, thread: SimThread, turn: SimTurn): void {
    const { id, status, error } = turn;
    const about = { id, status, error: error === null ? null : { message: error }, items: [] };
    this.stream.publish(`app_server.${method.replace('/', '.')}`, thread.id, {
      source: 'app_server',
      signalType: 'notification',
      method,
      context: { threadId: thread.id, turnId: id },
      params: { threadId: thread.id, turn: about },
    });
  }
}

/** Answers that are not taken, or not said to be: forwarded or not, and lost on the way or not. */
const refusals: readonly [Refused, ...Refused[]] = [
  {
    isForwarded: true,
    isLost: true,
    reply: reply(500, { status: 'error', code: 'forward_failed' }),
  },
  { isForwarded: false, isLost: true, reply: reply(503, 'no service') },
  { isForwarded: false, isLost: true, reply: reply(429, { status: 'error' }, 700) },
  { isForwarded: true, isLost: false, reply: reply(200, {}) },
  { isForwarded: true, isLost: false, reply: reply(502, 'a bad gateway') },
  {
    isForwarded: false,
    isLost: true,
    reply: reply(409, { status: 'conflict', code: 'in_flight' }),
  },
];

interface Refused {
  readonly isForwarded: boolean;
  readonly isLost: boolean;
  readonly reply: ServiceReply;
}

function leasedReply(requestId: string, { holder, expiresAt }: HeldLease): ServiceReply {
  return reply(409, { status: 'conflict', code: 'leased', requestId, holder, expiresAt });
}

function noRoute(method: string, path: string): ServiceReply {
  return reply(404, { message: `Route ${method}:/api${path} not found`, statusCode: 404 });
}

function detailOf({ id, title, turns }: SimThread): object {
  const shown = turns.slice(-16).map(({ status, error, said, ...turn }) => ({
    id: turn.id,
    status,
    error: error === null ? null : { message: error },
    items: said.map(({ text }) => ({ type: 'userMessage', content: [{ type: 'text', text }] })),
  }));
  const transcript = turns
    .slice(-16)
    .flatMap((turn) =>
      turn.reply === null
        ? []
        : [{ turnId: turn.id, role: 'assistant', content: turn.reply, status: 'complete' }],
    );
  return { session: { sessionId: id, title }, thread: { id, turns: shown }, transcript };
}
