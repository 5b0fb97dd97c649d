/**
 * A control service in memory that follows the captured wire: bodies, statuses, frames and their order. It
 * is a codex-manager server, or with `epochs` one of our own kind. Tests drive its model by hand or let a
 * script play, and break what they like.
 */
import type { Script } from '../../../src/hosts/simulated/script.ts';
import { StubLeases } from './stub-leases.ts';
import { ok, type Fault, type StubReply, type StubRequest } from './stub-wire.ts';
import { StubStream } from './stub-stream.ts';

interface Turn {
  id: string;
  status: string;
  error: { message: string } | null;
  items: object[];
  texts: string[];
  results: { callId: string; tool: string; namespace: null; output: string }[];
  waiting: number;
}

interface Row {
  requestId: string;
  threadId: string;
  turnId: string;
  callId: string;
  tool: string;
  arguments: unknown;
  [member: string]: unknown;
}

interface StubSession {
  readonly id: string;
  title: string;
  readonly tools: unknown;
  readonly turns: Turn[];
  readonly transcript: object[];
}

/** The one form of an answer that clients of ours send. */
interface Answer {
  readonly response: {
    readonly success: boolean;
    readonly contentItems: readonly { readonly text?: string; readonly imageUrl?: string }[];
  };
}

export interface StubOptions {
  /** A service that names its starts, numbers its frames and has leases. */
  readonly epochs?: boolean;
  readonly token?: string;
  readonly script?: Script;
}

const ids = { next: 0 };

export class StubService extends StubStream {
  readonly sessions = new Map<string, StubSession>();
  readonly pending = new Map<string, Row & { native: unknown }>();
  readonly answers: { requestId: string; body: Answer; sessionId: string; asked: unknown }[] = [];
  readonly requests: StubRequest[] = [];
  readonly leases = new StubLeases();
  readonly deleted = new Set<string>();
  readonly #options: StubOptions;
  #requestsMade = 0;
  token: string | null;
  /** Decides a request in place of the service. */
  fault: (request: StubRequest) => Fault | undefined = () => undefined;
  nowMs: () => number = () => Date.now();
  codexRunning = true;

  constructor(options: StubOptions = {}) {
    super(options.epochs ?? false);
    this.#options = options;
    this.token = options.token ?? null;
  }

  requestsTo(pattern: RegExp, method?: string): StubRequest[] {
    return this.requests.filter((r) => pattern.test(r.path) && (!method || r.method === method));
  }

  // The model

  /** The model calls a tool in the active turn. Returns the request id as lists have it. */
  call(sessionId: string, tool: string, args: unknown = {}, callId = `call_${++ids.next}`): string {
    const turn = this.#activeTurn(sessionId);
    const native = this.#options.epochs
      ? `${this.epoch}.${this.#requestsMade}`
      : this.#requestsMade;
    this.#requestsMade += 1;
    const requestId = String(native);
    const params = {
      threadId: sessionId,
      turnId: turn.id,
      callId,
      namespace: null,
      tool,
      arguments: args,
    };
    const row: Row & { native: unknown } = {
      requestId,
      method: 'item/tool/call',
      threadId: sessionId,
      turnId: turn.id,
      itemId: callId,
      callId,
      tool,
      arguments: args,
      summary: `Tool call requested: ${tool}`,
      details: params,
      createdAt: new Date(this.nowMs()).toISOString(),
      status: 'pending',
      native,
    };
    this.pending.set(requestId, row);
    turn.waiting += 1;
    this.deliver(requestId);
    return requestId;
  }

  /** Publishes a pending call, maybe not for the first time. */
  deliver(requestId: string): void {
    const row = this.pending.get(requestId);
    if (!row) return;
    this.publish('app_server.request.item.tool.call', row.threadId, this.signalOf(requestId));
    const { native: _, ...shown } = row;
    this.publish('tool_call_requested', row.threadId, shown);
  }

  signalOf(requestId: string) {
    const row = this.pending.get(requestId)!;
    return {
      source: 'app_server',
      signalType: 'request',
      eventType: 'app_server.request.item.tool.call',
      method: 'item/tool/call',
      receivedAt: new Date(this.nowMs()).toISOString(),
      context: { threadId: row.threadId, turnId: row.turnId },
      params: row.details,
      session: { id: row.threadId, title: 'New chat', projectId: null },
      requestId: row.native,
    };
  }

  rowOf(requestId: string) {
    const { native: _, ...row } = this.pending.get(requestId)!;
    return row;
  }

  endTurn(sessionId: string, end: { status?: string; reply?: string; error?: string } = {}): void {
    const turn = this.#activeTurn(sessionId);
    const { status = 'completed', reply, error } = end;
    for (const row of this.pending.values()) if (row.turnId === turn.id) this.#expire(row);
    turn.status = status;
    turn.error = error === undefined ? null : { message: error };
    if (reply !== undefined) {
      turn.items.push({ type: 'agentMessage', id: `msg_${turn.id}`, text: reply });
      this.sessions.get(sessionId)!.transcript.push({
        messageId: `msg_${turn.id}`,
        turnId: turn.id,
        role: 'assistant',
        type: 'agentMessage',
        content: reply,
        status: 'complete',
      });
    }
    this.#publishTurn('turn/completed', sessionId, turn);
  }

  #expire(row: Row): void {
    this.pending.delete(row.requestId);
    const payload = { requestId: row.requestId, status: 'expired', success: false };
    this.publish('tool_call_resolved', row.threadId, payload);
  }

  expire(requestId: string): void {
    this.#expire(this.pending.get(requestId)!);
  }

  deleteSession(sessionId: string): void {
    for (const row of this.pending.values()) if (row.threadId === sessionId) this.#expire(row);
    this.sessions.delete(sessionId);
    this.deleted.add(sessionId);
    const payload = { status: 'deleted', sessionId, title: 'New chat', deletedAt: 'now' };
    this.publish('session_deleted', sessionId, payload, true);
  }

  /** The service ends and starts anew: turns are interrupted, calls are lost, numbers begin again. */
  restart(): void {
    this.pending.clear();
    this.leases.clear();
    for (const session of this.sessions.values()) {
      for (const turn of session.turns)
        if (turn.status === 'inProgress') turn.status = 'interrupted';
    }
    this.#requestsMade = 0;
    this.restartStream();
  }

  // HTTP

  handle(request: StubRequest): StubReply {
    const { method, path, body } = request;
    if (this.token !== null && request.token !== this.token) {
      const body = { status: 'error', message: 'no valid token' };
      return this.#options.epochs
        ? { ...ok({ ...body, code: 'auth_required' }, 401), challenge: 'Bearer' }
        : ok({ ...body, code: 'unauthorized' }, 401);
    }
    const [, kind, rawId = '', action] = path.split('/');
    const id = decodeURIComponent(rawId);
    if (path === '/health') {
      const codex = { running: this.codexRunning, pid: 1, initialized: this.codexRunning };
      return ok({ status: 'ok', codex });
    }
    if (kind === 'tool-calls') return this.#answer(id, request);
    if (kind !== 'sessions') return this.#noRoute(request);
    if (method === 'POST' && rawId === '') return this.#create(body);
    if (this.deleted.has(id)) return ok({ status: 'deleted', sessionId: id, message: 'gone' }, 410);
    if (action === 'tool-calls') {
      const rows = [...this.pending.values()].filter((row) => row.threadId === id);
      return ok({ data: rows.map(({ requestId }) => this.rowOf(requestId)) });
    }
    const session = this.sessions.get(id);
    if (!session) {
      const isNamed = this.#options.epochs || action === 'messages' || method === 'DELETE';
      return isNamed
        ? ok({ status: 'not_found', sessionId: id }, 404)
        : ok({ status: 'error', code: 'internal_error', message: 'internal server error' }, 500);
    }
    if (method === 'DELETE' && action === undefined) {
      this.deleteSession(id);
      return ok({ status: 'ok', sessionId: id, title: session.title, deletedFileCount: 1 });
    }
    switch (action) {
      case undefined:
        return ok(this.#detail(session));
      case 'messages':
        return this.#message(session, body as { text?: string });
      case 'rename':
        session.title = (body as { title: string }).title;
        return ok({ status: 'ok', session: { sessionId: id, title: session.title } });
      case 'interrupt':
        return this.#interrupt(session);
      case 'lease':
        return this.#options.epochs
          ? this.leases.handle(id, request, this.nowMs())
          : this.#noRoute(request);
      default:
        return this.#noRoute(request);
    }
  }

  #noRoute({ method, path }: StubRequest): StubReply {
    const message = `Route ${method}:/api${path} not found`;
    return ok({ message, error: 'Not Found', statusCode: 404 }, 404);
  }

  #create(body: unknown): StubReply {
    const id = `session-${++ids.next}`;
    const tools = (body as { dynamicTools?: unknown } | null)?.dynamicTools;
    if (
      Array.isArray(tools) &&
      !this.#options.epochs &&
      tools.some((each: { inputSchema?: unknown }) => !each.inputSchema)
    ) {
      const issue = {
        code: 'invalid_type',
        path: ['dynamicTools', 0, 'inputSchema'],
        message: 'no',
      };
      const message = 'request validation failed';
      return ok({ status: 'error', code: 'invalid_request', message, issues: [issue] }, 400);
    }
    this.sessions.set(id, { id, title: 'New chat', tools, turns: [], transcript: [] });
    return ok({ session: { sessionId: id, title: 'New chat' }, thread: { id, turns: [] } });
  }

  #detail({ id, title, turns, transcript }: StubSession) {
    const shown = turns.map(({ id: turnId, status, error, items }) => ({
      id: turnId,
      status,
      error,
      items,
      itemsView: 'full',
    }));
    return { session: { sessionId: id, title }, thread: { id, turns: shown }, transcript };
  }

  #message(session: StubSession, body: { text?: string }): StubReply {
    const text = body.text?.trim() ?? '';
    if (text === '') {
      return ok({ status: 'error', code: 'invalid_request', message: 'no text', issues: [] }, 400);
    }
    const item = { type: 'userMessage', id: `u_${++ids.next}`, content: [{ type: 'text', text }] };
    const active = session.turns.find(({ status }) => status === 'inProgress');
    if (active) {
      active.items.push(item);
      active.texts.push(text);
      return ok({ status: 'accepted', sessionId: session.id, turnId: active.id }, 202);
    }
    const turn: Turn = {
      id: `turn-${++ids.next}`,
      status: 'inProgress',
      error: null,
      items: [item],
      texts: [text],
      results: [],
      waiting: 0,
    };
    session.turns.push(turn);
    this.#publishTurn('turn/started', session.id, turn);
    queueMicrotask(() => void this.#play(session, turn));
    return ok({ status: 'accepted', sessionId: session.id, turnId: turn.id }, 202);
  }

  #interrupt(session: StubSession): StubReply {
    const turn = session.turns.find(({ status }) => status === 'inProgress');
    if (!turn) return ok({ status: 'no_active_turn', sessionId: session.id }, 409);
    this.endTurn(session.id, { status: 'interrupted' });
    return ok({ status: 'ok', sessionId: session.id, turnId: turn.id });
  }

  #answer(requestId: string, { body, headers }: StubRequest): StubReply {
    const row = this.pending.get(requestId);
    if (!row) return ok({ status: 'not_found', requestId }, 404);
    const lease = this.leases.get(row.threadId);
    const isFenced = lease && lease.expiresAt > this.nowMs();
    if (isFenced && headers['x-sessionmesh-fence'] !== String(lease.fence)) {
      const { holder, expiresAt } = lease;
      return ok({ status: 'conflict', code: 'leased', requestId, holder, expiresAt }, 409);
    }
    this.pending.delete(requestId);
    const answer = body as Answer;
    this.answers.push({
      requestId,
      body: answer,
      sessionId: row.threadId,
      asked: row.arguments,
    });
    const { success, contentItems } = answer.response;
    const turn = this.sessions.get(row.threadId)!.turns.find(({ id }) => id === row.turnId)!;
    const output = contentItems.map((item) => item.text ?? item.imageUrl).join('\n');
    turn.results.push({ callId: row.callId, tool: row.tool, namespace: null, output });
    turn.waiting -= 1;
    this.publish('tool_call_resolved', row.threadId, { requestId, status: 'resolved', success });
    const session = this.sessions.get(row.threadId)!;
    if (turn.waiting === 0) queueMicrotask(() => void this.#play(session, turn));
    return ok({ status: 'ok', requestId, threadId: row.threadId });
  }

  #activeTurn(sessionId: string): Turn {
    const turn = this.sessions.get(sessionId)?.turns.find(({ status }) => status === 'inProgress');
    if (!turn) throw new Error(`the stub has no active turn in ${sessionId}`);
    return turn;
  }

  #publishTurn(method: string, threadId: string, { id, status, error, items }: Turn): void {
    const eventType = `app_server.${method.replace('/', '.')}`;
    const turn = { id, status, error, items, itemsView: 'summary' };
    this.publish(eventType, threadId, {
      source: 'app_server',
      signalType: 'notification',
      eventType,
      method,
      context: { threadId, turnId: id },
      params: { threadId, turn },
      session: { id: threadId, title: 'New chat', projectId: null },
    });
  }

  async #play(session: StubSession, turn: Turn): Promise<void> {
    const { script } = this.#options;
    if (!script || turn.status !== 'inProgress') return;
    const names = ((session.tools ?? []) as { name: string }[]).map(({ name }) => name);
    const reply = await script(
      {
        sessionId: session.id,
        instructions: '',
        text: turn.texts[0]!,
        steers: turn.texts.slice(1),
        turn: session.turns.indexOf(turn),
        results: turn.results,
        tools: names,
      },
      new AbortController().signal,
    );
    if ((turn.status as string) !== 'inProgress') return;
    if ('text' in reply) this.endTurn(session.id, { reply: reply.text });
    else if ('fail' in reply) this.endTurn(session.id, { status: 'failed', error: reply.fail });
    else {
      for (const { tool, arguments: args, callId } of reply.calls) {
        this.call(session.id, tool, args ?? {}, callId);
      }
    }
  }
}
