/** Plain TypeScript functions as tools: their signatures and comments are the schemas, checked at every call. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createMesh } from 'sessionmesh';
import { toolsFromModule } from 'sessionmesh/infer';
import { simulatedHost } from 'sessionmesh/testing';
import { listDue } from './infer/tickets.ts';

const [tool] = await toolsFromModule(join(import.meta.dirname, 'infer/tickets.ts'));
assert.ok(tool);
console.log(JSON.stringify(tool.inputSchema, null, 2));

const calls = [{ before: 'soon' }, { before: '2026-06-01T00:00:00Z' }];
const host = simulatedHost(({ results }) => {
  const next = calls[results.length];
  return next
    ? { calls: [{ tool: 'listDue', arguments: next }] }
    : { text: results.map(({ output }) => output).join('\n') };
});

await using mesh = await createMesh({ host });
await using session = await mesh.createSession({ tools: [tool] });
const turn = await session.sendAndHandle('What is due before June?');
console.log(turn.reply);

assert.deepEqual(
  turn.dispatches.map(({ code }) => code),
  ['arguments_invalid', null],
);
const [refused = '', answered = ''] = turn.reply?.split('\n') ?? [];
assert.match(refused, /before: .*"soon"/);
// The function was given a Date, and gives what it gives when it is called directly.
const due = listDue(new Date('2026-06-01'));
assert.deepEqual(JSON.parse(answered), JSON.parse(JSON.stringify(due)));
