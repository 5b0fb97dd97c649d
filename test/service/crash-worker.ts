/**
 * A service with a durable ledger on a Codex that outlives it, which kills itself at a given point of a
 * call's life: what `crash.e2e.test.ts` starts, and starts again. Arguments: url of Codex, folder, point.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { appServer } from '../../src/hosts/app-server/index.ts';
import { startService, type ServiceHostFactory } from '../../src/service/index.ts';
import { tool } from '../../src/tools/index.ts';

const [codexUrl = '', folder = '', point = 'none'] = process.argv.slice(2);

function crashAt(here: string): void {
  if (here === point) process.kill(process.pid, 'SIGKILL');
}

/** A tool of the service itself: it counts its starts in a file. */
const effect = (name: 'once' | 'repeatable') =>
  tool({
    name,
    description: 'Leaves a line in a file.',
    input: { type: 'object' },
    effects: name === 'once' ? 'at-most-once' : 'repeatable',
    execute: (_, { attempt }) => {
      appendFileSync(join(folder, 'starts'), `${name} ${attempt}\n`);
      crashAt('in the handler');
      return 'effect done';
    },
  });

const host: ServiceHostFactory = (hooks) => {
  const make = appServer({ url: codexUrl, ...hooks });
  return (context) => {
    const inner = make(context);
    const answer = inner.answer.bind(inner);
    inner.answer = (call, output) => {
      crashAt('before the answer is sent');
      const verdict = answer(call, output);
      crashAt('after the answer is sent');
      return verdict;
    };
    return inner;
  };
};

const service = await startService({
  host,
  port: 0,
  stateDir: folder,
  ledger: { path: join(folder, 'ledger.sqlite') },
  tools: [effect('once'), effect('repeatable')],
});
console.log(JSON.stringify({ url: service.url, token: service.token }));
process.on('SIGTERM', () => void service.close({ graceMs: 1 }));
