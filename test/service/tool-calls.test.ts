/** A tool call over HTTP: shown raw, answered once, taken back when nobody waits for it any more. */
import { expect, test } from 'vitest';
import { createRequestIds } from '../../src/service/pending-call.ts';
import { openStream } from './client.ts';
import { fakeHost } from './fake-host.ts';
import {
  answerOf,
  callNamedTools,
  endedTurn,
  fakeScene,
  lookup,
  newSession,
  pendingCalls,
} from './scene.ts';

const begin = async (scene: Awaited<ReturnType<typeof fakeScene>>, text = 'lookup_ticket') => {
  const id = await newSession(scene.client, [lookup(), lookup('other')]);
  await scene.client.post(`/api/sessions/${id}/messages`, { text });
  return id;
};

test('no request id begins like an option of a command', () => {
  expect(createRequestIds('-V1StGXR8')()).toBe('_V1StGXR8.1');
  const next = createRequestIds('V1-StGXR8');
  expect([next(), next()]).toEqual(['V1-StGXR8.1', 'V1-StGXR8.2']);
});

test('a call is listed as its row, and its answer reaches the model as it was given', async () => {
  const scene = await fakeScene(callNamedTools);
  const id = await begin(scene);
  const [row] = await pendingCalls(scene.client, id);
  expect(row).toEqual({
    requestId: expect.stringMatching(/^[\w-]+\.1$/),
    method: 'item/tool/call',
    threadId: id,
    turnId: expect.any(String),
    itemId: row.callId,
    callId: expect.any(String),
    tool: 'lookup_ticket',
    arguments: { id: 'ENG-1' },
    summary: 'Tool call requested: lookup_ticket',
    details: {
      threadId: id,
      turnId: row.turnId,
      callId: row.callId,
      namespace: null,
      tool: 'lookup_ticket',
      arguments: { id: 'ENG-1' },
    },
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    status: 'pending',
  });
  const { requestId } = row;
  const answered = await scene.client.post(
    `/api/tool-calls/${requestId}/response`,
    answerOf('ENG-1 is open'),
  );
  expect(answered.status).toBe(200);
  expect(answered.body).toEqual({ status: 'ok', requestId, threadId: id });
  const { transcript } = await endedTurn(scene.client, id);
  expect(transcript.at(-1)).toMatchObject({ content: 'Tool call resolved (success=true)' });
  expect(JSON.stringify(transcript)).toContain('ENG-1 is open');
});

test.each([
  ['no schema holds them back', { wrong: [1, { deep: true }], id: 7 }],
  ['a text is a text', 'not an object'],
  ['a list is a list', [1, null, 'x']],
  ['numbers keep their value', { id: 9_007_199_254_740_991, part: 0.1 }],
])('arguments are passed on as they are: %s', async (_, args) => {
  const scene = await fakeScene(({ results }) =>
    results.length > 0 ? { text: 'done' } : { calls: [{ tool: 'lookup_ticket', arguments: args }] },
  );
  const id = await begin(scene);
  const [row] = await pendingCalls(scene.client, id);
  expect(row.arguments).toEqual(args);
  expect(row.details.arguments).toEqual(args);
});

test.each([
  ['parts', { contentItems: [{ type: 'inputText', text: 'a' }] }, 'a'],
  ['parts of a failure', { success: false, text: 'no' }, 'no'],
  ['a text', { text: 'short' }, 'short'],
  ['nothing at all', {}, ''],
  ['a whole response', answerOf('whole'), 'whole'],
  ['a response and parts: the response wins', { ...answerOf('whole'), text: 'part' }, 'whole'],
  ['a response that is none', { response: { foo: 1 } }, /its answer cannot be shown/],
  ['no response', { response: null }, /its answer cannot be shown/],
  [
    'an image that only a browser could load',
    { response: { success: true, contentItems: [{ type: 'inputImage', imageUrl: 'https://x' }] } },
    /remote URL/,
  ],
])('%s', async (_, body, expected) => {
  const outputs: string[] = [];
  const scene = await fakeScene((step, signal) => {
    outputs.push(...step.results.map(({ output }) => output));
    return callNamedTools(step, signal);
  });
  const id = await begin(scene);
  const [{ requestId }] = await pendingCalls(scene.client, id);
  const { status } = await scene.client.post(`/api/tool-calls/${requestId}/response`, body);
  expect(status).toBe(200);
  await endedTurn(scene.client, id);
  expect(outputs[0]).toEqual(
    typeof expected === 'string' ? expected : expect.stringMatching(expected),
  );
});

test('a long answer within the limit of a body reaches Codex whole', async () => {
  const outputs: string[] = [];
  const scene = await fakeScene((step, signal) => {
    outputs.push(...step.results.map(({ output }) => output));
    return callNamedTools(step, signal);
  });
  const id = await begin(scene);
  const [{ requestId }] = await pendingCalls(scene.client, id);
  const text = 'x'.repeat(900_000);
  await scene.client.post(`/api/tool-calls/${requestId}/response`, answerOf(text));
  await endedTurn(scene.client, id);
  expect(outputs[0]).toBe(text);
});

test('of a burst of answers the first counts, and the others are told so', async () => {
  const scene = await fakeScene(callNamedTools);
  const id = await begin(scene);
  const [{ requestId }] = await pendingCalls(scene.client, id);
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      scene.client.post(`/api/tool-calls/${requestId}/response`, answerOf(`answer ${index}`)),
    ),
  );
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  expect(statuses.filter((status) => status === 404 || status === 409)).toHaveLength(7);
  const again = await scene.client.post(`/api/tool-calls/${requestId}/response`, answerOf('late'));
  expect(again).toMatchObject({ status: 404, body: { status: 'not_found', requestId } });
});

/** A service without records of a session that another one made. */
async function inheritedScene() {
  const host = fakeHost(callNamedTools);
  const before = await fakeScene(callNamedTools, { fake: host });
  const id = await newSession(before.client, [lookup()]);
  await before.client.post(`/api/sessions/${id}/messages`, { text: 'hello' });
  await endedTurn(before.client, id);
  await before.service.close({ graceMs: 1 });
  return { ...(await fakeScene(callNamedTools, { fake: host })), id };
}

test('a call of a tool that nobody has told of waits for a client, too', async () => {
  const { client, id } = await inheritedScene();
  const text = 'lookup_ticket';
  expect((await client.post(`/api/sessions/${id}/messages`, { text })).status).toBe(202);
  const [{ requestId, tool }] = await pendingCalls(client, id);
  expect(tool).toBe('lookup_ticket');
  const answered = await client.post(`/api/tool-calls/${requestId}/response`, answerOf('found'));
  expect(answered.status).toBe(200);
});

test('a message to a session that is taken up passes over tools that cannot be served', async () => {
  const { client, logged, id } = await inheritedScene();
  const dynamicTools = [{ ...lookup(), name: 'bad name!' }, lookup('exec_command'), lookup()];
  const sent = await client.post(`/api/sessions/${id}/messages`, {
    text: 'lookup_ticket',
    dynamicTools,
  });
  expect(sent.status).toBe(202);
  expect(await pendingCalls(client, id)).toMatchObject([{ tool: 'lookup_ticket' }]);
  expect(logged.join('\n')).toMatch(/a tool is not served.*bad name!/);
  expect(logged.join('\n')).toMatch(/its own tool.*exec_command/);
});

test('in_flight is said only while an answer is on its way, and the call is not listed then', async () => {
  const host = fakeHost(callNamedTools);
  const scene = await fakeScene(callNamedTools, { fake: host });
  const id = await begin(scene);
  const [{ requestId }] = await pendingCalls(scene.client, id);
  const path = `/api/tool-calls/${requestId}/response`;
  const before = await scene.client.post(path, { success: 'yes' });
  expect(before.status).toBe(400);

  host.controls.dropLink();
  const first = scene.client.post(path, answerOf('computed in the dark'));
  await expect
    .poll(async () => (await scene.client.get(`/api/sessions/${id}/tool-calls`)).body.data)
    .toEqual([]);
  expect(await scene.client.post(path, answerOf('second'))).toMatchObject({
    status: 409,
    body: { status: 'conflict', code: 'in_flight', requestId },
  });
  host.controls.restoreLink();
  expect((await first).status).toBe(200);
  expect((await scene.client.post(path, answerOf('third'))).status).toBe(404);
});

test('an answer that does not get through in time is not asked for again', async () => {
  const scene = await fakeScene(callNamedTools, { limits: { answerConfirmMs: 50 } });
  const id = await begin(scene);
  const [{ requestId }] = await pendingCalls(scene.client, id);
  scene.host.controls.dropLink();
  const stream = await openStream(scene.service, { query: `?threadId=${id}` });
  const path = `/api/tool-calls/${requestId}/response`;
  expect((await scene.client.post(path, answerOf('held'))).body.code).toBe('in_flight');
  scene.host.controls.restoreLink();
  const { payload } = await stream.of('tool_call_resolved');
  expect(payload).toEqual({ requestId, status: 'resolved', success: true });
});

test('an answer that Codex refuses is an error, and the call is over', async () => {
  const host = fakeHost(callNamedTools, {
    answerFault: () => ({ type: 'refused', reason: 'not today' }),
  });
  const scene = await fakeScene(callNamedTools, { fake: host });
  const id = await begin(scene);
  const [{ requestId }] = await pendingCalls(scene.client, id);
  const path = `/api/tool-calls/${requestId}/response`;
  const refused = await scene.client.post(path, answerOf('x'));
  expect(refused).toMatchObject({ status: 500, body: { status: 'error', requestId } });
  expect((await scene.client.post(path, answerOf('x'))).status).toBe(404);
});

test('a call that Codex delivers again is not shown again, and keeps its id', async () => {
  const scene = await fakeScene(callNamedTools);
  const id = await begin(scene);
  const [row] = await pendingCalls(scene.client, id);
  const stream = await openStream(scene.service, { query: `?threadId=${id}` });
  const seen = stream.all('tool_call_requested').length;
  scene.host.controls.redeliver(id);
  await scene.client.post(`/api/sessions/${id}/resume`, { dynamicTools: [lookup()] });
  await stream.settle();
  expect(stream.all('tool_call_requested')).toHaveLength(seen);
  expect(await pendingCalls(scene.client, id)).toEqual([row]);
});

test.each([
  ['its turn is interrupted', 'interrupt'],
  ['its session is deleted', 'delete'],
  ['Codex dies', 'restart'],
  ['its session is lost', 'lose'],
] as const)('a call is taken back when %s', async (_, how) => {
  const scene = await fakeScene(callNamedTools);
  const id = await begin(scene);
  const [{ requestId }] = await pendingCalls(scene.client, id);
  const stream = await openStream(scene.service, { query: `?threadId=${id}` });
  if (how === 'interrupt') await scene.client.post(`/api/sessions/${id}/interrupt`);
  if (how === 'delete') await scene.client.delete(`/api/sessions/${id}`);
  if (how === 'restart') scene.host.controls.restart();
  if (how === 'lose') scene.host.controls.loseSession(id);
  const { payload } = await stream.of('tool_call_resolved');
  expect(payload).toEqual({ requestId, status: 'expired', success: false });
  const late = await scene.client.post(`/api/tool-calls/${requestId}/response`, answerOf('late'));
  expect(late).toMatchObject({ status: 404, body: { status: 'not_found', requestId } });
});

test('an answer for the process before never becomes one for a call of the process after', async () => {
  const scene = await fakeScene(callNamedTools);
  const id = await begin(scene);
  const [old] = await pendingCalls(scene.client, id);
  scene.host.controls.restart();
  await expect
    .poll(async () => (await scene.client.get(`/api/sessions/${id}/tool-calls`)).body.data)
    .toEqual([]);
  // Codex counts its requests from zero again; our ids go on.
  await scene.client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [fresh] = await pendingCalls(scene.client, id);
  expect(fresh.requestId).not.toBe(old.requestId);
  const stale = await scene.client.post(
    `/api/tool-calls/${old.requestId}/response`,
    answerOf('stale'),
  );
  expect(stale.status).toBe(404);
  expect(await pendingCalls(scene.client, id)).toEqual([fresh]);
});

test('two calls with one call id are two calls, each with its own answer', async () => {
  const scene = await fakeScene(({ results }) =>
    results.length >= 2
      ? { text: results.map(({ output }) => output).join(' | ') }
      : { calls: [{ tool: 'lookup_ticket', callId: 'same', arguments: { id: results.length } }] },
  );
  const id = await begin(scene);
  const [first] = await pendingCalls(scene.client, id);
  await scene.client.post(`/api/tool-calls/${first.requestId}/response`, answerOf('one'));
  await expect
    .poll(async () => (await pendingCalls(scene.client, id))[0].requestId)
    .not.toBe(first.requestId);
  const [second] = await pendingCalls(scene.client, id);
  await scene.client.post(`/api/tool-calls/${second.requestId}/response`, answerOf('two'));
  expect(JSON.stringify(await endedTurn(scene.client, id))).toContain('one | two');
});

test('calls beyond the bound are refused at once, and the model is told to try again', async () => {
  const outputs: string[] = [];
  const scene = await fakeScene(
    (step, signal) => {
      outputs.push(...step.results.map(({ output }) => output));
      return callNamedTools(step, signal);
    },
    { limits: { sessionRemoteCallsMax: 1, remoteCallsMax: 1 } },
  );
  const id = await begin(scene, 'lookup_ticket other');
  const calls = await pendingCalls(scene.client, id);
  expect(calls).toHaveLength(1);
  await scene.client.post(`/api/tool-calls/${calls[0].requestId}/response`, answerOf('fine'));
  await endedTurn(scene.client, id);
  expect(outputs).toEqual(['fine', expect.stringContaining('too many calls are waiting')]);
});

test('a remote call takes no handler slot and has no deadline of ours', async () => {
  const scene = await fakeScene(callNamedTools, {
    limits: { sessionConcurrencyMax: 1, meshConcurrencyMax: 1, handlerTimeoutMs: 1 },
  });
  const id = await begin(scene, 'lookup_ticket other');
  const calls = await pendingCalls(scene.client, id, 2);
  const metrics = (await scene.client.get('/metrics')).text;
  expect(metrics).toContain('sessionmesh_handlers_running 0');
  expect(metrics).toContain('sessionmesh_calls_pending 2');
  for (const { requestId, tool } of calls) {
    const path = `/api/tool-calls/${requestId}/response`;
    expect((await scene.client.post(path, answerOf(tool))).status).toBe(200);
  }
  expect(JSON.stringify(await endedTurn(scene.client, id))).toContain('lookup_ticket | other');
});

test('where a deadline is set, a call that nobody answers ends by it', async () => {
  const outputs: string[] = [];
  const scene = await fakeScene(
    (step, signal) => {
      outputs.push(...step.results.map(({ output }) => output));
      return callNamedTools(step, signal);
    },
    { callTimeoutMs: 30 },
  );
  const id = await newSession(scene.client);
  const stream = await openStream(scene.service, { query: `?threadId=${id}` });
  await scene.client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const { payload } = await stream.of('tool_call_resolved');
  expect(payload).toMatchObject({ status: 'expired', success: false });
  await endedTurn(scene.client, id);
  expect(outputs).toEqual([expect.stringContaining('was stopped after 0.03 s')]);
});

test('a tool of this process is served here and never shown to clients', async () => {
  const { tool } = await import('../../src/tools/index.ts');
  const served = tool({ name: 'clock', description: 'Tells the time.', execute: () => 'noon' });
  const scene = await fakeScene(
    ({ results, tools }) =>
      results.length > 0
        ? { text: `${results[0]?.output} ${tools.join()}` }
        : { calls: [{ tool: 'clock' }] },
    { tools: [served] },
  );
  const stream = await openStream(scene.service);
  const id = await newSession(scene.client, [lookup('clock'), lookup()]);
  await scene.client.post(`/api/sessions/${id}/messages`, { text: 'what time is it?' });
  expect(JSON.stringify(await endedTurn(scene.client, id))).toContain('noon clock,lookup_ticket');
  await stream.settle();
  expect(stream.all('tool_call_requested')).toEqual([]);
});
