/** What is shown of calls that are under way and of those that are over. */
import { expect, test } from 'vitest';
import { tool, ToolError } from '../../src/tools/index.ts';
import {
  answerOf,
  callNamedTools,
  endedTurn,
  fakeScene,
  lookup,
  newSession,
  pendingCalls,
} from './scene.ts';
import type { Client, Json } from './client.ts';

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

const callsOf = async (client: Client, id: string, query = ''): Promise<Json[]> =>
  (await client.get(`/api/sessions/${id}/calls${query}`)).body.data;

test('a call of a client, while it waits and when it is over', async () => {
  const { client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  expect(await callsOf(client, id)).toEqual([]);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [{ requestId, callId, turnId }] = await pendingCalls(client, id);
  const row = {
    callId,
    requestId,
    threadId: id,
    turnId,
    tool: 'lookup_ticket',
    namespace: null,
    servedBy: 'client',
    state: 'running',
    outcome: null,
    success: null,
    code: null,
    attempts: 1,
    deliveries: 1,
    submissions: 0,
    createdAt: time,
    startedAt: time,
    answeredAt: null,
    endedAt: null,
  };
  expect(await callsOf(client, id)).toEqual([row]);
  const path = `/api/sessions/${id}/calls`;
  const content = { arguments: { id: 'ENG-1' }, result: null, isContentKept: true };
  expect((await client.get(`${path}/${callId}`)).body).toEqual({ call: { ...row, ...content } });

  await client.post(`/api/tool-calls/${requestId}/response`, answerOf('ENG-1 is open'));
  const over = {
    ...row,
    state: 'answered',
    outcome: 'answered',
    success: true,
    submissions: 1,
    answeredAt: time,
    endedAt: time,
  };
  expect(await callsOf(client, id)).toEqual([over]);
  for (const name of [callId, requestId]) {
    expect((await client.get(`${path}/${name}`)).body.call).toEqual({
      ...over,
      ...content,
      result: { success: true, contentItems: [{ type: 'inputText', text: 'ENG-1 is open' }] },
    });
  }
});

test('calls that this process serves are shown as well, also those that fail', async () => {
  const served = [
    tool({
      name: 'clock',
      description: 'Tells the time.',
      input: { type: 'object' },
      execute: () => 'noon',
    }),
    tool({
      name: 'broken',
      description: 'Fails.',
      input: { type: 'object' },
      execute: () => {
        throw new ToolError('out of order');
      },
    }),
  ];
  const { client } = await fakeScene(callNamedTools, { tools: served });
  const id = await newSession(client, []);
  await client.post(`/api/sessions/${id}/messages`, { text: 'clock broken' });
  await endedTurn(client, id);
  const rows = await callsOf(client, id);
  expect(rows).toMatchObject([
    { tool: 'broken', servedBy: 'service', success: false, code: 'handler_failed' },
    { tool: 'clock', servedBy: 'service', success: true, code: null },
  ]);
  for (const row of rows) expect(row).toMatchObject({ requestId: null, outcome: 'answered' });
  const { body } = await client.get(`/api/sessions/${id}/calls/${rows[0].callId}`);
  expect(body.call.result).toEqual({
    success: false,
    contentItems: [{ type: 'inputText', text: 'out of order' }],
  });
});

test('a call that is taken back, and one that nobody answers in time', async () => {
  const { client } = await fakeScene(callNamedTools, { callTimeoutMs: 30 });
  const id = await newSession(client, [lookup(), lookup('other')]);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  await endedTurn(client, id);
  expect(await callsOf(client, id)).toMatchObject([
    { state: 'expired', outcome: 'expired', success: false, code: 'handler_timeout' },
  ]);
  await client.post(`/api/sessions/${id}/messages`, { text: 'other' });
  await pendingCalls(client, id);
  await client.post(`/api/sessions/${id}/interrupt`);
  await endedTurn(client, id);
  expect(await callsOf(client, id, '?limit=1')).toMatchObject([
    { tool: 'other', outcome: 'cancelled', success: null, code: 'call_cancelled' },
  ]);
});

test('a call that Codex delivers again is one call, and says how often it came', async () => {
  const { client, host } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  await pendingCalls(client, id);
  host.controls.redeliver(id);
  expect(await callsOf(client, id)).toMatchObject([{ deliveries: 2, attempts: 1 }]);
});

test('of two calls with one call id the newest is found by it, each by its request id', async () => {
  const { client } = await fakeScene(({ results }) =>
    results.length >= 2
      ? { text: 'done' }
      : { calls: [{ tool: 'lookup_ticket', callId: 'same', arguments: { id: results.length } }] },
  );
  const id = await newSession(client);
  await client.post(`/api/sessions/${id}/messages`, { text: 'go' });
  const answer = async () => {
    const [{ requestId }] = await pendingCalls(client, id);
    await client.post(`/api/tool-calls/${requestId}/response`, answerOf('x'));
    return requestId;
  };
  const first = await answer();
  const second = await answer();
  await endedTurn(client, id);
  const read = async (name: string) =>
    (await client.get(`/api/sessions/${id}/calls/${name}`)).body.call;
  expect(await read(first)).toMatchObject({ requestId: first, arguments: { id: 0 } });
  expect(await read('same')).toMatchObject({ requestId: second, arguments: { id: 1 } });
});

test('the oldest calls are forgotten, and their content before them', async () => {
  const { client } = await fakeScene(
    ({ results, text }) =>
      results.length > 0
        ? { text: 'done' }
        : { calls: [{ tool: 'clock', callId: text, arguments: { filler: 'x'.repeat(1_000) } }] },
    {
      tools: [
        tool({
          name: 'clock',
          description: 'Tells the time.',
          input: { type: 'object' },
          execute: () => 'noon',
        }),
      ],
      limits: { sessionCallsShownMax: 2, callsShownMax: 3, callContentsBytesMax: 5_000 },
    },
  );
  const ids = [await newSession(client, []), await newSession(client, [])];
  for (const [index, text] of ['a', 'b', 'c', 'd'].entries()) {
    const id = ids[index === 3 ? 1 : 0]!;
    await client.post(`/api/sessions/${id}/messages`, { text });
    await endedTurn(client, id);
  }
  const names = async (id: string) => (await callsOf(client, id)).map(({ callId }) => callId);
  expect(await names(ids[0]!)).toEqual(['c', 'b']);
  expect(await names(ids[1]!)).toEqual(['d']);
  const kept = async (id: string, name: string) =>
    (await client.get(`/api/sessions/${id}/calls/${name}`)).body.call;
  expect(await kept(ids[0]!, 'b')).toMatchObject({
    outcome: 'answered',
    arguments: null,
    result: null,
    isContentKept: false,
  });
  expect(await kept(ids[1]!, 'd')).toMatchObject({
    isContentKept: true,
    result: { success: true },
  });
  await client.delete(`/api/sessions/${ids[0]}`);
  const next = await newSession(client, []);
  await client.post(`/api/sessions/${next}/messages`, { text: 'e' });
  await endedTurn(client, next);
  expect(await names(ids[1]!)).toEqual(['d']);
});

test('calls of a session that is not there, and those that were never made', async () => {
  const { client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  expect(await client.get('/api/sessions/nobody/calls')).toMatchObject({
    status: 404,
    body: { status: 'not_found', sessionId: 'nobody', message: 'no such session' },
  });
  expect(await client.get(`/api/sessions/${id}/calls/nothing`)).toMatchObject({
    status: 404,
    body: { status: 'not_found', sessionId: id, callId: 'nothing' },
  });
  for (const limit of ['0', '513', 'x']) {
    expect((await client.get(`/api/sessions/${id}/calls?limit=${limit}`)).status).toBe(400);
  }
  await client.delete(`/api/sessions/${id}`);
  expect((await client.get(`/api/sessions/${id}/calls`)).status).toBe(410);
  expect((await client.get(`/api/sessions/${id}/calls/nothing`)).status).toBe(410);
});
