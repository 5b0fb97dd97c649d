/**
 * A stand-in for `codex app-server` that costs next to nothing: its turns call a tool so many times, so many
 * at once, and say how long each answer took. Lines in, lines out; no library.
 *
 * `turn/start` with the text `<calls> <inFlight>` runs such a turn; its last message is JSON: how many
 * milliseconds passed from each request to its answer, and in all.
 */
import { readMessages, send } from './message-lines.ts';

interface Turn {
  readonly id: string;
  readonly threadId: string;
  readonly total: number;
  readonly startedMs: number;
  readonly askedMs: Map<number, number>;
  readonly tookMs: number[];
  sent: number;
}

let lastId = 0;
const threads = new Map<string, object[]>();
const asking = new Map<number, Turn>();

const threadOf = (id: string) => ({
  id,
  turns: [],
  name: 'bench',
  preview: '',
  modelProvider: 'bench',
  cwd: '/',
  source: 'vscode',
  path: null,
  createdAt: 1,
  updatedAt: 1,
});

function ask(turn: Turn) {
  const id = (lastId += 1);
  const { threadId } = turn;
  turn.sent += 1;
  turn.askedMs.set(id, performance.now());
  asking.set(id, turn);
  send({
    method: 'item/tool/call',
    id,
    params: {
      threadId,
      turnId: turn.id,
      callId: `call_${id}`,
      namespace: null,
      tool: 'lookup_ticket',
      arguments: { id: `ENG-${id}` },
    },
  });
}

function begin(threadId: string, text: string): string {
  const [total, inFlight] = text.split(' ').map(Number);
  const turns = threads.get(threadId)!;
  const turn: Turn = {
    id: `${threadId}-turn-${turns.length}`,
    threadId,
    total: total!,
    startedMs: performance.now(),
    askedMs: new Map(),
    tookMs: [],
    sent: 0,
  };
  const shown = { id: turn.id, status: 'inProgress', items: [], error: null };
  turns.push(shown);
  send({ method: 'turn/started', params: { threadId, turn: shown } });
  // Once the answer to `turn/start` is on its way.
  queueMicrotask(() => {
    for (let n = 0; n < Math.min(inFlight!, total!); n += 1) ask(turn);
  });
  return turn.id;
}

function finish({ id, threadId, tookMs, startedMs }: Turn) {
  const text = JSON.stringify({ tookMs, elapsedMs: performance.now() - startedMs });
  const items = [{ type: 'agentMessage', id: `message-${id}`, text }];
  const turns = threads.get(threadId)!;
  const shown = { id, status: 'completed', items, error: null };
  turns[turns.length - 1] = shown;
  send({ method: 'turn/completed', params: { threadId, turn: shown } });
}

function onAnswer(id: number) {
  const turn = asking.get(id);
  if (!turn) return;
  asking.delete(id);
  turn.tookMs.push(performance.now() - turn.askedMs.get(id)!);
  turn.askedMs.delete(id);
  if (turn.sent < turn.total) ask(turn);
  else if (turn.tookMs.length === turn.total) finish(turn);
}

function resultOf(method: string, params: Record<string, unknown>): object {
  const threadId = String(params['threadId']);
  switch (method) {
    case 'initialize':
      return { userAgent: 'sessionmesh/0.169.0 (bench)' };
    case 'thread/start': {
      const id = `thread-${threads.size}`;
      threads.set(id, []);
      return { thread: threadOf(id) };
    }
    case 'thread/read':
      return { thread: threadOf(threadId) };
    case 'thread/turns/list':
      return { data: threads.get(threadId)!.toReversed() };
    case 'turn/start': {
      const [{ text }] = params['input'] as [{ text: string }];
      return { turn: { id: begin(threadId, text), status: 'inProgress', items: [], error: null } };
    }
    default:
      return {};
  }
}

readMessages(({ id, method, params }) => {
  if (method === undefined) onAnswer(Number(id));
  else if (id !== undefined) {
    send({ id, result: resultOf(method, params as Record<string, unknown>) });
  }
});
