/** Writing beside a run: bounded, in order, and never in its way. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemEnv } from '../../src/env.ts';
import { openFileSink } from '../../src/history/file-sink.ts';
import { readHistory } from '../../src/history/reader.ts';
import { recordHistory, startHistory } from '../../src/history/recording.ts';
import type { HistoryEvent } from '../../src/history/record.ts';
import { HistoryWriter, type HistorySink } from '../../src/history/writer.ts';
import { resolveLimits, type Limits } from '../../src/limits.ts';
import { silentLogger } from '../../src/logger.ts';
import { check } from '../../src/soak/check/checker.ts';
import { virtualEnv } from '../../src/testing/virtual-clock.ts';
import { tool } from '../../src/tools/index.ts';
import { openScene } from '../mesh/scene.ts';
import { header } from '../soak/check/story.ts';

/** A sink that takes text when the test lets it. */
function slowSink() {
  let text = '';
  const waiting: { resolve: () => void; reject: (cause: Error) => void; piece: string }[] = [];
  let closed = 0;
  const sink: HistorySink = {
    append: (piece) => new Promise((resolve, reject) => waiting.push({ resolve, reject, piece })),
    close: () => {
      closed += 1;
      return Promise.resolve();
    },
  };
  return {
    sink,
    waiting,
    take() {
      for (const { resolve, piece } of waiting.splice(0)) {
        text += piece;
        resolve();
      }
    },
    get text() {
      return text;
    },
    get closed() {
      return closed;
    },
  };
}

function quickSink() {
  let text = '';
  const sink: HistorySink = {
    append: async (piece) => void (text += piece),
    close: async () => {},
  };
  return { sink, read: () => readHistory([text]) };
}

function makeWriter(sink: HistorySink, limits: Partial<Limits> = {}) {
  const env = virtualEnv(1);
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (_: object, message: string) => errors.push(message) };
  const bounds = resolveLimits(limits);
  const writer = new HistoryWriter({ sink, header, clock: env.clock, limits: bounds, logger });
  return { writer, clock: env.clock, errors };
}

const planned = (fault: string): HistoryEvent => ({ type: 'world.fault.planned', fault });

test('records are written in order, in one piece after a short while, and end with their end', async () => {
  const slow = slowSink();
  const { writer, clock } = makeWriter(slow.sink);
  writer.write(planned('a'), 5);
  writer.write(planned('b'), 6);
  expect(slow.waiting).toHaveLength(0);
  await clock.advance(50);
  expect(slow.waiting).toHaveLength(1);
  writer.write(planned('c'), 7);
  expect(slow.waiting, 'one piece at a time').toHaveLength(1);
  slow.take();
  const closed = writer.close();
  await clock.runUntilIdle();
  slow.take();
  await clock.runUntilIdle();
  slow.take();
  expect(await closed).toEqual({ records: 4, dropped: 0, failure: null });
  expect(slow.closed).toBe(1);
  expect(clock.pendingTimers).toBe(0);
  const { records } = await readHistory([slow.text]);
  expect(records.map(({ seq, at, event }) => [seq, at, event.type])).toEqual([
    [1, 5, 'world.fault.planned'],
    [2, 6, 'world.fault.planned'],
    [3, 7, 'world.fault.planned'],
    [4, expect.any(Number), 'history.ended'],
  ]);
});

test('beyond the bound records are left out, and their number stands where they are missing', async () => {
  const slow = slowSink();
  const { writer, clock } = makeWriter(slow.sink, { historyBufferedCharsMax: 2_000 });
  for (let index = 0; index < 100; index += 1) writer.write(planned(`fault ${index}`));
  const { records, dropped } = writer.stats;
  expect(records + dropped).toBe(100);
  expect(dropped).toBeGreaterThan(50);
  await clock.advance(50);
  slow.take();
  await clock.advance(1);
  writer.write(planned('after'));
  const closed = writer.close();
  await clock.runUntilIdle();
  slow.take();
  await clock.runUntilIdle();
  slow.take();
  await closed;
  const read = await readHistory([slow.text]);
  expect(read.records.map(({ seq }) => seq)).toEqual(read.records.map((_, index) => index + 1));
  expect(read.records.at(-3)?.event).toEqual({ type: 'history.dropped', records: dropped });
  expect(read.records.at(-2)?.event).toEqual(planned('after'));
});

test('a record that is too long, or no JSON, is left out and told of', async () => {
  const { sink, read } = quickSink();
  const { writer } = makeWriter(sink, { historyLineCharsMax: 200 });
  writer.write(planned('x'.repeat(500)));
  const state: Record<string, unknown> = {};
  state['self'] = state;
  const changed = { type: 'session.changed', sessionId: 's', dispatchMode: 'neutral' } as const;
  writer.write({ type: 'mesh', runtime: 'r', event: { ...changed, state } });
  writer.write(planned('fits'));
  expect(await writer.close()).toMatchObject({ dropped: 2 });
  const { records } = await read();
  expect(records.map(({ event }) => event)).toEqual([
    { type: 'history.dropped', records: 1 },
    { type: 'history.dropped', records: 1 },
    planned('fits'),
    { type: 'history.ended' },
  ]);
});

test('a sink that fails ends the history without a word to the run', async () => {
  const slow = slowSink();
  const { writer, clock, errors } = makeWriter(slow.sink);
  writer.write(planned('a'));
  await clock.advance(50);
  slow.waiting.splice(0).forEach(({ reject }) => reject(new Error('disk full')));
  await clock.advance(1);
  writer.write(planned('b'));
  expect(writer.stats).toMatchObject({ failure: 'disk full', dropped: 1 });
  expect(await writer.close()).toMatchObject({ failure: 'disk full' });
  expect(errors).toHaveLength(1);
  expect(slow.waiting).toHaveLength(0);
  expect(clock.pendingTimers).toBe(0);
});

test('closing twice closes once, and what comes after is dropped', async () => {
  const { sink, read } = quickSink();
  const { writer } = makeWriter(sink);
  await Promise.all([writer.close(), writer.close()]);
  writer.write(planned('late'));
  expect(writer.stats).toMatchObject({ dropped: 1 });
  expect((await read()).records).toHaveLength(1);
});

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'history-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test('a file is the owner’s alone, and one that exists is never overwritten', async () => {
  const path = join(await tempFolder(), 'history.jsonl');
  const sink = await openFileSink(systemEnv.files.promises, path);
  await sink.append('one\n');
  await sink.append('two\n');
  await sink.close();
  expect(await readFile(path, 'utf8')).toBe('one\ntwo\n');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await expect(openFileSink(systemEnv.files.promises, path)).rejects.toThrow(/a new file at/);
});

test('a mesh that is recorded leaves a history that can be checked', async () => {
  const scene = await openScene();
  const add = tool({ name: 'add', description: 'Adds.', execute: () => 'done' });
  const before = await scene.mesh.createSession({ tools: [add] });
  const { sink, read } = quickSink();
  const recording = await recordHistory(scene.mesh, { to: sink, env: scene.env, runtime: 'mine' });
  const running = before.sendAndHandle('please add');
  await scene.clock.runUntilIdle();
  expect((await running).status).toBe('completed');
  const closed = scene.mesh.close({ graceMs: 1 });
  await scene.clock.runUntilIdle();
  await closed;
  const stats = await recording.close();
  expect(stats).toMatchObject({ dropped: 0, failure: null });
  const history = await read();
  expect(history.records).toHaveLength(stats.records);
  const types = history.records.map(({ event }) =>
    event.type === 'mesh' ? event.event.type : event.type,
  );
  expect(types.slice(0, 2)).toEqual(['session.opened', 'session.changed']);
  expect(types).toEqual(expect.arrayContaining(['call.claimed', 'call.settled', 'turn.ended']));
  expect(types.slice(-2)).toEqual(['mesh.closed', 'history.ended']);
  expect(check(history)).toMatchObject({ result: 'held', calls: 1 });
});

test('a history that is started first holds everything, and a team’s events with it', async () => {
  const { sink, read } = quickSink();
  await using recording = await startHistory({ to: sink, source: 'team', about: { members: 3 } });
  recording.onMeshEvent({ type: 'mesh.started', host: 'h', codex: null, at: 7 });
  const about = { runId: 'run', sequence: 1, at: 9 };
  recording.onTeamEvent({ type: 'member.done', member: 'docs', ...about });
  await recording.close();
  const history = await read();
  expect(history.header).toMatchObject({ source: 'team', time: 'wall', about: { members: 3 } });
  expect(history.records.map(({ at, event }) => [at, event.type])).toEqual([
    [7, 'mesh'],
    [9, 'team'],
    [expect.any(Number), 'history.ended'],
  ]);
});
