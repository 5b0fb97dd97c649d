/** One tool, one session, one turn: the real Codex against a scripted model, so that no account is needed. */
import assert from 'node:assert/strict';
import { appServer, createMesh, tool } from 'sessionmesh';
import { scriptedCodexHome, startScriptedModel } from 'sessionmesh/testing';
import { z } from 'zod';

const lookupTicket = tool({
  name: 'lookup_ticket',
  description: 'Look up a ticket by id.',
  input: z.object({ id: z.string().describe('Ticket id, e.g. ENG-1234') }),
  execute: ({ id }) => ({ id, status: 'open' }),
});

await using model = await startScriptedModel(({ results }) =>
  results[0]
    ? { text: `The ticket says ${results[0].output}` }
    : { calls: [{ tool: 'lookup_ticket', arguments: { id: 'ENG-1234' } }] },
);
await using home = await scriptedCodexHome(model);
await using mesh = await createMesh({ host: appServer({ env: { ...process.env, ...home.env } }) });
await using session = await mesh.createSession({ cwd: '.', tools: [lookupTicket] });

const turn = await session.sendAndHandle('What is the status of ENG-1234?');
console.log(turn.reply);

assert.equal(turn.status, 'completed');
assert.equal(turn.reply, 'The ticket says {"id":"ENG-1234","status":"open"}');
assert.equal(turn.dispatches.length, 1);
