/** The feed: who is told what, what it costs when nobody looks, and what happens to whoever falls behind. */
import { expect, onTestFinished, test } from 'vitest';
import { callNamedTools, codexScene, endedTurn, fakeScene, lookup, newSession } from '../scene.ts';
import { simulatedHost } from '../../../src/hosts/simulated/host.ts';
import { defaultLimits, type Limits } from '../../../src/limits.ts';
import type { MeshEvent } from '../../../src/mesh/event.ts';
import { startMesh } from '../../../src/mesh/start-mesh.ts';
import { startDashboard } from '../../../src/service/inspection/dashboard-server.ts';
import { meshSource } from '../../../src/service/inspection/mesh-source.ts';
import { tool } from '../../../src/tools/tool.ts';
import type { Json } from '../client.ts';
import { eventually, openViewer, redeem, type Viewer } from './viewer.ts';

const ping = tool({
  name: 'ping',
  description: 'Answers.',
  input: { type: 'object', additionalProperties: true } as const,
  execute: () => Promise.resolve('pong'),
});

async function scene(options: Parameters<typeof fakeScene>[1] = {}) {
  const made = await fakeScene(callNamedTools, { tools: [ping], ...options });
  const { cookie } = await redeem(made.service.pageUrl());
  return {
    ...made,
    look: (query = '') => openViewer(made.service.url, cookie, { query }),
    /** Has a session make calls, and waits for the end of its turn. */
    work: async (id: string, text = 'ping') => {
      await made.client.post(`/api/sessions/${id}/messages`, { text });
      await endedTurn(made.client, id);
    },
  };
}

/** What a viewer knows of a session: the row it was told last. */
function rowOf({ frames }: Viewer, id: string): Json {
  const rows = frames.flatMap((frame: Json) => frame.rows ?? frame.overview?.rows ?? []);
  return rows.findLast((row: Json) => row.id === id);
}

/** The numbers of all records that a viewer was told of a session. */
function recordsOf({ frames }: Viewer, id: string): Json[] {
  return frames
    .flatMap((frame: Json) => frame.records ?? [])
    .filter(({ event }: Json) => event.event.sessionId === id);
}

test('a new viewer is told of everything that is there, and then of what changes', async () => {
  const { client, look, work } = await scene();
  const id = await newSession(client, []);
  const viewer = await look();
  const { overview } = await viewer.of('snapshot');
  expect(overview).toMatchObject({
    host: { link: 'online' },
    rows: [{ id, mode: 'neutral', inFlight: 0, calls: 0, tools: 1 }],
    waiting: [],
    team: null,
  });
  await work(id);
  await eventually(() =>
    expect(rowOf(viewer, id)).toMatchObject({ mode: 'signal', calls: 1, failures: 0, inFlight: 0 }),
  );
  const counters = viewer.frames.findLast((frame) => frame.counters)?.counters;
  expect(counters).toMatchObject({ calls: 1, failures: 0, inFlight: 0 });
  expect(counters.p50Ms).toBeGreaterThanOrEqual(0);
});

test('what happens in a session is told only to those who watch it', async () => {
  const { client, look, work } = await scene();
  const [one, other] = [await newSession(client, []), await newSession(client, [])];
  const watcher = await look(`?watch=${one}`);
  const passer = await look();
  expect(await watcher.of('session')).toMatchObject({
    sessionId: one,
    facts: { id: one, calls: [] },
  });
  await work(one);
  await work(other);
  await eventually(() => expect(rowOf(watcher, other)).toMatchObject({ calls: 1 }));
  const types = recordsOf(watcher, one).map(({ event }) => event.event.type);
  expect(types.filter((type) => type.startsWith('call.'))).toEqual([
    'call.claimed',
    'call.started',
    'call.answered',
    'call.settled',
  ]);
  expect(recordsOf(watcher, other)).toEqual([]);
  expect(recordsOf(passer, one)).toEqual([]);
  watcher.say({ type: 'watch', sessionIds: [other] });
  const { facts } = await watcher.until(
    (frame) => frame.type === 'session' && frame.sessionId === other,
  );
  expect(facts.calls).toMatchObject([{ tool: 'ping', outcome: 'answered', success: true }]);
});

test('F2 whoever comes back is told what it missed, once and in order', async () => {
  const { client, look, work } = await scene();
  const id = await newSession(client, []);
  const before = await look(`?watch=${id}`);
  await work(id);
  await eventually(() => expect(rowOf(before, id)).toMatchObject({ calls: 1 }));
  const { epoch } = before.frames[0];
  const { seq } = before.frames.findLast((frame) => frame.seq);
  await before.close();
  await work(id, 'ping ping');
  const after = await look(`?watch=${id}&epoch=${epoch}&since=${seq}`);
  await eventually(() => expect(rowOf(after, id)).toMatchObject({ calls: 3 }));
  await work(id);
  await eventually(() => expect(rowOf(after, id)).toMatchObject({ calls: 4 }));
  expect(after.frames.map(({ type }) => type)).not.toContain('snapshot');
  expect(after.frames.map(({ type }) => type)).not.toContain('lagged');
  const all = [...recordsOf(before, id), ...recordsOf(after, id)];
  const seqs = all.map((record) => record.seq);
  expect(seqs).toEqual(seqs.toSorted((one, two) => one - two));
  expect(new Set(seqs).size).toBe(seqs.length);
  expect(all.filter(({ event }) => event.event.type === 'call.settled').length).toBe(4);
});

test('F2 what is not known any more is said, and everything is told anew', async () => {
  const { look } = await scene();
  const first = await look();
  const { epoch } = first.frames[0];
  for (const query of [`?epoch=another&since=7`, `?epoch=${epoch}&since=999999`]) {
    const viewer = await look(query);
    await viewer.of('snapshot');
    expect(viewer.frames.map(({ type }) => type).slice(0, 3)).toEqual([
      'hello',
      'lagged',
      'snapshot',
    ]);
  }
});

/** A mesh with a dashboard that says how many observe the mesh. */
async function observedScene(limits: Partial<Limits>) {
  const source = meshSource({ limits: defaultLimits, runtime: 'test', name: 'a mesh' });
  const observers = { count: 0 };
  const observe: typeof source.observe = (observer) => {
    observers.count += 1;
    const stop = source.observe(observer);
    return () => {
      observers.count -= 1;
      stop();
    };
  };
  const onEvent = (event: MeshEvent) => source.onMeshEvent(event);
  const mesh = await startMesh({ host: simulatedHost(callNamedTools), onEvent });
  source.attach(mesh);
  const dashboard = await startDashboard({ shown: { source: { ...source, observe } }, limits });
  onTestFinished(async () => {
    await dashboard.close();
    await mesh.close({ graceMs: 1 });
  });
  const session = await mesh.createSession({ tools: [ping] });
  const { cookie } = await redeem(dashboard.pageUrl());
  const look = (query = '') => openViewer(dashboard.url, cookie, { query });
  return { session, observers, look };
}

test('F1 nothing is observed before somebody looks, nor for long after the last one went', async () => {
  const { session, observers, look } = await observedScene({ inspectionLingerMs: 50 });
  await session.sendAndHandle('ping');
  expect(observers.count).toBe(0);
  const first = await look(`?watch=${session.id}`);
  const { overview, seq } = await first.of('snapshot');
  expect(overview.rows[0]).toMatchObject({ id: session.id, calls: 0 });
  expect(observers.count).toBe(1);
  const { epoch } = first.frames[0];
  await first.close();
  await eventually(() => expect(observers.count).toBe(0));
  await session.sendAndHandle('ping');
  const back = await look(`?epoch=${epoch}&since=${seq}`);
  // What happened meanwhile was not observed, so it is not known.
  await back.of('lagged');
  expect((await back.of('snapshot')).overview.counters).toMatchObject({ calls: 0 });
});

test('F3 whoever does not read is left behind, told so, and costs nobody else anything', async () => {
  const { client, look, work } = await scene({ limits: { inspectionBufferBytesMax: 16 * 1024 } });
  const ids = await Promise.all(Array.from({ length: 60 }, () => newSession(client, [])));
  const slow = await look(`?watch=${ids.slice(0, 16).join(',')}`);
  const fast = await look();
  await slow.of('snapshot');
  slow.socket.pause();
  // Three times what the system keeps for a connection that nobody reads.
  const pings = Array.from({ length: 12 }, () => 'ping').join(' ');
  for (let round = 0; round < 40; round += 1) await Promise.all(ids.map((id) => work(id, pings)));
  await eventually(() => expect(rowOf(fast, ids[0] ?? '')).toMatchObject({ calls: 480 }));
  expect(fast.frames.map(({ type }) => type)).not.toContain('lagged');
  slow.socket.resume();
  await slow.of('lagged');
  await eventually(() => expect(rowOf(slow, ids[0] ?? '')).toMatchObject({ calls: 480 }));
}, 60_000);

test('a session that is renamed is called so', async () => {
  const { client, look } = await scene();
  const id = await newSession(client, []);
  const viewer = await look();
  await viewer.of('snapshot');
  await client.post(`/api/sessions/${id}/rename`, { title: 'Release notes' });
  await eventually(() => expect(rowOf(viewer, id)).toMatchObject({ title: 'Release notes' }));
});

test('commands that are none are refused, and a token for some sessions may not look', async () => {
  const own = 'another-token-of-ours';
  const { service, look, client } = await scene({
    tokens: [{ token: own, scopes: ['read'], sessions: ['s-1'] }],
  });
  const viewer = await look();
  const ids = Array.from({ length: 17 }, (_, index) => `s-${index}`);
  for (const command of [
    'no json',
    { type: 'watch', sessionIds: ids },
    { type: 'seek', seq: -1 },
    7,
  ]) {
    viewer.socket.send(typeof command === 'string' ? command : JSON.stringify(command));
  }
  await eventually(() =>
    expect(viewer.frames.filter(({ type }) => type === 'error').length).toBe(4),
  );
  const headers = { authorization: `Bearer ${own}` };
  await expect(openViewer(service.url, '', { headers })).rejects.toThrow('403');
  for (const path of ['catalog', 'conversation', 'call?key=x']) {
    const answer = await client.get(`/api/inspect/sessions/s-1/${path}`, { token: own });
    expect([path, answer.status]).toEqual([path, 404]);
  }
});

test('a session of the real Codex: its catalog, its conversation, and the content of its call', async () => {
  const { client, service } = await codexScene(callNamedTools, { tools: [ping] });
  const id = await newSession(client, [lookup()]);
  const { cookie } = await redeem(service.pageUrl());
  const viewer = await openViewer(service.url, cookie, { query: `?watch=${id}` });
  await viewer.of('session');
  await client.post(`/api/sessions/${id}/messages`, { text: 'ping' });
  await endedTurn(client, id);
  await eventually(() => expect(rowOf(viewer, id)).toMatchObject({ calls: 1, failures: 0 }));
  const catalog = await client.get(`/api/inspect/sessions/${id}/catalog`);
  expect(catalog.body.tools.map(({ name }: Json) => name)).toEqual(['ping', 'lookup_ticket']);
  const { body } = await client.get(`/api/inspect/sessions/${id}/conversation`);
  const said = body.data.filter(({ role }: Json) => role !== 'system');
  expect(said.map(({ content }: Json) => content)).toEqual(['ping', 'pong']);
  const claimed = recordsOf(viewer, id).find(({ event }) => event.event.type === 'call.claimed');
  const { sessionId, turnId, callId, requestId } = claimed.event.event;
  const key = encodeURIComponent(JSON.stringify([sessionId, turnId, callId, requestId]));
  const call = await client.get(`/api/inspect/sessions/${id}/call?key=${key}`);
  expect(call.body).toMatchObject({
    call: { tool: 'ping', outcome: 'answered' },
    arguments: { id: 'ENG-1' },
    output: { success: true, contentItems: [{ type: 'inputText', text: 'pong' }] },
  });
}, 60_000);
