/** The simulated Codex as an app-server: JSON-RPC over connections, as the real one behaves. */
import { isRecord } from '../../tools/json.ts';
import type { Connection } from './connection.ts';
import type { Dice } from './dice.ts';
import { activeTurn, type Mind, type SimThread, type SimTurn, type WaitingCall } from './mind.ts';
import type { SimProcess } from './process.ts';

/** A refusal, as JSON-RPC has it. */
class Refusal extends Error {
  readonly code: number;

  constructor(message: string, code = -32_600) {
    super(message);
    this.code = code;
  }
}

/** One client, as the server knows it. */
interface Client {
  readonly connection: Connection;
  isReady: boolean;
  readonly threads: Set<string>;
}

type Params = Readonly<Record<string, unknown>>;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Turns as they stand in answers; items only with the user messages, which is all that is looked at. */
function wireTurn({ id, status, error, reply, said }: SimTurn): object {
  const items: object[] = said.map(({ clientId, text }) => ({
    type: 'userMessage',
    clientId,
    text,
  }));
  if (reply !== null) items.push({ type: 'agentMessage', text: reply });
  return { id, status, error: error === null ? null : { message: error }, items };
}

/** How soon after its answer the key of a call is used again. */
export const reusedMs = 15;

/** The app-server of one Codex process. */
export class CodexServer {
  readonly #mind: Mind;
  readonly #process: SimProcess;
  readonly #processId: number;
  readonly #dice: Dice;
  readonly #clients = new Set<Client>();

  constructor(mind: Mind, process: SimProcess, processId: number, dice: Dice) {
    this.#mind = mind;
    this.#process = process;
    this.#processId = processId;
    this.#dice = dice;
    mind.listener = {
      onCall: (call) => this.#tell(call.thread, (client) => this.#sendCall(client, call)),
      onTurnStarted: (thread, turn) => this.#notifyTurn('turn/started', thread, turn),
      onTurnEnded: (thread, turn) => this.#notifyTurn('turn/completed', thread, turn),
      onOver: (call, isAnswered) => {
        if (isAnswered && dice.plan.reuse !== undefined)
          process.after(reusedMs, () => this.#reuse(call));
      },
    };
  }

  /** Connections that are open here. */
  get clients(): number {
    return this.#clients.size;
  }

  accept(connection: Connection, onClose: () => void): void {
    const client: Client = { connection, isReady: false, threads: new Set() };
    this.#clients.add(client);
    connection.accept({
      onFrame: (text) => this.#receive(client, text),
      onClose: () => {
        this.#clients.delete(client);
        onClose();
      },
    });
  }

  #receive(client: Client, text: string): void {
    const message: unknown = JSON.parse(text);
    if (!isRecord(message)) return;
    const { id, method, params, result } = message;
    if (typeof method !== 'string') {
      if (typeof id === 'number' && isRecord(result)) this.#take(client, id, result);
      return;
    }
    if (typeof id !== 'number') return;
    this.#process.after(this.#process.random.between(0, 4), () =>
      this.#reply(client, id, method, isRecord(params) ? params : {}),
    );
  }

  #take(client: Client, id: number, result: Params): void {
    const items = Array.isArray(result.contentItems) ? result.contentItems : [];
    const text = items.map((item) => (isRecord(item) ? textOf(item.text) : '')).join('\n');
    const runtime = client.connection.client.name;
    this.#mind.answer(id, { runtime, success: result.success === true, text });
  }

  #reply(client: Client, id: number, method: string, params: Params): void {
    try {
      if (this.#dice.hits('overload', method)) {
        throw new Refusal('Server overloaded; retry later.', -32_001);
      }
      const result = this.#handle(client, method, params);
      this.#send(client, { id, result });
      if (method === 'thread/resume') this.#redeliver(client, textOf(params.threadId));
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      this.#send(client, { id, error: { code: thrown.code, message: thrown.message } });
    }
  }

  #handle(client: Client, method: string, params: Params): object {
    if (method === 'initialize') {
      client.isReady = true;
      return { userAgent: 'sessionmesh/0.0.0 (simulated)' };
    }
    if (!client.isReady) throw new Refusal('Not initialized');
    switch (method) {
      case 'server/diagnostics':
        return { process: { id: this.#processId } };
      case 'thread/start': {
        const thread = this.#mind.createThread(toolNames(params.dynamicTools));
        client.threads.add(thread.id);
        return { thread: { id: thread.id } };
      }
      case 'thread/resume':
        return this.#resume(client, textOf(params.threadId));
      default:
        return this.#onThread(client, method, params);
    }
  }

  #onThread(client: Client, method: string, params: Params): object {
    const thread = this.#thread(textOf(params.threadId));
    switch (method) {
      case 'thread/name/set':
        thread.title = textOf(params.name);
        thread.isWritten = true;
        return {};
      case 'thread/unsubscribe':
        client.threads.delete(thread.id);
        return { status: 'unsubscribed' };
      case 'thread/delete':
      case 'thread/archive':
        this.#mind.deleteThread(thread);
        return {};
      case 'thread/turns/list':
        return { data: newestFirst(thread) };
      case 'thread/items/list':
        return { data: itemsOf(thread, textOf(params.turnId)) };
      case 'turn/start':
        return this.#startTurn(thread, params);
      case 'turn/interrupt':
        return this.#interrupt(thread, textOf(params.turnId));
      default:
        throw new Refusal(`Invalid request: unknown variant ${method}`);
    }
  }

  /** Only a thread that is open here can be asked anything. */
  #thread(id: string): SimThread {
    const thread = this.#mind.thread(id);
    if (!thread || thread.writer !== this.#process) throw new Refusal(`thread not found: ${id}`);
    return thread;
  }

  #resume(client: Client, id: string): object {
    const thread = this.#mind.thread(id);
    if (!thread?.isWritten) throw new Refusal(`no rollout found for thread id ${id}`);
    if (thread.writer && thread.writer !== this.#process) {
      throw new Refusal(`thread ${id} already has an active writer`);
    }
    thread.writer = this.#process;
    client.threads.add(id);
    return { thread: { id }, initialTurnsPage: { data: newestFirst(thread) } };
  }

  #redeliver(client: Client, threadId: string): void {
    for (const call of this.#mind.waitingIn(threadId)) this.#sendCall(client, call);
  }

  #startTurn(thread: SimThread, params: Params): object {
    const [input] = Array.isArray(params.input) ? params.input : [];
    const text = isRecord(input) ? textOf(input.text) : '';
    const turn = this.#mind.say(thread, text, textOf(params.clientUserMessageId) || null);
    return { turn: { id: turn.id } };
  }

  #interrupt(thread: SimThread, turnId: string): object {
    const turn = activeTurn(thread);
    if (turn?.id !== turnId) throw new Refusal('no active turn to interrupt');
    this.#mind.interrupt(thread, turn);
    return {};
  }

  #sendCall(client: Client, { number, thread, turn, issued, ...call }: WaitingCall): void {
    const params = {
      threadId: thread.id,
      turnId: turn.id,
      callId: issued.callId,
      namespace: null,
      tool: issued.tool,
      arguments: call.arguments,
    };
    this.#send(client, { id: number, method: 'item/tool/call', params });
  }

  /** Only who follows the thread can mistake the call for another one. */
  #reuse(call: WaitingCall): void {
    const clients = [...this.#clients].filter(({ threads }) => threads.has(call.thread.id));
    const other = clients.length > 0 ? this.#mind.reuse(call) : null;
    if (other) for (const client of clients) this.#sendCall(client, other);
  }

  #notifyTurn(method: string, thread: SimThread, turn: SimTurn): void {
    const params = { threadId: thread.id, turn: wireTurn(turn) };
    this.#tell(thread, (client) => this.#send(client, { method, params }));
  }

  #tell(thread: SimThread, send: (client: Client) => void): void {
    for (const client of this.#clients) if (client.threads.has(thread.id)) send(client);
  }

  #send(client: Client, message: object): void {
    client.connection.sendDown(JSON.stringify(message));
  }
}

function newestFirst({ turns }: SimThread): readonly object[] {
  return turns.slice(-16).toReversed().map(wireTurn);
}

function itemsOf({ turns }: SimThread, turnId: string): readonly object[] {
  const said = turns.find(({ id }) => id === turnId)?.said ?? [];
  return said.map(({ clientId, text }) => ({
    turnId,
    item: { type: 'userMessage', clientId, text },
  }));
}

function toolNames(tools: unknown): readonly string[] {
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((tool) => (isRecord(tool) ? textOf(tool.name) : []));
}
