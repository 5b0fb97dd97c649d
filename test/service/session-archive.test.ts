/** Sessions are put away and taken out again; what ends for good is not brought back by the next start. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportJournal } from '../../src/ledger/sqlite/export.ts';
import { openStream, type Client } from './client.ts';
import { fakeHost } from './fake-host.ts';
import {
  answerOf,
  callNamedTools,
  endedTurn,
  fakeScene,
  newSession,
  pendingCalls,
  scratchFolder,
} from './scene.ts';

async function idsOf(client: Client, archived: boolean): Promise<string[]> {
  const { body } = await client.get(`/api/sessions?archived=${archived}`);
  return body.data.map(({ sessionId }: { sessionId: string }) => sessionId);
}

test('a session in the middle of a call is put away, and goes on when it is taken out', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  await pendingCalls(client, id);

  const archived = await client.post(`/api/sessions/${id}/archive`);
  expect(archived).toMatchObject({
    status: 200,
    body: { status: 'ok', session: { sessionId: id } },
  });
  expect((await stream.of('tool_call_resolved')).payload.status).toBe('expired');
  await stream.of('app_server.thread.archived');
  expect((await client.get('/metrics')).text).toContain('sessionmesh_sessions 0');
  expect(await idsOf(client, false)).toEqual([]);
  expect(await idsOf(client, true)).toEqual([id]);
  const refused = await client.post(`/api/sessions/${id}/messages`, { text: 'hello' });
  expect(refused).toMatchObject({ status: 409, body: { code: 'invalid_state' } });
  const renamed = await client.post(`/api/sessions/${id}/rename`, { title: 'Another' });
  expect(renamed).toMatchObject({ status: 409, body: { code: 'invalid_state' } });

  expect((await client.post(`/api/sessions/${id}/unarchive`)).status).toBe(200);
  expect(await idsOf(client, false)).toEqual([id]);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [{ requestId }] = await pendingCalls(client, id);
  await client.post(`/api/tool-calls/${requestId}/response`, answerOf('back again'));
  expect((await endedTurn(client, id)).thread.turns.at(-1).items[0].text).toBe('back again');
});

test('twice is as good as once, and an unknown session is told from one that is there already', async () => {
  const { client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  for (const way of ['unarchive', 'archive', 'archive', 'unarchive', 'unarchive']) {
    expect([way, (await client.post(`/api/sessions/${id}/${way}`)).status]).toEqual([way, 200]);
    expect((await client.post(`/api/sessions/nobody/${way}`)).body).toEqual({
      status: 'not_found',
      sessionId: 'nobody',
      message: 'no such session',
    });
  }
  await client.delete(`/api/sessions/${id}`);
  expect((await client.post(`/api/sessions/${id}/archive`)).status).toBe(410);
});

test.each([
  ['deleted', (client: Client, id: string) => client.delete(`/api/sessions/${id}`)],
  ['put away', (client: Client, id: string) => client.post(`/api/sessions/${id}/archive`)],
])('a session of an earlier start that is %s is over in the ledger', async (_, end) => {
  const folder = await scratchFolder();
  const path = join(folder, 'ledger.sqlite');
  const fake = fakeHost(callNamedTools);
  const options = { fake, stateDir: folder, ledger: { path } };
  const first = await fakeScene(callNamedTools, options);
  const [id, other] = [await newSession(first.client), await newSession(first.client)];
  await first.service.close({ graceMs: 1 });

  const second = await fakeScene(callNamedTools, options);
  expect((await end(second.client, id)).status).toBe(200);
  await second.service.close({ graceMs: 1 });

  const closed: string[] = [];
  for await (const entry of exportJournal(path)) {
    if (entry.type === 'session.closed') closed.push(entry.sessionId);
  }
  expect(closed).toEqual([id]);
  expect(closed).not.toContain(other);
});
