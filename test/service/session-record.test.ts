/** What outlives a service, and what becomes of it when its file is damaged. */
import { appendFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resolveLimits, type Limits } from '../../src/limits.ts';
import { defaultControls } from '../../src/service/session-controls.ts';
import { systemEnv } from '../../src/env.ts';
import { SessionRecords } from '../../src/service/session-record.ts';
import { lookup, recordingLogger, scratchFolder } from './scene.ts';

const record = (id: string, title = 'New chat') => ({
  id,
  title,
  cwd: null,
  controls: defaultControls,
  tools: [lookup()],
});

async function file() {
  const path = join(await scratchFolder(), 'sessions.jsonl');
  const logged: string[] = [];
  const open = (limits: Partial<Limits> = {}) =>
    SessionRecords.open({
      path,
      files: systemEnv.files,
      limits: resolveLimits(limits),
      logger: recordingLogger(logged),
    });
  return { path, open, logged };
}

test('sessions and deletions are found again, as they were last', async () => {
  const { path, open } = await file();
  const before = await open();
  before.put(record('a'));
  before.put(record('b'));
  before.put(record('a', 'team-x'));
  before.delete({ id: 'b', title: 'gone', deletedAt: 7 });
  await before.written();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const after = await open();
  expect(after.get('a')).toEqual(record('a', 'team-x'));
  expect(after.get('b')).toBeUndefined();
  expect(after.deleted('b')).toEqual({ id: 'b', title: 'gone', deletedAt: 7 });
  await after.written();
  // What no longer counts is left out.
  expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(2);
});

test('lines that are torn, foreign or of the wrong shape are passed over', async () => {
  const { path, open, logged } = await file();
  const before = await open();
  before.put(record('a'));
  await before.written();
  const lines = [
    '{"type":"session","id":7}',
    '{"type":"session","id":"x"}',
    '{"type":"deleted","id":"y"}',
    '{"type":"of-a-later-version","id":"z"}',
    'null',
    '[]',
    '"text"',
    JSON.stringify({ type: 'session', ...record('b') }),
    '{"type":"session","id":"torn',
  ];
  await appendFile(path, lines.join('\n'));
  const after = await open();
  expect(after.get('a')).toEqual(record('a'));
  expect(after.get('b')).toEqual(record('b'));
  for (const id of ['x', 'y', 'z', 'torn']) expect(after.get(id)).toBeUndefined();
  await after.written();
  expect(logged).toEqual([]);
});

test('the oldest are forgotten beyond the bounds', async () => {
  const { open } = await file();
  const limits = { sessionRecordsMax: 2, deletedSessionsMax: 1 };
  const before = await open(limits);
  for (const id of ['a', 'b', 'c']) before.put(record(id));
  expect(before.get('a')).toBeUndefined();
  for (const id of ['d', 'e']) before.delete({ id, title: 't', deletedAt: 1 });
  expect(before.deleted('d')).toBeUndefined();
  await before.written();
  const after = await open(limits);
  expect([after.get('b'), after.get('c'), after.deleted('e')]).not.toContain(undefined);
  await after.written();
});

test('without a place to write, what happens is remembered all the same, and the log says so', async () => {
  const { path, open, logged } = await file();
  await mkdir(path);
  const records = await open();
  records.put(record('a'));
  await records.written();
  expect(records.get('a')).toEqual(record('a'));
  expect(logged.join('\n')).toContain('could not be');
});

test('without a file nothing is written', async () => {
  const records = await SessionRecords.open({
    path: null,
    files: systemEnv.files,
    limits: resolveLimits(),
    logger: recordingLogger([]),
  });
  records.put(record('a'));
  await records.written();
  expect(records.get('a')).toEqual(record('a'));
});

test('a file that is not ours to begin with is read as far as it goes', async () => {
  const { path, open } = await file();
  await writeFile(path, Buffer.from([0xff, 0xfe, 0x00, 0x0a]));
  const records = await open();
  records.put(record('a'));
  await records.written();
  expect((await open()).get('a')).toEqual(record('a'));
});

test('a session whose turn did not end is known as such, until it does or is gone', async () => {
  const { path, open } = await file();
  const before = await open();
  for (const id of ['a', 'b', 'c']) before.put(record(id));
  for (const id of ['b', 'a', 'c', 'of-nobody']) before.setActive(id, true);
  before.setActive('a', true);
  before.delete({ id: 'c', title: 'gone', deletedAt: 7 });
  await before.written();
  const after = await open();
  expect(after.active).toEqual(['b', 'a']);
  after.setActive('b', false);
  await after.written();
  const last = await open();
  expect(last.active).toEqual(['a']);
  await last.written();
  const kept = (await readFile(path, 'utf8')).split('\n').filter((line) => line.includes('turn'));
  expect(kept).toEqual(['{"type":"turn.began","id":"a"}']);
});

test('turns that come and go do not make the file grow without end', async () => {
  const { path, open } = await file();
  const records = await open();
  records.put(record('a'));
  for (let turn = 0; turn < 6_000; turn += 1) {
    records.setActive('a', true);
    records.setActive('a', false);
  }
  await records.written();
  expect((await readFile(path, 'utf8')).trim().split('\n').length).toBeLessThan(10_000);
});
