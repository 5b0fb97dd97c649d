/** kill -9 of the service in the middle of calls, on a Codex that goes on: nothing lost, nothing twice. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test, vi } from 'vitest';
import { checkJournal } from '../../src/ledger/sqlite/check.ts';
import { listeningCodex } from '../e2e/real-codex.ts';
import { clientOf, openStream, type Json } from './client.ts';
import {
  answerOf,
  callNamedTools,
  endedTurn,
  newSession,
  pendingCalls,
  scratchFolder,
} from './scene.ts';

// Whole processes begin and end here, several in one test.
vi.setConfig({ testTimeout: 60_000 });

/** Starts the worker; resolves once it serves. */
async function startWorker(codexUrl: string, folder: string, point = 'none') {
  const worker = join(import.meta.dirname, 'crash-worker.ts');
  const child = spawn(process.execPath, [worker, codexUrl, folder, point], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit').then(() => child.signalCode);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const target: { url: string; token: string } = JSON.parse(String(line));
  const kill = async () => {
    child.kill('SIGKILL');
    expect(await exited).toBe('SIGKILL');
  };
  return { ...target, client: clientOf(target), exited, kill };
}

async function scene() {
  const [{ url }, folder] = [await listeningCodex(callNamedTools), await scratchFolder()];
  const starts = join(folder, 'starts');
  return {
    start: (point?: string) => startWorker(url, folder, point),
    starts: () =>
      existsSync(starts) ? readFileSync(starts, 'utf8').trim().split('\n') : ([] as string[]),
    /** The ledger is sound, and nothing in it is left open. */
    settled: () =>
      expect
        .poll(() => checkJournal(join(folder, 'ledger.sqlite')), { timeout: 10_000 })
        .toMatchObject({ problems: [], open: 0 }),
  };
}

const lastWords = ({ transcript }: Json): string => transcript.at(-1).content;

test.each([
  ['once', ['once 1'], /not known/],
  ['repeatable', ['repeatable 1', 'repeatable 2'], /^effect done$/],
])('a handler of the service that was running: %s', async (name, starts, reply) => {
  const crash = await scene();
  const first = await crash.start('in the handler');
  const id = await newSession(first.client, []);
  await first.client.post(`/api/sessions/${id}/messages`, { text: name });
  expect(await first.exited).toBe('SIGKILL');
  expect(crash.starts()).toEqual(starts.slice(0, 1));
  // Nobody asks for the session: the service takes it up by itself.
  const second = await crash.start();
  expect(lastWords(await endedTurn(second.client, id))).toMatch(reply);
  expect(crash.starts()).toEqual(starts);
  await crash.settled();
});

test('a call that waits for a client is shown to whoever follows all, and answered once', async () => {
  const crash = await scene();
  const first = await crash.start();
  const id = await newSession(first.client);
  const before = await openStream(first, { query: `?threadId=${id}` });
  await first.client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const { payload: old } = await before.of('tool_call_requested');
  await first.kill();
  expect(await before.closed).toBe(1006);

  const second = await crash.start();
  const stream = await openStream(second);
  const { payload } = await stream.of('tool_call_requested');
  expect(payload).toMatchObject({ callId: old.callId, turnId: old.turnId, threadId: id });
  expect(payload.requestId).not.toBe(old.requestId);
  const [call] = (await second.client.get(`/api/sessions/${id}/calls`)).body.data;
  expect(call).toMatchObject({ callId: old.callId, state: 'running', attempts: 2 });
  const answer = (requestId: string, text: string) =>
    second.client.post(`/api/tool-calls/${requestId}/response`, answerOf(text));
  expect((await answer(old.requestId, 'for the service before')).status).toBe(404);
  expect((await answer(payload.requestId, 'answered once')).status).toBe(200);
  expect(lastWords(await endedTurn(second.client, id))).toBe('answered once');
  await crash.settled();
});

test.each(['before the answer is sent', 'after the answer is sent'])(
  'an answer that was recorded is not asked for again: killed %s',
  async (point) => {
    const crash = await scene();
    const first = await crash.start(point);
    const id = await newSession(first.client);
    await first.client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
    const [{ requestId }] = await pendingCalls(first.client, id);
    const path = `/api/tool-calls/${requestId}/response`;
    await expect(first.client.post(path, answerOf('computed before'))).rejects.toThrow();
    expect(await first.exited).toBe('SIGKILL');

    const second = await crash.start();
    const stream = await openStream(second);
    expect(lastWords(await endedTurn(second.client, id))).toBe('computed before');
    // Its client never had an answer to its answer, and asks again.
    expect((await second.client.post(path, answerOf('computed before'))).status).toBe(404);
    await stream.settle();
    expect(stream.all('tool_call_requested')).toEqual([]);
    await crash.settled();
  },
);

test('a turn that goes on without the service can be interrupted as soon as it is back', async () => {
  const crash = await scene();
  const first = await crash.start();
  const id = await newSession(first.client);
  const { body } = await first.client.post(`/api/sessions/${id}/messages`, {
    text: 'lookup_ticket',
  });
  await pendingCalls(first.client, id);
  await first.kill();
  const { client } = await crash.start();
  expect(await client.post(`/api/sessions/${id}/interrupt`)).toMatchObject({
    status: 200,
    body: { status: 'ok', sessionId: id, turnId: body.turnId },
  });
  expect((await endedTurn(client, id)).thread.turns.at(-1).status).toBe('interrupted');
  await crash.settled();
});

test('killed again and again: every call is answered by the client that is there', async () => {
  const crash = await scene();
  const first = await crash.start();
  const id = await newSession(first.client);
  await first.client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket once' });
  await pendingCalls(first.client, id);
  await expect.poll(crash.starts).toEqual(['once 1']);
  await first.kill();
  for (let round = 1; round <= 2; round += 1) {
    const next = await crash.start();
    await pendingCalls(next.client, id);
    await next.kill();
  }
  const last = await crash.start();
  const [{ requestId }] = await pendingCalls(last.client, id);
  await last.client.post(`/api/tool-calls/${requestId}/response`, answerOf('in the end'));
  // Codex had the answer of the tool that ran before the first crash.
  expect(lastWords(await endedTurn(last.client, id))).toBe('in the end | effect done');
  expect(crash.starts()).toEqual(['once 1']);
  await crash.settled();
});
