/**
 * A program with a durable ledger that kills itself at a given point of a call's life: what
 * `crash.test.ts` starts, and starts again. Arguments: url, folder, crash point, session id or `new`.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { appServer, createMesh, tool, type HostFactory } from 'sessionmesh';

const [url = '', folder = '', point = 'none', sessionId = 'new'] = process.argv.slice(2);

function crashAt(here: string): void {
  if (here === point) process.kill(process.pid, 'SIGKILL');
}

const effect = tool({
  name: 'effect',
  description: 'Leaves a line in a file.',
  effects:
    point === 'repeatable' || sessionId.startsWith('repeatable') ? 'repeatable' : 'at-most-once',
  execute: async (_, { attempt }) => {
    crashAt('after intent');
    appendFileSync(join(folder, 'starts'), `${attempt}\n`);
    crashAt('after effect');
    if (point === 'repeatable') process.kill(process.pid, 'SIGKILL');
    return 'effect done';
  },
});

const host = appServer({ url });
const crashingHost: HostFactory = (context) => {
  const inner = host(context);
  const answer = inner.answer.bind(inner);
  inner.answer = (call, output) => {
    crashAt('after outcome');
    const verdict = answer(call, output);
    crashAt('after send');
    return verdict;
  };
  return inner;
};

const mesh = await createMesh({
  host: crashingHost,
  ledger: { path: join(folder, 'ledger.sqlite') },
  onEvent: ({ type }) => {
    if (type === 'call.claimed') crashAt('before intent');
  },
});
if (sessionId === 'new') {
  const session = await mesh.createSession({ tools: [effect] });
  console.log(session.id);
  await session.sendAndHandle('effect');
} else {
  const id = sessionId.replace('repeatable ', '');
  const [recoverable] = mesh.recoverable;
  if (recoverable?.sessionId !== id) throw new Error('the session is not recoverable');
  const ended = new Promise<string | null>((resolve) => {
    mesh.events$.subscribe((event) => {
      if (event.type === 'turn.ended') resolve(event.reply);
    });
  });
  const session = await mesh.resumeSession(id, { tools: [effect] });
  const isOver = session.turnId === null;
  await session.drainPendingCalls();
  console.log(isOver ? 'the turn was over' : `reply: ${await ended}`);
}
await mesh.close();
