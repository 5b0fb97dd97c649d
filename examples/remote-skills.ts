/** Remote skills as clients of codex-manager know them: tools in this process, the session at a control service. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from 'sessionmesh/client';
import { scriptedCodexHome, startScriptedModel } from 'sessionmesh/testing';

// A service to talk to: `sessionmesh serve` where the package is installed. The model is scripted, so that
// no account is needed.
await using model = await startScriptedModel(({ results }) =>
  results[0]
    ? { text: `It says: ${results[0].output}` }
    : { calls: [{ tool: 'lookup_ticket', arguments: { id: 'ENG-1234' } }] },
);
await using home = await scriptedCodexHome(model);
await using cleanup = new AsyncDisposableStack();
const folder = await mkdtemp(join(tmpdir(), 'remote-skills-'));
cleanup.defer(() => rm(folder, { recursive: true }));
const command = join(import.meta.dirname, '../src/cli/main.ts');
const service = spawn(process.execPath, [command, 'serve', '--port', '0', '--json'], {
  env: { ...process.env, ...home.env, SESSIONMESH_HOME: folder },
  stdio: ['ignore', 'pipe', 'inherit'],
});
cleanup.defer(async () => {
  service.kill();
  await once(service, 'exit');
});
const [line] = await once(createInterface(service.stdout), 'line');
const { url, tokenFile } = JSON.parse(String(line));

await using client = await connect({ url, token: () => readFile(tokenFile, 'utf8') });

// 1. One call does it all: it sends, polls, runs the handlers, answers, and waits for the end of the turn.
{
  await using life = await client.remoteSkills.lifecycle({
    approvalPolicy: 'never',
    register: (draft) => {
      draft.register('lookup_ticket', ({ id }) => ({ id, status: 'open' }), {
        description: 'Look a ticket up.',
        inputSchema: {
          type: 'object',
          properties: { id: { type: 'string' } },
          required: ['id'],
          additionalProperties: false,
        },
      });
    },
  });
  const result = await life.skills.sendAndHandle('What is the state of ENG-1234?');
  console.log(result.status, result.assistantReply);
  assert.equal(result.assistantReply, 'It says: {"id": "ENG-1234", "status": "open"}');
  assert.deepEqual(
    result.dispatches.map(({ tool, handled, submissionStatus }) => ({
      tool,
      handled,
      submissionStatus,
    })),
    [{ tool: 'lookup_ticket', handled: true, submissionStatus: 'ok' }],
  );
}

// 2. Or signal by signal, while this process waits for the reply.
const { skills } = await client.remoteSkills.createSession({
  approvalPolicy: 'never',
  register: (draft) => draft.register('lookup_ticket', ({ id }) => `${String(id)} is closed`),
});
const handled: unknown[] = [];
client.stream.onAppServerRequest('item.tool.call', async (signal) => {
  const dispatch = await skills.respondToSignal(signal);
  if (dispatch) handled.push(dispatch.result);
});
const stop = new AbortController();
const running = client.stream.runForever({ threadId: skills.sessionId, signal: stop.signal });
await client.stream.ready();
const { assistantReply } = await client.wait.sendMessageAndWaitReply({
  sessionId: skills.sessionId,
  text: skills.injectRequest('And now?'),
});
console.log(assistantReply, handled);
assert.equal(assistantReply, 'It says: ENG-1234 is closed');
assert.deepEqual(handled, ['ENG-1234 is closed']);

stop.abort();
await running;
await client.remoteSkills.closeSession(skills.sessionId, { deleteSession: true });
