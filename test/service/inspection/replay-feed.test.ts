/** A history that is still being written: read as it grows, and shown to those who follow it. */
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createReplayCheck } from '../../../src/cli/replay-check.ts';
import { systemEnv } from '../../../src/env.ts';
import type { HistoryEvent } from '../../../src/history/record.ts';
import { defaultLimits } from '../../../src/limits.ts';
import { startDashboard } from '../../../src/service/inspection/dashboard-server.ts';
import { readGrowing } from '../../../src/service/inspection/growing-file.ts';
import { followReplay } from '../../../src/service/inspection/replay.ts';
import { scratchFolder } from '../scene.ts';
import { eventually, openViewer, redeem, type Viewer } from './viewer.ts';

const header = {
  type: 'history.began',
  version: 1,
  source: 'soak real',
  runId: 'r-1',
  time: 'wall',
  seed: null,
  about: {},
};

const opened = (sessionId: string): HistoryEvent => ({
  type: 'mesh',
  runtime: 'runtime-1',
  event: { type: 'session.opened', sessionId, title: null, tools: [], resumed: false },
});

const leak: HistoryEvent = { type: 'world.leak', canary: 'canary-1', place: 'log' };

/** A history file that a test goes on writing, and its dashboard. */
async function growingScene() {
  const path = join(await scratchFolder(), 'run.jsonl');
  await writeFile(path, `${JSON.stringify(header)}\n`);
  let seq = 0;
  const lineOf = (event: HistoryEvent) => {
    seq += 1;
    return `${JSON.stringify({ seq, at: 1_000 + seq, event })}\n`;
  };
  const life = new AbortController();
  onTestFinished(() => life.abort());
  const chunks = readGrowing(path, { env: systemEnv, pollMs: 5, signal: life.signal });
  const { replay, over } = await followReplay(chunks, {
    limits: defaultLimits,
    name: 'run.jsonl',
    createCheck: createReplayCheck,
  });
  const dashboard = await startDashboard({ shown: { replay }, limits: { inspectionTickMs: 5 } });
  onTestFinished(() => dashboard.close());
  const { cookie } = await redeem(dashboard.pageUrl());
  return {
    replay,
    over,
    lineOf,
    append: (text: string) => appendFile(path, text),
    write: (...events: HistoryEvent[]) => appendFile(path, events.map(lineOf).join('')),
    look: (query = '') => openViewer(dashboard.url, cookie, { query }),
  };
}

const lastSeqOf = ({ frames }: Viewer) => frames.findLast(({ type }) => type === 'update')?.seq;

test('whoever stands at the end moves on with the run; whoever looks back stays where it is', async () => {
  const { write, look, replay } = await growingScene();
  await write(opened('s-1'));
  await eventually(() => expect(replay.span.lastSeq).toBe(1));
  const follower = await look('?watch=s-1');
  const reader = await look();
  await reader.of('snapshot');
  reader.say({ type: 'seek', seq: 0 });
  await eventually(() => expect(lastSeqOf(reader)).toBe(0));
  await write(opened('s-2'), {
    type: 'mesh',
    runtime: 'runtime-1',
    event: { type: 'session.closed', sessionId: 's-1' },
  });
  await eventually(() => expect(lastSeqOf(follower)).toBe(3));
  // Both records are told of at once, or one after the other.
  const rows = new Map(
    follower.frames.flatMap((frame) => frame.rows ?? []).map((row) => [row.id, row]),
  );
  expect([...rows.keys()].toSorted((one, other) => one.localeCompare(other))).toEqual([
    's-1',
    's-2',
  ]);
  expect(rows.get('s-1')).toMatchObject({ state: 'closed' });
  const records = follower.frames.flatMap((frame) => frame.records ?? []);
  expect(records.map(({ seq }) => seq)).toEqual([1, 3]);
  await reader.until((frame) => frame.type === 'grown' && frame.lastSeq === 3);
  expect(lastSeqOf(reader)).toBe(0);
  reader.say({ type: 'seek', seq: Number.MAX_SAFE_INTEGER });
  await eventually(() => expect(lastSeqOf(reader)).toBe(3));
  await write(opened('s-3'));
  await eventually(() => expect(lastSeqOf(reader)).toBe(4));
});

test('a record that is written in two pieces is read once it is whole', async () => {
  const { append, lineOf, replay, write } = await growingScene();
  const line = lineOf(opened('s-ü'));
  await append(line.slice(0, 50));
  await append(line.slice(50));
  await write(opened('s-2'));
  await eventually(() => expect(replay.span.lastSeq).toBe(2));
  expect(replay.timeline.now.sessions.has('s-ü')).toBe(true);
});

test('what is violated is told as soon as it is proved, and what is unfinished is not held against the run', async () => {
  const { write, replay, over } = await growingScene();
  const call = {
    sessionId: 's-1',
    turnId: 't-1',
    callId: 'c-1',
    requestId: 1,
    tool: 'work',
    namespace: null,
  };
  await write(opened('s-1'), {
    type: 'mesh',
    runtime: 'runtime-1',
    event: { type: 'call.claimed', source: 'signal', ...call },
  });
  await eventually(() => expect(replay.span.lastSeq).toBe(2));
  const violations = () => replay.summary.marks.filter(({ kind }) => kind === 'violation');
  expect(violations()).toEqual([]);
  expect(replay.summary.isOver).toBe(false);
  await write(leak);
  await eventually(() =>
    expect(violations()).toMatchObject([{ seq: 3, text: expect.stringMatching(/^I9: /) }]),
  );
  await write({ type: 'history.ended' });
  await over;
  expect(replay.summary.isOver).toBe(true);
  expect(violations()).toContainEqual(expect.objectContaining({ seq: 3 }));
});

test('a line that is no record ends the reading with what was wrong', async () => {
  const { append, over } = await growingScene();
  await append('{"seq":1}\n');
  await expect(over).rejects.toMatchObject({ code: 'history_invalid' });
});
