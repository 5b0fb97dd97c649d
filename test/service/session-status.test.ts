/** What the list of sessions says each of them does. */
import { expect, test } from 'vitest';
import type { Client } from './client.ts';
import {
  callNamedTools,
  endedTurn,
  fakeScene,
  newSession,
  pendingCalls,
  answerOf,
} from './scene.ts';

async function statusOf(client: Client, id: string) {
  const { body } = await client.get('/api/sessions');
  return body.data.find(({ sessionId }: { sessionId: string }) => sessionId === id).status;
}

test('idle, active, and what it waits for', async () => {
  const { client, host } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  expect(await statusOf(client, id)).toEqual({ type: 'idle' });
  const { turnId } = (await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' }))
    .body;
  const [{ requestId }] = await pendingCalls(client, id);
  expect(await statusOf(client, id)).toEqual({ type: 'active', activeFlags: ['waitingOnClient'] });

  const asked = new AbortController();
  const params = { threadId: id, turnId, itemId: 'command-1', command: ['ls'] };
  const method = 'item/commandExecution/requestApproval';
  const question = { method, sessionId: id, turnId, params };
  const decided = Promise.resolve(host.hooks().onQuestion(question, asked.signal));
  expect(await statusOf(client, id)).toEqual({
    type: 'active',
    activeFlags: ['waitingOnClient', 'waitingOnApproval'],
  });
  const { body } = await client.get(`/api/sessions/${id}/approvals`);
  const path = `/api/approvals/${body.data[0].approvalId}/decision`;
  await client.post(path, { decision: 'accept' });
  await decided;
  await client.post(`/api/tool-calls/${requestId}/response`, answerOf('open'));
  await endedTurn(client, id);
  expect(await statusOf(client, id)).toEqual({ type: 'idle' });
});

test.each([
  [{ type: 'systemError' }, { type: 'systemError' }],
  [{ type: 'notLoaded' }, { type: 'notLoaded' }],
  [
    { type: 'active', activeFlags: ['waitingOnUserInput', 7] },
    { type: 'active', activeFlags: ['waitingOnUserInput'] },
  ],
  ['nonsense', { type: 'notLoaded' }],
])('a session of another client is as Codex says: %j', async (said, status) => {
  const { client, host } = await fakeScene(callNamedTools);
  const thread = { id: 'foreign', name: null, preview: 'x', cwd: '/', createdAt: 1, status: said };
  host.replies['thread/list'] = () => ({ data: [thread], nextCursor: null });
  expect(await statusOf(client, 'foreign')).toEqual(status);
});
