/** Remote skills against our own service, with the real Codex behind it. */
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Script } from '../../src/hosts/simulated/script.ts';
import { connect } from '../../src/remote-skills/connect.ts';
import { startService } from '../../src/service/service.ts';
import { scriptedCodexHome, startScriptedModel } from '../../src/testing/index.ts';

/** Looks two tickets up at once, then says what it found. */
const lookUpTwo: Script = ({ results }) =>
  results.length > 0
    ? { text: results.map(({ output }) => output).join(' and ') }
    : { calls: ['A', 'B'].map((id) => ({ tool: 'look_up', arguments: { id } })) };

async function open(script: Script = lookUpTwo) {
  const model = await startScriptedModel(script);
  const home = await scriptedCodexHome(model);
  const service = await startService({ host: { env: { ...process.env, ...home.env } }, port: 0 });
  const client = await connect({ url: service.url, token: service.token! });
  onTestFinished(async () => {
    await client.close({ graceMs: 1 });
    await service.close({ graceMs: 1 });
    await home.remove();
    await model.close();
  });
  return { client, service };
}

const schema = {
  type: 'object',
  properties: { id: { type: 'string' } },
  required: ['id'],
  additionalProperties: false,
} as const;

test('by polling: sendAndHandle serves a turn and tells everything about it', async () => {
  const { client } = await open();
  await using life = await client.remoteSkills.lifecycle({
    approvalPolicy: 'never',
    register: (draft) =>
      draft.register('look_up', ({ id }) => `${id} is open`, { inputSchema: schema }),
  });
  const result = await life.skills.sendAndHandle('Look the tickets up.');
  expect(result).toMatchObject({
    status: 'completed',
    assistantReply: 'A is open and B is open',
  });
  const answered = { handled: true, submissionStatus: 'ok', outcome: 'answered' };
  // Codex starts the calls of one step in any order.
  expect(result.dispatches).toHaveLength(2);
  for (const said of ['A is open', 'B is open']) {
    expect(result.dispatches).toContainEqual(
      expect.objectContaining({ ...answered, result: said }),
    );
  }
}, 60_000);

test('by signals: a route hands calls over, and a wait sees the reply', async () => {
  const { client } = await open();
  const { skills } = await client.remoteSkills.createSession({
    approvalPolicy: 'never',
    register: (draft) =>
      draft.register('look_up', ({ id }) => `${id} is open`, { inputSchema: schema }),
  });
  const { sessionId } = skills;
  const dispatches: unknown[] = [];
  client.stream.onAppServerRequest('item.tool.call', async (signal) => {
    dispatches.push((await skills.respondToSignal(signal))?.submissionStatus);
  });
  const stop = new AbortController();
  const running = client.stream.runForever({ threadId: sessionId, signal: stop.signal });
  await client.stream.ready();
  const { assistantReply, status } = await client.wait.sendMessageAndWaitReply({
    sessionId,
    text: 'Look the tickets up.',
  });
  expect({ assistantReply, status }).toEqual({
    assistantReply: 'A is open and B is open',
    status: 'completed',
  });
  await vi.waitFor(() => expect(dispatches).toEqual(['ok', 'ok']));
  expect(skills.dispatchMode()).toBe('signal');
  stop.abort();
  await running;
  expect(await client.remoteSkills.closeSession(sessionId, { deleteSession: true })).toMatchObject({
    deleted: true,
  });
  await expect(client.wait.turnStatus({ sessionId, turnId: 'x' })).rejects.toMatchObject({
    code: 'session_deleted',
  });
}, 60_000);
