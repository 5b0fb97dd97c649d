/** MCP both ways: tools served to any MCP client, and the tools of an MCP server in a session. */
import assert from 'node:assert/strict';
import { createMesh, namespace, tool } from 'sessionmesh';
import { mcpTools, serveTools } from 'sessionmesh/mcp';
import { simulatedHost } from 'sessionmesh/testing';
import { z } from 'zod';

const crm = namespace('crm', {
  description: 'Customer records.',
  tools: [
    tool({
      name: 'lookup',
      description: 'Looks a customer up by id.',
      input: z.object({ id: z.string() }),
      execute: ({ id }) => ({ id, name: 'Ada' }),
    }),
  ],
});

// A server: `sessionmesh mcp <module>` does this from the command line, over stdio or HTTP.
await using serving = await serveTools([crm], { transport: { kind: 'http', token: 'secret' } });
console.log(`serving ${serving.toolNames.join(', ')} at ${serving.url}`);
assert.deepEqual(serving.toolNames, ['crm__lookup']);
assert(serving.url !== null);

// A client: `{ command, args }` would start a server instead.
await using remote = await mcpTools(
  { url: serving.url, headers: { authorization: 'Bearer secret' } },
  'remote',
);

const host = simulatedHost(({ results }) =>
  results[0]
    ? { text: results[0].output }
    : { calls: [{ namespace: 'remote', tool: 'crm__lookup', arguments: { id: 'C-7' } }] },
);
await using mesh = await createMesh({ host });
await using session = await mesh.createSession({ tools: [remote.namespace] });
const turn = await session.sendAndHandle('Who is C-7?');
console.log(turn.reply);
assert.equal(turn.reply, '{"id":"C-7","name":"Ada"}');
