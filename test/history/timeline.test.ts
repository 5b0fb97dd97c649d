/** Time travel: any moment is what folding up to it gives, and is found quickly. */
import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fold } from '../../src/history/fold.ts';
import { Timeline } from '../../src/history/timeline.ts';
import { goodStory, story, storyCall } from '../soak/check/story.ts';

const limits = { historyRecordsKeptMax: 100_000, historyCheckpointsMax: 4 };

function timelineOf(records: ReturnType<typeof goodStory>['records'], bounds = limits) {
  const timeline = new Timeline(bounds);
  for (const record of records) timeline.push(record);
  return timeline;
}

test('every moment is the fold of the records up to it, however few copies are kept', () => {
  const { records } = goodStory(300);
  const timeline = timelineOf(records);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: records.length + 5 }), (seq) => {
      expect(timeline.at(seq)).toEqual(fold(records.slice(0, seq)));
    }),
    { numRuns: 60 },
  );
  expect(timeline.now).toEqual(fold(records));
});

test('a moment is the traveller’s own', () => {
  const { records } = goodStory(50);
  const timeline = timelineOf(records);
  const moment = timeline.at(100);
  moment.openCalls.clear();
  moment.sessions.clear();
  expect(timeline.at(100)).toEqual(fold(records.slice(0, 100)));
});

test('a record that was here before, as after a reconnect, changes nothing', () => {
  const { records } = goodStory(3);
  const timeline = timelineOf(records);
  expect(timeline.push(records[4]!)).toBe(false);
  expect(timeline.length).toBe(records.length);
});

test('a time leads to its record, also when the clock jumped back', () => {
  const run = story();
  for (const ms of [0, 10, 10, -15, 20]) {
    run.wait(ms);
    run.claim(storyCall());
  }
  const timeline = timelineOf(run.records);
  expect(run.records.map(({ at }) => at)).toEqual([0, 10, 20, 5, 25]);
  expect([-5, 0, 9, 10, 24, 25, 99].map((ms) => timeline.seqAt(ms))).toEqual([1, 1, 1, 2, 4, 5, 5]);
});

test('the next and the previous record of a kind are found from any place', () => {
  const run = goodStory(3);
  const isFault = ({ event }: { event: { type: string } }) => event.type === 'world.fault.began';
  const about = { fault: 'drop', target: '*', lasts: false, detail: null };
  const first = run.add({ type: 'world.fault.began', faultId: 'f-1', ...about });
  run.serve(storyCall());
  const second = run.add({ type: 'world.fault.began', faultId: 'f-2', ...about });
  const timeline = timelineOf(run.records);
  expect(timeline.find(1, 'after', isFault)?.seq).toBe(first);
  expect(timeline.find(first, 'after', isFault)?.seq).toBe(second);
  expect(timeline.find(second, 'after', isFault)).toBeUndefined();
  expect(timeline.find(second, 'before', isFault)?.seq).toBe(first);
  expect(timeline.find(first, 'before', isFault)).toBeUndefined();
  expect(timeline.after(first, 2).map(({ seq }) => seq)).toEqual([first + 1, first + 2]);
});

test('the oldest records are forgotten at the bound, and the rest is still whole', () => {
  const { records } = goodStory(400);
  const timeline = timelineOf(records, { historyRecordsKeptMax: 2_000, historyCheckpointsMax: 8 });
  expect(timeline.length).toBeLessThanOrEqual(2_000);
  expect(timeline.length).toBeGreaterThan(500);
  const { firstSeq, lastSeq } = timeline.range;
  expect(lastSeq).toBe(records.length);
  expect(lastSeq - firstSeq + 1).toBe(timeline.length);
  for (const seq of [firstSeq, firstSeq + 300, lastSeq]) {
    expect(timeline.at(seq)).toEqual(fold(records.slice(0, seq)));
  }
});

test('an empty timeline is the beginning', () => {
  const timeline = new Timeline();
  expect(timeline.at(5).seq).toBe(0);
  expect(timeline.range).toEqual({ firstSeq: 0, lastSeq: 0 });
  expect(timeline.seqAt(1)).toBe(0);
});

test('seeking in a hundred thousand records takes milliseconds', () => {
  const { records } = goodStory(6_000);
  expect(records.length).toBeGreaterThan(100_000);
  const timeline = new Timeline();
  for (const record of records) timeline.push(record);
  timeline.at(50_000);
  const began = performance.now();
  for (let seq = 1; seq < records.length; seq += 5_003) timeline.at(seq);
  const each = (performance.now() - began) / Math.ceil(records.length / 5_003);
  if (process.env['PRINT_COST']) console.log(`seek: ${each.toFixed(2)} ms`);
  expect(each).toBeLessThan(100);
});
