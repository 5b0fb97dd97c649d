/** Clients written for the captured API, unchanged, on a service with the real Codex. */
import { expect, test } from 'vitest';
import type { Script } from '../../src/testing/index.ts';
import type { Json } from './client.ts';
import { codexScene } from './scene.ts';
import { SdkClient, SdkSession, type SdkTools } from './sdk-client.ts';

/** Three calls one after the other, then what they said. */
const callThrice: Script = ({ results, tools }) =>
  results.length < 3 && tools.includes('lookup_ticket')
    ? { calls: [{ tool: 'lookup_ticket', arguments: { id: `ENG-${results.length}` } }] }
    : { text: results.map(({ output }) => output).join(' | ') || 'nothing' };

const noteSchema = {
  type: 'object',
  properties: {
    text: { type: 'string', description: 'The note.' },
    priority: { type: 'integer', nullable: true, description: 'Optional priority.' },
  },
  additionalProperties: false,
  required: ['text'],
  description: 'Save a note.',
};

function tickets(seen: string[] = []): SdkTools {
  return {
    lookup_ticket: {
      description: 'look a ticket up',
      inputSchema: {
        type: 'object',
        properties: { id: { type: 'string' } },
        required: ['id'],
        additionalProperties: false,
      },
      handle: ({ id }: { id: string }) => {
        seen.push(id);
        return { id, status: 'open' };
      },
    },
    add_note: { description: 'Save a note.', inputSchema: noteSchema, handle: () => null },
  };
}

async function sdkScene(script: Script) {
  const { service } = await codexScene(script);
  return { service, client: new SdkClient(service.url, String(service.token)) };
}

test('polling: sent, handled, read, deleted', async () => {
  const { client } = await sdkScene(callThrice);
  const seen: string[] = [];
  const session = await SdkSession.create(client, tickets(seen));
  const { status, reply } = await session.sendAndHandle('Look up three tickets.');
  expect(status).toBe('completed');
  expect(reply).toBe([0, 1, 2].map((n) => `{"id":"ENG-${n}","status":"open"}`).join(' | '));
  expect(seen).toEqual(['ENG-0', 'ENG-1', 'ENG-2']);
  await session.delete();
  await session.delete();
  expect(client.requests.filter((line) => line.startsWith('POST'))).toEqual([
    'POST /api/sessions 200',
    `POST /api/sessions/${session.id}/messages 202`,
    ...[...session.handled].map((id) => `POST /api/tool-calls/${id}/response 200`),
  ]);
});

test('signals: subscribed, pinged, handled as they come, closed', async () => {
  const { client } = await sdkScene(callThrice);
  const seen: string[] = [];
  const session = await SdkSession.create(client, tickets(seen));
  const stream = await client.follow(session.id, (event) => session.onSignal(event));
  const turnId = await session.send('Look up three tickets.');
  const { status, reply } = await session.waitFor(turnId);
  expect(status).toBe('completed');
  expect(reply).toContain('ENG-2');
  expect(seen).toEqual(['ENG-0', 'ENG-1', 'ENG-2']);
  expect(stream.types.slice(0, 2)).toEqual(['ready', 'pong']);
  expect(await stream.stop()).toBe(1000);
  await session.delete();
});

test('signals and polling at once: every handler runs once', async () => {
  const { client } = await sdkScene(callThrice);
  const seen: string[] = [];
  const session = await SdkSession.create(client, tickets(seen));
  const stream = await client.follow(session.id, (event) => session.onSignal(event));
  const { status } = await session.sendAndHandle('Look up three tickets.');
  expect(status).toBe('completed');
  expect(seen).toEqual(['ENG-0', 'ENG-1', 'ENG-2']);
  await stream.stop();
});

test('a handler that raises, and a tool nobody has, are told to the model', async () => {
  const { client } = await sdkScene(callThrice);
  const session = await SdkSession.create(client, {
    lookup_ticket: {
      ...tickets()['lookup_ticket']!,
      handle: () => {
        throw new Error('no connection');
      },
    },
  });
  const { reply } = await session.sendAndHandle('Look up three tickets.');
  expect(reply).toContain('remote skill lookup_ticket failed: no connection');
});

test('a stream that was lost: the call that came meanwhile is handled after the reconnect', async () => {
  const { client } = await sdkScene(callThrice);
  const seen: string[] = [];
  const session = await SdkSession.create(client, tickets(seen));
  const first = await client.follow(session.id, async () => {});
  await first.stop();
  const turnId = await session.send('Look up three tickets.');
  // The model is done thinking by now, and nobody listened.
  await expect
    .poll(async () => (await client.call('GET', `/api/sessions/${session.id}/tool-calls`)).data)
    .toHaveLength(1);
  const second = await client.follow(session.id, (event) => session.onSignal(event));
  expect((await session.waitFor(turnId)).status).toBe('completed');
  expect(seen).toEqual(['ENG-0', 'ENG-1', 'ENG-2']);
  await second.stop();
});

test('a team on one stream: members are named, told apart, and none waits for another', async () => {
  const { client } = await sdkScene(callThrice);
  const names = ['developer', 'docs', 'reviewer'];
  const seen: Record<string, string[]> = {};
  const members = await Promise.all(
    names.map((name) => SdkSession.create(client, tickets((seen[name] = [])))),
  );
  for (const [index, { id }] of members.entries()) {
    await client.call('POST', `/api/sessions/${id}/rename`, { title: `team-${names[index]}` });
  }
  const stream = await client.follow(null, async (event) => {
    await Promise.all(members.map((member) => member.onSignal(event)));
  });
  const turns = await Promise.all(members.map((member) => member.send('Do your part.')));
  const results = await Promise.all(members.map((member, index) => member.waitFor(turns[index]!)));
  expect(results.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
  for (const name of names) expect(seen[name]).toEqual(['ENG-0', 'ENG-1', 'ENG-2']);
  expect((await client.call('GET', `/api/sessions/${members[0]!.id}/approvals`)).data).toEqual([]);
  await stream.stop();
});

test('a turn that fails is over, with its reason', async () => {
  const { client } = await sdkScene(() => ({ fail: 'the model is out of order' }));
  const session = await SdkSession.create(client, tickets());
  const turnId = await session.send('hello');
  const { status, reply, detail } = await session.waitFor(turnId);
  expect({ status, reply }).toEqual({ status: 'failed', reply: null });
  expect(detail.thread.turns.at(-1).error.message).toContain('out of order');
});

test('a session that is gone is told as such', async () => {
  const { client } = await sdkScene(callThrice);
  const session = await SdkSession.create(client, tickets());
  await session.delete();
  await expect(session.send('hello')).rejects.toThrow('"status":"deleted"');
});

const isText = (value: unknown) => typeof value === 'string';
const isWhole = (value: unknown) => Number.isInteger(value);

/** What strict clients demand of a summary and a thread. */
function expectStrict({ session, thread }: Json) {
  expect(Object.keys(session)).toEqual([
    'sessionId',
    'title',
    'materialized',
    'modelProvider',
    'approvalPolicy',
    'sessionControls',
    'createdAt',
    'updatedAt',
    'cwd',
    'source',
    'projectId',
  ]);
  for (const key of ['sessionId', 'title', 'modelProvider', 'approvalPolicy', 'cwd', 'source']) {
    expect(isText(session[key])).toBe(true);
  }
  for (const key of ['id', 'preview', 'modelProvider', 'cwd', 'source']) {
    expect(isText(thread[key])).toBe(true);
  }
  for (const part of [session, thread]) {
    expect(isWhole(part.createdAt) && isWhole(part.updatedAt)).toBe(true);
  }
}

test('strict clients find every member they demand, in its type', async () => {
  const { client } = await sdkScene(callThrice);
  const created = await client.call('POST', '/api/sessions', {});
  expectStrict(created);
  const session = await SdkSession.create(client, tickets());
  const turnId = await session.send('Look up three tickets.');
  const { detail } = await session.waitFor(turnId, async () => {
    const early = await client.call('GET', `/api/sessions/${session.id}`);
    expectStrict(early);
    // The turn that was just begun is there from the first look on, and never over too soon.
    expect(early.thread.turns.map(({ id }: Json) => id)).toContain(turnId);
    expect(early.thread.turns.at(-1).status).toMatch(/inProgress|completed/);
    await session.drain();
  });
  expectStrict(detail);
  for (const row of detail.transcript) {
    for (const key of ['messageId', 'turnId', 'type', 'content']) {
      expect(isText(row[key])).toBe(true);
    }
    expect(['user', 'assistant', 'system']).toContain(row.role);
    expect(['streaming', 'complete', 'canceled', 'error']).toContain(row.status);
  }
  for (const turn of detail.thread.turns) {
    expect(isText(turn.id) && isText(turn.status)).toBe(true);
    for (const item of turn.items) expect(isText(item.id) && isText(item.type)).toBe(true);
  }
});
