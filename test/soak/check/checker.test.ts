/** The verdict as a whole: what makes a run worthless, how much is kept, how much it costs. */
import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HistoryRecord } from '../../../src/history/record.ts';
import { check, createChecker } from '../../../src/soak/check/checker.ts';
import { invariants } from '../../../src/soak/check/verdict.ts';
import { goodStory, header, story, storyCall, type Story } from './story.ts';

const verdictOf = (run: Story) => check(run.history);

test('a good run is held, with its figures', () => {
  const verdict = verdictOf(goodStory(5));
  expect(verdict).toMatchObject({
    result: 'held',
    runId: 'run-1',
    seed: 7,
    calls: 10,
    outcomes: { answered: 10 },
    reasons: [],
    violations: [],
  });
  expect(verdict.latency).toMatchObject({ count: 10, max: 3 });
  expect(verdict.latency.p50).toBeGreaterThan(2.8);
  expect(verdict.invariants.map(({ invariant }) => invariant)).toEqual(Object.keys(invariants));
});

test('a planned fault that never happens makes a run worthless', () => {
  const run = goodStory();
  run.add({ type: 'world.fault.planned', fault: 'drop' });
  const { result, reasons, faults } = verdictOf(run);
  expect(result).toBe('worthless');
  expect(reasons).toEqual(['the planned fault drop never happened']);
  expect(faults).toEqual([{ fault: 'drop', planned: true, happened: 0 }]);
});

test('one that does is counted', () => {
  const run = story();
  run.add({ type: 'world.fault.planned', fault: 'drop' });
  const about = { fault: 'drop', target: '*', lasts: false, detail: null };
  run.serve(storyCall());
  run.add({ type: 'world.fault.began', faultId: 'f-1', ...about });
  run.add({ type: 'world.fault.began', faultId: 'f-2', ...about });
  const { result, faults } = verdictOf(run);
  expect(result).toBe('held');
  expect(faults).toEqual([{ fault: 'drop', planned: true, happened: 2 }]);
});

test('a run without calls, with a gap, with records left out or without its end is worthless', () => {
  expect(verdictOf(story()).reasons).toEqual(['there was no call']);
  const gap = goodStory();
  const holed = { header, records: gap.records.filter(({ seq }) => seq !== 6) };
  expect(check(holed).reasons.join()).toContain('between 5 and 7');
  const dropped = goodStory();
  dropped.add({ type: 'history.dropped', records: 12 });
  expect(verdictOf(dropped).reasons.join()).toContain('12 records were left out');
  const chaotic = story();
  chaotic.add({ type: 'world.phase.began', phase: 'chaos' });
  chaotic.serve(storyCall());
  expect(verdictOf(chaotic).reasons.join()).toContain('chaos');
});

test('a fault that ends without a beginning, or is on when all should be quiet, is the harness’s own', () => {
  const ended = goodStory();
  ended.add({ type: 'world.fault.ended', fault: 'drop', faultId: 'f-9' });
  expect(verdictOf(ended).result).toBe('worthless');
  const on = story();
  on.serve(storyCall());
  const about = { fault: 'drop', faultId: 'f-1', target: '*', lasts: true, detail: null };
  on.add({ type: 'world.fault.began', ...about });
  on.rest();
  expect(verdictOf(on).reasons.join()).toContain('still on');
});

test('a violation is worse than worthlessness', () => {
  const run = story();
  run.add({ type: 'world.fault.planned', fault: 'drop' });
  const call = storyCall();
  run.issue(call);
  run.start(call);
  run.start(call);
  expect(verdictOf(run).result).toBe('violated');
});

test('a history of a mesh alone is checked as far as it goes', () => {
  const run = story({ time: 'wall', source: 'mesh' });
  run.mesh({ type: 'mesh.started', host: 'h', codex: null });
  const call = storyCall();
  run.claim(call);
  run.settle(call);
  run.mesh({ type: 'mesh.closed' });
  expect(verdictOf(run)).toMatchObject({ result: 'held', calls: 1 });
  run.settle(call);
  expect(verdictOf(run)).toMatchObject({ result: 'violated' });
});

test('of very many violations the first are named and the others counted', () => {
  const run = story();
  for (let index = 0; index < 250; index += 1) {
    const call = storyCall();
    run.serve(call);
    run.add({ type: 'world.leak', canary: call.canary, place: 'log' });
  }
  const { violations, invariants: results } = verdictOf(run);
  expect(violations).toHaveLength(100);
  expect(results.find((one) => one.invariant === 'I9')).toMatchObject({ violations: 250 });
});

test('the verdict of a checker that is fed is that of the whole', () => {
  const run = goodStory(4);
  const checker = createChecker(header);
  for (const record of run.records) checker.push(record);
  expect(checker.verdict()).toEqual(verdictOf(run));
  expect(checker.verdict()).toBe(checker.verdict());
});

/** Changes of a good history that each break it, given any of its records they apply to. */
const mutations: Record<string, (record: HistoryRecord) => readonly HistoryRecord[] | null> = {
  'a handler starts again': (record) =>
    record.event.type === 'world.handler.started' ? [record, record] : null,
  'Codex takes an answer again': (record) =>
    record.event.type === 'world.answer.taken' ? [record, record] : null,
  'an answer is lost': (record) => (record.event.type === 'world.answer.taken' ? [] : null),
  'an asking is not on record': (record) => (record.event.type === 'world.call.issued' ? [] : null),
  'an answer is of another call': ({ event, ...rest }) =>
    event.type === 'world.answer.taken'
      ? [{ ...rest, event: { ...event, computedFor: 'another canary' } }]
      : null,
  'a handler is of another session': ({ event, ...rest }) =>
    event.type === 'world.handler.started'
      ? [{ ...rest, event: { ...event, boundTo: 'another session' } }]
      : null,
  'arguments are of another call': ({ event, ...rest }) =>
    event.type === 'world.handler.started'
      ? [{ ...rest, event: { ...event, argumentsHash: 'another hash' } }]
      : null,
  'an outcome is not recorded': (record) =>
    record.event.type === 'mesh' && record.event.event.type === 'call.settled' ? [] : null,
  'an outcome is recorded twice': (record) =>
    record.event.type === 'mesh' && record.event.event.type === 'call.settled'
      ? [record, record]
      : null,
  'a call is taken twice': (record) =>
    record.event.type === 'mesh' && record.event.event.type === 'call.claimed'
      ? [record, record]
      : null,
  'a call is never taken': (record) =>
    record.event.type === 'mesh' && record.event.event.type === 'call.claimed' ? [] : null,
};

/** The turns of the story go on, so that an answer that is lost is missed. */
function openStory(): readonly HistoryRecord[] {
  const run = goodStory(6);
  return run.records.filter(({ event }) => event.type !== 'world.turn.ended');
}

test.each(Object.entries(mutations))('%s: seen, whichever call it is', (_, mutate) => {
  const good = openStory();
  const renumber = (records: readonly HistoryRecord[]) =>
    records.map((record, index) => ({ ...record, seq: index + 1 }));
  expect(check({ header, records: renumber(good) }).result).toBe('held');
  const places = good.flatMap((record, place) => (mutate(record) === null ? [] : [place]));
  expect(places.length).toBeGreaterThan(5);
  fc.assert(
    fc.property(fc.constantFrom(...places), (place) => {
      const records = good.flatMap((record, index) =>
        index === place ? (mutate(record) ?? [record]) : [record],
      );
      const verdict = check({ header, records: renumber(records) });
      expect(verdict.result).toBe('violated');
    }),
  );
});

test('no order of records, however odd, makes the checker throw', () => {
  const good = goodStory(4).records;
  fc.assert(
    fc.property(fc.shuffledSubarray([...good], { minLength: 1 }), (records) => {
      const verdict = check({ header, records });
      expect(['held', 'violated', 'worthless']).toContain(verdict.result);
    }),
    { numRuns: 200 },
  );
});

test('a record costs a few microseconds at most', () => {
  const run = goodStory(5_000);
  check(run.history);
  const began = performance.now();
  check(run.history);
  const microseconds = (1_000 * (performance.now() - began)) / run.records.length;
  if (process.env['PRINT_COST']) console.log(`${microseconds.toFixed(2)} µs for each record`);
  expect(microseconds).toBeLessThan(20);
});
