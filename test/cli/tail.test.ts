/** `sessionmesh tail`: every event once, also where the stream breaks; and an end when it is wanted. */
import { expect, test, vi } from 'vitest';
import { missingText } from '../../src/cli/stream-notices.ts';
import { hasType, TailFilter } from '../../src/cli/tail.ts';
import type { StreamFrame } from '../../src/hosts/control-service/frame.ts';
import type { Limits } from '../../src/limits.ts';
import {
  answerOf,
  callNamedTools,
  endedTurn,
  fakeScene,
  newSession,
  pendingCalls,
  scratchFolder,
} from '../service/scene.ts';
import type { Client } from '../service/client.ts';
import { openRelay } from '../relay.ts';
import { commandsIn, ended, patiently } from './service-commands.ts';

// Each test starts several processes, one after the other.
vi.setConfig({ testTimeout: 60_000 });

const toolFrame = (type: string, requestId: string): StreamFrame => ({
  type,
  threadId: 's',
  payload: { requestId, threadId: 's', tool: 'lookup' },
  seq: 1,
});

test('what Codex says may be named without its prefix', () => {
  expect(hasType('app_server.turn.completed', 'turn.')).toBe(true);
  expect(hasType('app_server.turn.completed', 'app_server.turn')).toBe(true);
  expect(hasType('tool_call_requested', 'tool_call_')).toBe(true);
  expect(hasType('app_server.turn.completed', 'completed')).toBe(false);
});

test('a request that is delivered again is shown once, and what is wanted decides', () => {
  const filter = new TailFilter({ type: ['tool_call_'] }, ['s'], 2);
  const again = { ...toolFrame('tool_call_requested', '1'), redelivered: true } as const;
  expect(filter.takes(again)).toBe(true);
  expect(filter.takes(again)).toBe(false);
  // What the service publishes anew is news.
  expect(filter.takes(toolFrame('tool_call_requested', '1'))).toBe(true);
  expect(filter.takes(toolFrame('tool_call_resolved', '1'))).toBe(true);
  expect(filter.toolOf('1')).toBe('lookup');
  expect(filter.takes({ ...toolFrame('tool_call_requested', '2'), threadId: 'other' })).toBe(false);
  expect(filter.takes(toolFrame('app_server.turn.started', '3'))).toBe(false);
});

test('a person is told of a call once, a program by both of its frames', () => {
  const signal = toolFrame('app_server.request.item.tool.call', '1');
  expect(new TailFilter({}, [], 8).takes(signal)).toBe(false);
  expect(new TailFilter({ json: true }, [], 8).takes(signal)).toBe(true);
});

test('what is missing is named as far as the service says it', () => {
  expect(missingText(null)).toBe('some events are missing here');
  expect(missingText({ from: 7, to: 7 })).toBe('event 7 is missing here');
  expect(missingText({ from: 7, to: 9 })).toBe('events 7 to 9 are missing here');
});

/** A service behind a relay, and a tail of it. */
async function tailScene(limits: Partial<Limits> = {}) {
  const home = await scratchFolder();
  const relay = await openRelay();
  const hosts = [relay.name];
  const scene = await fakeScene(callNamedTools, { stateDir: home, hosts, limits });
  relay.lead(scene.service.url);
  const { start } = commandsIn(home);
  const follow = (...args: string[]) => {
    const env = { SESSIONMESH_TOKEN: scene.service.token ?? '' };
    const child = start(['tail', '--url', relay.url, ...args], env);
    const lines: string[] = [];
    const told: string[] = [];
    child.stdout!.on('data', (chunk) => lines.push(String(chunk)));
    child.stderr!.on('data', (chunk) => told.push(String(chunk)));
    const text = () => lines.join('');
    return { child, text, told: () => told.join(''), result: ended(child) };
  };
  return { ...scene, relay, follow };
}

async function turn(client: Client, id: string, text = 'lookup_ticket') {
  await client.post(`/api/sessions/${id}/messages`, { text });
  const [call] = await pendingCalls(client, id);
  await client.post(`/api/tool-calls/${call.requestId}/response`, answerOf('open'));
  return endedTurn(client, id);
}

const seqsIn = (text: string): number[] =>
  text.split('\n').flatMap((line) => (line === '' ? [] : JSON.parse(line).seq));

test('after the stream was cut it goes on where it was, without a gap and without a repeat', async () => {
  const { client, relay, follow, service } = await tailScene();
  const id = await newSession(client);
  const tail = follow('--json', '--until', 'session_deleted');
  await expect
    .poll(() => client.get('/metrics').then(({ text }) => text), patiently)
    .toContain('streams 1');
  await turn(client, id);
  await expect.poll(() => tail.text(), patiently).toContain('app_server.turn.completed');
  const [first = 0] = seqsIn(tail.text());
  relay.cut();
  await expect.poll(() => tail.told(), patiently).toContain('reconnecting');
  await turn(client, id);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  await pendingCalls(client, id);
  relay.mend();
  await expect.poll(() => tail.told(), patiently).toContain('connected again; nothing');
  await client.delete(`/api/sessions/${id}`);
  const { code } = await tail.result;
  expect(code).toBe(0);
  const seqs = seqsIn(tail.text());
  expect(seqs).toEqual(seqs.map((_, at) => first + at));
  expect(seqs.length).toBeGreaterThan(15);
  await service.close();
});

test('after more was missed than is kept it says which events, and shows again what waits', async () => {
  const { client, relay, follow } = await tailScene({ streamFramesKeptMax: 3 });
  const id = await newSession(client);
  const tail = follow('--json', '--until', 'session_deleted');
  await expect
    .poll(() => client.get('/metrics').then(({ text }) => text), patiently)
    .toContain('streams 1');
  await turn(client, id);
  await expect.poll(() => tail.text(), patiently).toContain('app_server.turn.completed');
  relay.cut();
  await turn(client, id);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [{ requestId }] = await pendingCalls(client, id);
  relay.mend();
  await expect.poll(() => tail.told(), patiently).toMatch(/lagged: events \d+ to \d+ are missing/);
  await client.delete(`/api/sessions/${id}`);
  expect((await tail.result).code).toBe(0);
  const [, from, to] = /events (\d+) to (\d+)/.exec(tail.told()) ?? [];
  const shown = seqsIn(tail.text());
  expect(shown).toContain(Number(from) - 1);
  expect(shown).toContain(Number(to) + 1);
  expect(shown.filter((seq) => seq >= Number(from) && seq <= Number(to))).toEqual([]);
  const requests = tail.text().match(/"type":"tool_call_requested".*/g) ?? [];
  expect(requests.filter((line) => line.includes(requestId))).toHaveLength(1);
});

test('Ctrl-C ends it as if nothing had happened', async () => {
  const { client, follow } = await tailScene();
  const tail = follow();
  await expect
    .poll(() => client.get('/metrics').then(({ text }) => text), patiently)
    .toContain('streams 1');
  tail.child.kill('SIGINT');
  expect(await tail.result).toMatchObject({ code: 0, stderr: '' });
});

test('only the sessions and types that are wanted, and no more than wanted', async () => {
  const { client, follow } = await tailScene();
  const ids = [await newSession(client), await newSession(client)];
  const args = ['--session', ids[1]!, '--type', 'turn.', '--count', '2'];
  const tail = follow('--json', ...args);
  await expect
    .poll(() => client.get('/metrics').then(({ text }) => text), patiently)
    .toContain('streams 1');
  await Promise.all(ids.map((id) => turn(client, id)));
  expect((await tail.result).code).toBe(0);
  const frames = tail
    .text()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(frames.map(({ type, threadId }) => [type, threadId])).toEqual([
    ['app_server.turn.started', ids[1]],
    ['app_server.turn.completed', ids[1]],
  ]);
});

test('for people: one line an event, and what waits already at the beginning', async () => {
  const { client, follow } = await tailScene();
  const id = await newSession(client);
  await client.post(`/api/sessions/${id}/rename`, { title: 'tickets\u001b[2J' });
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [call] = await pendingCalls(client, id);
  const tail = follow('--until', 'turn.completed');
  await expect.poll(() => tail.text(), patiently).toContain('lookup_ticket');
  await client.post(`/api/tool-calls/${call.requestId}/response`, answerOf('open', false));
  expect((await tail.result).code).toBe(0);
  expect(tail.text().split('\n')).toEqual([
    expect.stringMatching(/^ {10}\S+ +tickets$/),
    expect.stringMatching(/^\d\d:\d\d:\d\d {2}\S+ +call +lookup_ticket \{"id":"ENG-1"\}$/),
    expect.stringMatching(/^\d\d:\d\d:\d\d {2}\S+ +answered +lookup_ticket: with a failure$/),
    expect.stringMatching(/^\d\d:\d\d:\d\d {2}\S+ +turn ended +completed$/),
    '',
  ]);
});
