/** A stream that drops while a handler runs: the call is answered after the reconnect, its handler ran once. */
import assert from 'node:assert/strict';
import { createMesh, tool } from 'sessionmesh';
import { simulatedHost } from 'sessionmesh/testing';

const host = simulatedHost(({ results }) =>
  results[0] ? { text: results[0].output } : { calls: [{ tool: 'build' }] },
);
let starts = 0;
const build = tool({
  name: 'build',
  description: 'Build the project.',
  execute: () => {
    starts += 1;
    host.dropLink();
    return 'built';
  },
});

await using mesh = await createMesh({ host });
mesh.events$.subscribe((event) => console.log(event.type));
await using session = await mesh.createSession({ tools: [build] });
const turn = session.sendAndHandle('Build it.');
setTimeout(() => host.restoreLink(), 50);

assert.equal((await turn).reply, 'built');
assert.equal(starts, 1);
