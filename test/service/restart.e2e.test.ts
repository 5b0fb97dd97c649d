/** What becomes of sessions and calls when Codex dies, and when the service does. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { defaultLimits } from '../../src/limits.ts';
import { startService } from '../../src/service/service.ts';
import { codexProcesses, listeningCodex } from '../e2e/real-codex.ts';
import { clientOf, openStream } from './client.ts';
import {
  answerOf,
  callNamedTools,
  codexScene,
  endedTurn,
  fakeScene,
  lookup,
  newSession,
  pendingCalls,
  scratchFolder,
  timedEnv,
  scriptedEnv,
} from './scene.ts';

test('Codex is killed during a call: the call expires, Codex comes back, the session goes on', async () => {
  const { service, client } = await codexScene(callNamedTools);
  const id = await newSession(client);
  await client.post(`/api/sessions/${id}/messages`, { text: 'warm up' });
  await endedTurn(client, id);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [old] = await pendingCalls(client, id);
  const [pid] = codexProcesses();
  process.kill(pid!, 'SIGKILL');
  const { payload } = await stream.of('tool_call_resolved');
  expect(payload).toEqual({ requestId: old.requestId, status: 'expired', success: false });
  await expect
    .poll(async () => (await client.get('/readyz')).status, { timeout: 10_000 })
    .toBe(200);
  const { codex, status } = (await client.get('/api/health')).body;
  expect(status).toBe('ok');
  expect(codex).toMatchObject({ running: true, lastExit: { at: expect.any(String) } });
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [fresh] = await pendingCalls(client, id);
  expect(fresh.requestId).not.toBe(old.requestId);
  const stale = await client.post(`/api/tool-calls/${old.requestId}/response`, answerOf('stale'));
  expect(stale.status).toBe(404);
  await client.post(`/api/tool-calls/${fresh.requestId}/response`, answerOf('after the crash'));
  const { transcript } = await endedTurn(client, id);
  expect(transcript.at(-1).content).toBe('after the crash');
});

test('an answer on its way when Codex dies is no success, and the service lives', async () => {
  const { client } = await codexScene(callNamedTools);
  const id = await newSession(client);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [{ requestId }] = await pendingCalls(client, id);
  const [pid] = codexProcesses();
  process.kill(pid!, 'SIGSTOP');
  const path = `/api/tool-calls/${requestId}/response`;
  const answered = client.post(path, answerOf('x'.repeat(900_000)));
  process.kill(pid!, 'SIGKILL');
  expect([200, 404, 500]).toContain((await answered).status);
  expect((await client.post(path, answerOf('again'))).status).toBe(404);
  await expect
    .poll(async () => (await client.get('/readyz')).status, { timeout: 10_000 })
    .toBe(200);
});

test('while Codex cannot be asked, that is what everybody is told', async () => {
  const { service, client, host } = await fakeScene(callNamedTools, {
    limits: { requestTimeoutMs: 50 },
  });
  const id = await newSession(client);
  host.controls.dropLink();
  expect(await client.get('/readyz', { token: null })).toMatchObject({
    status: 503,
    body: { status: 'codex_down' },
  });
  expect(await client.get('/healthz', { token: null })).toMatchObject({ status: 200 });
  expect((await client.get('/api/health')).body).toMatchObject({
    status: 'degraded',
    codex: {
      running: false,
      pid: null,
      initialized: false,
      lastExit: { code: null, signal: null, at: expect.any(String), reason: expect.any(String) },
    },
  });
  expect((await client.get('/metrics')).text).toContain('sessionmesh_codex_up 0');
  const failed = await client.post(`/api/sessions/${id}/messages`, { text: 'x' });
  expect(failed).toMatchObject({ status: 503, body: { code: 'codex_unavailable' } });
  expect(failed.headers.get('retry-after')).toBe('1');
  host.controls.restoreLink();
  await expect.poll(async () => (await client.get('/readyz')).status).toBe(200);
  expect((await client.post(`/api/sessions/${id}/messages`, { text: 'x' })).status).toBe(202);
  await openStream(service);
});

test('a Codex that does not answer holds nobody up for long', async () => {
  const { client, host } = await fakeScene(callNamedTools, { limits: { serviceAskMs: 30 } });
  const id = await newSession(client);
  host.replies['thread/read'] = () => new Promise(() => {});
  expect(await client.get(`/api/sessions/${id}`)).toMatchObject({
    status: 504,
    body: { status: 'error', code: 'codex_timeout' },
  });
});

test('a host that has failed for good is replaced, and sessions are found again', async () => {
  // The time that the service waits before it tries again is over when the test says so.
  const env = timedEnv();
  const { client, host } = await fakeScene(callNamedTools, { env });
  const id = await newSession(client);
  host.controls.fail();
  expect((await client.get('/readyz')).status).toBe(503);
  expect((await client.get(`/api/sessions/${id}`)).body).toMatchObject({
    status: 'error',
    code: 'codex_unavailable',
  });
  await env.clock.advance(defaultLimits.serviceRevivalMs);
  await expect.poll(async () => (await client.get('/readyz')).status).toBe(200);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [{ requestId }] = await pendingCalls(client, id);
  expect((await client.post(`/api/tool-calls/${requestId}/response`, answerOf('x'))).status).toBe(
    200,
  );
});

test('a service that is started again knows its sessions, their tools and the deleted ones', async () => {
  const env = await scriptedEnv(callNamedTools);
  const stateDir = await scratchFolder();
  const start = () => startService({ host: { env }, port: 0, stateDir });
  const before = await start();
  const first = clientOf(before);
  const [id, deleted] = [await newSession(first), await newSession(first)];
  await first.post(`/api/sessions/${id}/rename`, { title: 'team-x' });
  await first.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket', model: 'other' });
  const [old] = await pendingCalls(first, id);
  await first.delete(`/api/sessions/${deleted}`);
  const stream = await openStream(before, { query: `?threadId=${id}` });
  await before.close({ graceMs: 1 });
  expect(await stream.closed).toBe(1001);
  expect(stream.all('tool_call_resolved')).toMatchObject([
    { payload: { requestId: old.requestId, status: 'expired', success: false } },
  ]);

  await using after = await start();
  const client = clientOf(after);
  expect(after.epoch).not.toBe(before.epoch);
  expect((await client.get(`/api/sessions/${deleted}`)).status).toBe(410);
  expect((await client.delete(`/api/sessions/${deleted}`)).status).toBe(410);
  const { session, thread } = (await client.get(`/api/sessions/${id}`)).body;
  expect(session).toMatchObject({ title: 'team-x', sessionControls: { model: 'other' } });
  expect(thread.turns.at(-1).status).toBe('interrupted');
  expect((await client.get(`/api/sessions/${id}/tool-calls`)).body.data).toEqual([]);
  // Its client does not say which tools it has.
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [fresh] = await pendingCalls(client, id);
  expect(fresh.requestId.split('.')[0]).toBe(after.epoch);
  const stale = await client.post(`/api/tool-calls/${old.requestId}/response`, answerOf('stale'));
  expect(stale.status).toBe(404);
  await client.post(`/api/tool-calls/${fresh.requestId}/response`, answerOf('after the restart'));
  const { transcript } = await endedTurn(client, id);
  expect(transcript.at(-1).content).toBe('after the restart');
});

test('a service that remembers nothing serves a session whose client says which tools it has', async () => {
  const env = await scriptedEnv(callNamedTools);
  const start = () => startService({ host: { env }, port: 0 });
  const before = await start();
  const id = await newSession(clientOf(before));
  await before.close({ graceMs: 1 });
  await using after = await start();
  const client = clientOf(after);
  // Somebody who only wants to look binds it without tools.
  expect((await client.post(`/api/sessions/${id}/resume`)).status).toBe(200);
  await client.post(`/api/sessions/${id}/messages`, {
    text: 'lookup_ticket',
    dynamicTools: [lookup()],
  });
  const [{ requestId }] = await pendingCalls(client, id);
  await client.post(`/api/tool-calls/${requestId}/response`, answerOf('fine'));
  expect((await endedTurn(client, id)).transcript.at(-1).content).toBe('fine');
});

test.each(['follows', 'lists'] as const)(
  'a call that Codex still waits for is shown by the next service to whoever %s its session',
  async (how) => {
    const { url } = await listeningCodex(callNamedTools);
    const [stateDir, copyDir] = [await scratchFolder(), await scratchFolder()];
    const before = await startService({ host: { url }, port: 0, stateDir });
    onTestFinished(() => before.close({ graceMs: 1 }));
    const id = await newSession(clientOf(before));
    await clientOf(before).post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
    const [old] = await pendingCalls(clientOf(before), id);
    // A service that ends would interrupt its turn. This one just stands still, and the next takes over.
    await cp(join(stateDir, 'sessions.jsonl'), join(copyDir, 'sessions.jsonl'));
    await using after = await startService({ host: { url }, port: 0, stateDir: copyDir });
    const client = clientOf(after);
    if (how === 'follows') {
      const stream = await openStream(after, { query: `?threadId=${id}` });
      expect((await stream.of('tool_call_requested')).payload.callId).toBe(old.callId);
    }
    const [fresh] = await pendingCalls(client, id);
    expect(fresh).toMatchObject({ callId: old.callId, turnId: old.turnId });
    expect(fresh.requestId).not.toBe(old.requestId);
    await client.post(`/api/tool-calls/${fresh.requestId}/response`, answerOf('taken over'));
    expect((await endedTurn(client, id)).transcript.at(-1).content).toBe('taken over');
  },
);

test('a service that ends lets a turn finish, takes no new work, and leaves no process', async () => {
  const { service, client } = await codexScene(callNamedTools);
  const id = await newSession(client);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [{ requestId }] = await pendingCalls(client, id);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  const closing = service.close();
  expect(await client.get('/readyz')).toMatchObject({ status: 503, body: { status: 'draining' } });
  for (const path of ['/api/sessions', `/api/sessions/${id}/messages`]) {
    const refused = await client.post(path, { text: 'x' });
    expect(refused).toMatchObject({ status: 503, body: { status: 'error', code: 'draining' } });
  }
  await client.post(`/api/tool-calls/${requestId}/response`, answerOf('just in time'));
  await stream.of('app_server.turn.completed');
  await Promise.all([closing, service.close()]);
  expect(await stream.closed).toBe(1001);
  await expect(client.get('/healthz')).rejects.toThrow();
  expect(codexProcesses()).toEqual([]);
});

test('a service ends when its signal aborts, also in the middle of its start', async () => {
  const env = await scriptedEnv(callNamedTools);
  const ending = new AbortController();
  const service = await startService({ host: { env }, port: 0, signal: ending.signal });
  ending.abort();
  await service.close();
  expect(codexProcesses()).toEqual([]);
  const late = new AbortController();
  const starting = startService({ host: { env }, port: 0, signal: late.signal });
  late.abort(new Error('never mind'));
  await expect(starting).rejects.toThrow('never mind');
  expect(codexProcesses()).toEqual([]);
});

test('a service that cannot start leaves nothing behind', async () => {
  const env = await scriptedEnv(callNamedTools);
  const stateDir = await scratchFolder();
  await using first = await startService({ host: { env }, port: 0 });
  const port = Number(new URL(first.url).port);
  await expect(startService({ host: { env }, port, stateDir })).rejects.toMatchObject({
    code: 'service_start_failed',
  });
  await expect(
    startService({ host: { command: '/nowhere/codex' }, port: 0, stateDir }),
  ).rejects.toMatchObject({ code: 'codex_not_found' });
  expect(codexProcesses()).toHaveLength(1);
  // The folder is free.
  await using second = await startService({ host: { env }, port: 0, stateDir });
  expect(second.tokenFile).toContain(stateDir);
});
