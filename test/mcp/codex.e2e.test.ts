/** The real Codex: with our server among its MCP servers, and with an MCP server's tools in a session of ours. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { appServer, createMesh } from '../../src/index.ts';
import { mcpTools } from '../../src/mcp/index.ts';
import { scriptedCodexHome, startScriptedModel } from '../../src/testing/index.ts';
import { everything } from './everything.ts';

test('Codex offers our tools as those of an MCP server, and calls them', async () => {
  await using model = await startScriptedModel(({ results }) =>
    results.length === 0
      ? {
          calls: [
            { namespace: 'mcp__ours', tool: 'add', arguments: { a: 1, b: 2 } },
            { namespace: 'mcp__ours', tool: 'crm__lookup', arguments: { id: 'A7' } },
            { namespace: 'mcp__ours', tool: 'add', arguments: { a: 1 } },
            { namespace: 'mcp__ours', tool: 'refuse' },
          ],
        }
      : { text: 'done' },
  );
  const ours = {
    command: process.execPath,
    args: [join(import.meta.dirname, 'serve.ts'), join(import.meta.dirname, 'served-module.ts')],
    startup_timeout_sec: 20,
    default_tools_approval_mode: 'approve',
  };
  await using home = await scriptedCodexHome(model, { config: { mcp_servers: { ours } } });
  const host = appServer({ env: { ...process.env, ...home.env } });
  await using mesh = await createMesh({ host });
  await using session = await mesh.createSession({ cwd: home.path });
  expect(await session.sendAndHandle('go')).toMatchObject({ status: 'completed', reply: 'done' });

  const [first, second] = model.requests;
  const { tools = [] } = first!.body as { tools?: { name: string; description: string }[] };
  expect(first?.step?.tools).toEqual(
    expect.arrayContaining(['mcp__ours/add', 'mcp__ours/crm__lookup', 'mcp__ours/wait']),
  );
  expect(tools.find(({ name }) => name === 'mcp__ours')?.description).toBe(
    'crm__…: Customer records.',
  );
  const outputs = second?.step?.results.map(({ output }) => output) ?? [];
  expect(outputs).toEqual([
    expect.stringMatching(/Output:\n\{"sum":3\}$/),
    expect.stringMatching(/Output:\n\{"id":"A7","name":"Ada"\}$/),
    expect.stringMatching(/The arguments do not fit\. b: is required/),
    expect.stringMatching(/No, and here is why\./),
  ]);
});

test("an MCP server's tools are dynamic tools of a session", async () => {
  await using bound = await mcpTools(everything, 'every', {
    policy: (name) => (name.startsWith('trigger') ? { timeoutMs: 1_500 } : {}),
  });
  const operation = { duration: 2, steps: 20 };
  await using model = await startScriptedModel(({ results }) =>
    results.length === 0
      ? {
          calls: [
            { namespace: 'every', tool: 'echo', arguments: { message: 'hi' } },
            {
              namespace: 'every',
              tool: 'get_structured_content',
              arguments: { location: 'Chicago' },
            },
            { namespace: 'every', tool: 'get_sum', arguments: { a: 'one' } },
            { namespace: 'every', tool: 'trigger_long_running_operation', arguments: operation },
          ],
        }
      : { text: 'done' },
  );
  await using home = await scriptedCodexHome(model);
  const host = appServer({ env: { ...process.env, ...home.env } });
  await using mesh = await createMesh({ host });
  await using session = await mesh.createSession({ cwd: home.path, tools: [bound.namespace] });
  const turn = await session.sendAndHandle('go');
  expect(turn).toMatchObject({ status: 'completed', reply: 'done' });

  const outputs = model.requests.at(-1)?.step?.results.map(({ output }) => output) ?? [];
  expect(outputs).toEqual([
    'Echo: hi',
    expect.stringMatching(/^\{"temperature":\d+/),
    expect.stringMatching(/expected number, received string/),
    // Longer than its deadline, which progress moved.
    expect.stringMatching(/Long running operation completed/),
  ]);
  expect(turn.dispatches.map(({ outcome }) => outcome)).toEqual(Array(4).fill('answered'));
});
