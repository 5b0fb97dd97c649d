/** Sessions with a turn under way are taken up by the service itself, not when somebody asks for them. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultControls } from '../../src/service/session-controls.ts';
import { fakeHost } from './fake-host.ts';
import {
  answerOf,
  callNamedTools,
  endedTurn,
  fakeScene,
  lookup,
  newSession,
  pendingCalls,
  scratchFolder,
} from './scene.ts';

const lineOf = (id: string) =>
  `${JSON.stringify({
    type: 'session',
    id,
    title: id,
    cwd: null,
    controls: defaultControls,
    tools: [lookup()],
  })}\n`;

test('after a host that has failed for good, in its successor', async () => {
  const { client, host } = await fakeScene(callNamedTools, { limits: { serviceRevivalMs: 20 } });
  const [busy, idle] = [await newSession(client), await newSession(client)];
  await client.post(`/api/sessions/${idle}/messages`, { text: 'hello' });
  await endedTurn(client, idle);
  await client.post(`/api/sessions/${busy}/messages`, { text: 'lookup_ticket' });
  await pendingCalls(client, busy);
  host.controls.fail();
  await expect
    .poll(async () => (await client.get('/metrics')).text)
    .toContain('sessionmesh_sessions 1');
  await client.post(`/api/sessions/${busy}/messages`, { text: 'lookup_ticket' });
  const [{ requestId }] = await pendingCalls(client, busy);
  const answered = await client.post(`/api/tool-calls/${requestId}/response`, answerOf('x'));
  expect(answered.status).toBe(200);
});

test('after a crash: a few at a time, and one that is gone holds up no other', async () => {
  const stateDir = await scratchFolder();
  const path = join(stateDir, 'sessions.jsonl');
  const fake = fakeHost(callNamedTools);
  const first = await fakeScene(callNamedTools, { fake });
  const ids: string[] = [];
  for (let count = 0; count < 5; count += 1) ids.push(await newSession(first.client));
  const left = ['of-nobody', ...ids];
  const turns = left.map((id) => `{"type":"turn.began","id":"${id}"}\n`);
  await writeFile(path, [...left.map(lineOf), ...turns].join(''));
  await first.service.close({ graceMs: 1 });

  let reading = 0;
  let readingMax = 0;
  const read = fake.replies['thread/read']!;
  fake.replies['thread/read'] = async (params) => {
    readingMax = Math.max(readingMax, ++reading);
    await Promise.resolve();
    reading -= 1;
    return read(params);
  };
  const second = await fakeScene(callNamedTools, {
    fake,
    stateDir,
    limits: { sessionRecoveriesMax: 2 },
  });
  await expect
    .poll(async () => (await second.client.get('/metrics')).text)
    .toContain('sessionmesh_sessions 5');
  expect(readingMax).toBeLessThanOrEqual(2);
  expect(second.logged.join('\n')).toContain('could not be recovered');
  await second.service.close({ graceMs: 1 });
  // Nothing was under way any more.
  const kept = (await readFile(path, 'utf8')).split('\n');
  const active = new Set<string>();
  for (const line of kept.filter((one) => one.includes('"turn.'))) {
    const { type, id } = JSON.parse(line);
    if (type === 'turn.began') active.add(id);
    else active.delete(id);
  }
  expect([...active]).toEqual([]);
});
