/**
 * A client that says what clients of the captured API say, word for word: the same routes, bodies, headers
 * and order, reading only the members that they read. It knows nothing of this service.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Json } from './client.ts';

export interface SdkTool {
  readonly description: string;
  readonly inputSchema: object;
  readonly handle: (args: Json) => unknown;
}

export type SdkTools = Readonly<Record<string, SdkTool>>;

const terminal = new Set([
  'completed',
  'complete',
  'failed',
  'error',
  'interrupted',
  'canceled',
  'cancelled',
]);

/** What a handler returned, as such clients send it. */
function outputOf(value: unknown): object {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return { contentItems: [{ type: 'inputText', text }], success: true };
}

export class SdkClient {
  readonly #base: string;
  readonly #token: string;
  /** Every request so far: `POST /api/sessions 200`. */
  readonly requests: string[] = [];

  constructor(base: string, token: string) {
    this.#base = base;
    this.#token = token;
  }

  async call(method: string, path: string, body?: object, tolerated: number[] = []): Promise<Json> {
    const response = await fetch(`${this.#base}${path}`, {
      method,
      headers: {
        accept: '*/*',
        'accept-encoding': 'gzip, deflate',
        'user-agent': 'python-httpx/0.28.1',
        authorization: `Bearer ${this.#token}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    this.requests.push(`${method} ${path} ${response.status}`);
    if (!response.ok && !tolerated.includes(response.status)) {
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    }
    return response.json();
  }

  /** Begins to follow a session, or all; resolves once the stream is open. */
  async follow(threadId: string | null, onCall: (event: Json) => Promise<void>) {
    const query = threadId === null ? '' : `?threadId=${encodeURIComponent(threadId)}`;
    const socket = new WebSocket(`${this.#base.replace('http', 'ws')}/api/stream${query}`, {
      headers: { authorization: `Bearer ${this.#token}` },
    });
    const types: string[] = [];
    const running: Promise<void>[] = [];
    socket.on('message', (data: Buffer) => {
      const event: Json = JSON.parse(data.toString('utf8'));
      types.push(event.type);
      if (event.type === 'app_server.request.item.tool.call') running.push(onCall(event));
    });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    if (threadId !== null) socket.send(JSON.stringify({ type: 'subscribe', threadId }));
    socket.send('{"type": "ping"}');
    return {
      types,
      async stop() {
        await Promise.all(running);
        const closed = new Promise<number>((resolve) => socket.once('close', resolve));
        socket.close(1000);
        return closed;
      },
    };
  }
}

/** One session, its tools, and the ids it has handled. */
export class SdkSession {
  readonly id: string;
  readonly #client: SdkClient;
  readonly #tools: SdkTools;
  readonly handled = new Set<string>();

  private constructor(client: SdkClient, id: string, tools: SdkTools) {
    this.#client = client;
    this.id = id;
    this.#tools = tools;
  }

  static async create(client: SdkClient, tools: SdkTools): Promise<SdkSession> {
    const dynamicTools = toolList(tools);
    const created = await client.call('POST', '/api/sessions', {
      cwd: '.',
      approvalPolicy: 'never',
      ...(dynamicTools.length > 0 ? { dynamicTools } : {}),
    });
    const id: unknown = created.session.sessionId;
    if (typeof id !== 'string' || id.trim() === '') throw new Error('missing session id');
    return new SdkSession(client, id, tools);
  }

  async send(text: string): Promise<string> {
    const dynamicTools = toolList(this.#tools);
    const catalog = dynamicTools.map(
      ({ name, description, inputSchema }) =>
        `- ${name}: ${description}\n  input_schema: ${JSON.stringify(inputSchema)}`,
    );
    const sent = await this.#client.call(
      'POST',
      `/api/sessions/${this.id}/messages`,
      {
        text: [
          'Session remote skill catalog (Python-managed):',
          ...catalog,
          '',
          `User request:\n${text}`,
        ].join('\n'),
        dynamicTools,
      },
      [400, 403, 404, 410],
    );
    if (typeof sent.turnId !== 'string') throw new Error(`missing turnId: ${JSON.stringify(sent)}`);
    return sent.turnId;
  }

  /** Answers one call, with the three attempts such clients make. */
  async respond(requestId: string, tool: string, args: Json): Promise<string> {
    this.handled.add(requestId);
    let response: object;
    try {
      const found = this.#tools[tool];
      if (!found) throw new Error(`no remote skill registered for ${tool}`);
      response = outputOf(await found.handle(args));
    } catch (thrown) {
      const text = `remote skill ${tool} failed: ${(thrown as Error).message}`;
      response = { contentItems: [{ type: 'inputText', text }], success: false };
    }
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const path = `/api/tool-calls/${requestId}/response`;
      const body = await this.#client.call('POST', path, { response }, [404, 409, 500]);
      const isDone =
        body.status === 'ok' ||
        body.status === 'not_found' ||
        (body.status === 'conflict' && body.code === 'in_flight');
      if (isDone) return body.status;
      await pause(50 * attempt);
    }
    throw new Error('gave up');
  }

  async onSignal(event: Json): Promise<void> {
    const owner = event.payload.session?.id ?? event.payload.context?.threadId;
    if (owner !== this.id || this.handled.has(event.payload.requestId)) return;
    const { tool, arguments: args } = event.payload.params;
    await this.respond(event.payload.requestId, tool, args);
  }

  /** Takes what the list says is pending. */
  async drain(): Promise<void> {
    const list = await this.#client.call(
      'GET',
      `/api/sessions/${this.id}/tool-calls`,
      undefined,
      [403, 410],
    );
    for (const { requestId, tool, arguments: args, threadId } of list.data) {
      if (threadId === this.id && !this.handled.has(requestId)) {
        await this.respond(requestId, tool, args);
      }
    }
  }

  /** Polls until the turn has ended; `each` runs before every look. */
  async waitFor(turnId: string, each: () => Promise<void> = async () => {}) {
    for (;;) {
      await each();
      const detail = await this.#client.call('GET', `/api/sessions/${this.id}`, undefined, [410]);
      const turn = detail.thread.turns.find(({ id }: Json) => id === turnId);
      const reply = detail.transcript.findLast(
        (row: Json) =>
          row.turnId === turnId &&
          row.role === 'assistant' &&
          row.status === 'complete' &&
          row.content.trim() !== '',
      );
      if (turn && terminal.has(turn.status)) {
        return { status: String(turn.status), reply: reply ? String(reply.content) : null, detail };
      }
      await pause(25);
    }
  }

  async sendAndHandle(text: string) {
    const turnId = await this.send(text);
    return this.waitFor(turnId, () => this.drain());
  }

  async delete(): Promise<void> {
    const path = `/api/sessions/${this.id}`;
    const { status } = await this.#client.call('DELETE', path, undefined, [404, 410]);
    if (status !== 'ok' && status !== 'deleted') throw new Error(`not deleted: ${status}`);
  }
}

function toolList(tools: SdkTools) {
  return Object.entries(tools)
    .map(([name, { description, inputSchema }]) => ({ name, description, inputSchema }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}
