/**
 * A stand-in for `codex app-server` that costs next to nothing: it opens threads on request, then sends
 * tool calls with a given number in flight and counts the answers. Both the bare loop and the runtime
 * are measured against it. Lines in, lines out; no library.
 *
 * `turn/start` with the text `run <calls> <inFlight>` starts a run over all open threads; its end is told by
 * the notification `bench/finished`.
 */
import { readMessages, send } from './message-lines.ts';

let threads: string[] = [];
let run = { total: 0, sent: 0, answered: 0, requestId: 0, round: 0 };

function turnNote(threadId: string, status: 'inProgress' | 'completed') {
  const method = status === 'inProgress' ? 'turn/started' : 'turn/completed';
  const turn = { id: turnIdOf(threadId), status, items: [], error: null };
  send({ method, params: { threadId, turn } });
}

/** Each thread has one turn per run; it ends with the run, when no call is in flight. */
const turnIdOf = (threadId: string) => `${threadId}-turn-${run.round}`;

function sendCall() {
  const threadId = threads[run.sent % threads.length]!;
  const turnId = turnIdOf(threadId);
  if (run.sent < threads.length) turnNote(threadId, 'inProgress');
  const id = run.requestId;
  send({
    method: 'item/tool/call',
    id,
    params: {
      threadId,
      turnId,
      callId: `call_${id}`,
      namespace: null,
      tool: 'lookup_ticket',
      arguments: { id: `ENG-${id}`, verbose: true, labels: ['bug', 'urgent'] },
    },
  });
  run.requestId += 1;
  run.sent += 1;
}

function finishRun() {
  for (const threadId of threads.slice(0, run.total)) {
    turnNote(threadId, 'completed');
  }
  send({ method: 'bench/finished', params: {} });
}

function onAnswer() {
  run.answered += 1;
  if (run.sent < run.total) sendCall();
  else if (run.answered === run.total) finishRun();
}

function onRequest(id: unknown, method: string, params: Record<string, unknown>) {
  switch (method) {
    case 'initialize':
      send({
        id,
        result: {
          userAgent: 'sessionmesh/0.169.0 (bench)',
          codexHome: '/',
          platformFamily: 'unix',
          platformOs: 'linux',
        },
      });
      return;
    case 'thread/start': {
      const threadId = `thread-${threads.length}`;
      threads.push(threadId);
      send({ id, result: { thread: { id: threadId, turns: [] }, model: 'bench', cwd: '/' } });
      return;
    }
    case 'turn/start': {
      const [text] = params['input'] as { text: string }[];
      const [, total, inFlight] = text!.text.split(' ');
      const round = run.round + 1;
      const turnId = `${String(params['threadId'])}-turn-${round}`;
      run = { ...run, total: Number(total), sent: 0, answered: 0, round };
      send({
        id,
        result: {
          turn: { id: turnId, items: [], status: 'inProgress' },
        },
      });
      for (let n = 0; n < Number(inFlight); n += 1) sendCall();
      return;
    }
    default:
      send({ id, result: {} });
  }
}

readMessages(({ id, method, params }) => {
  if (method === undefined) onAnswer();
  else if (id !== undefined) onRequest(id, method, params as Record<string, unknown>);
});
