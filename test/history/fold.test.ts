/** The view of a run: what a person is shown of sessions, calls and faults at a moment. */
import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { applyRecord, fold } from '../../src/history/fold.ts';
import { callsOf, copyView, emptyView, type CallView } from '../../src/history/view.ts';
import { historyCallKey } from '../../src/history/record.ts';
import { defaultLimits } from '../../src/limits.ts';
import { goodStory, story, storyCall, type Story, type StoryCall } from '../soak/check/story.ts';

function callIn(run: Story, call: StoryCall): CallView {
  const view = fold(run.records);
  const key = historyCallKey(call);
  return (view.openCalls.get(key) ?? view.finishedCalls.get(key))!;
}

function referenceOf({ sessionId, turnId, callId, requestId, tool }: StoryCall) {
  return { sessionId, turnId, callId, requestId, tool, namespace: null };
}

test('a call tells every step of its life, when, by whom and why', () => {
  const run = story();
  const call = storyCall();
  run.issue(call);
  run.wait(5);
  run.claim(call);
  run.mesh({ type: 'call.repeated', source: 'polling', ...referenceOf(call) });
  const approval = { approvalId: 'a-1', ...referenceOf(call) };
  run.mesh({ type: 'approval.requested', ...approval });
  run.wait(100);
  run.mesh({ type: 'approval.decided', approved: true, reason: null, ...approval });
  run.start(call);
  run.wait(20);
  run.finish(call);
  run.take(call);
  run.settle(call);
  const view = callIn(run, call);
  expect(view.steps.map(({ type, at, by, detail }) => [type, at, by, detail])).toEqual([
    ['world.call.issued', 0, 'world', null],
    ['call.claimed', 5, 'runtime-1', 'signal'],
    ['call.repeated', 5, 'runtime-1', 'polling'],
    ['approval.requested', 5, 'runtime-1', 'a-1'],
    ['approval.decided', 105, 'runtime-1', 'approved'],
    ['call.started', 105, 'runtime-1', null],
    ['world.handler.started', 105, 'world', 'runtime-1'],
    ['world.handler.ended', 125, 'world', 'returned'],
    ['call.answered', 125, 'runtime-1', null],
    ['world.answer.taken', 125, 'world', 'success'],
    ['call.settled', 125, 'runtime-1', 'answered'],
  ]);
  expect(view).toMatchObject({
    state: 'answered',
    source: 'signal',
    issuedAt: 0,
    claimedAt: 5,
    startedAt: 105,
    answeredAt: 125,
    takenAt: 125,
    settledAt: 125,
    submissions: 1,
    starts: 1,
    repeats: 1,
    success: true,
  });
});

test('a call is where it is at each moment', () => {
  const run = story();
  const call = storyCall();
  const states: string[] = [];
  const look = () => states.push(callIn(run, call).state);
  run.issue(call);
  look();
  run.claim(call);
  look();
  run.mesh({ type: 'approval.requested', approvalId: 'a-1', ...referenceOf(call) });
  look();
  run.start(call);
  look();
  run.finish(call);
  look();
  run.settle(call, 'abandoned');
  look();
  expect(states).toEqual(['issued', 'waiting', 'approval', 'running', 'submitting', 'abandoned']);
});

test('an approval waits until it is decided, or its call is over', () => {
  const run = story();
  const [decided, over, waiting] = [storyCall(), storyCall(), storyCall()];
  [decided, over, waiting].forEach((call, index) => {
    run.claim(call);
    run.mesh({ type: 'approval.requested', approvalId: `a-${index}`, ...referenceOf(call) });
  });
  const no = { approvalId: 'a-0', approved: false, reason: 'no' };
  run.mesh({ type: 'approval.decided', ...no, ...referenceOf(decided) });
  run.settle(over, 'cancelled');
  const view = fold(run.records);
  expect([...view.approvals.keys()]).toEqual(['a-2']);
  expect(view.approvals.get('a-2')).toMatchObject({ callId: waiting.callId, sessionId: 's-1' });
});

test('calls of a runtime that is gone are lost, until somebody takes them anew', () => {
  const run = story();
  const call = storyCall();
  run.began('runtime-1');
  run.claim(call);
  run.killed('runtime-1');
  expect(callIn(run, call)).toMatchObject({ state: 'lost' });
  run.claim(call, 'runtime-2');
  expect(callIn(run, call)).toMatchObject({ state: 'waiting', runtime: 'runtime-2' });
  const view = fold(run.records);
  expect([view.openCalls.size, view.finishedCalls.size]).toEqual([1, 0]);
  expect(view.processes.get('runtime-1')).toMatchObject({ state: 'killed' });
});

test('a session shows its chart, who holds its lock and since when', () => {
  const run = story();
  const sessionId = 's-1';
  const running = (dispatch: string) => ({
    running: { link: 'online', dispatch, turn: 'idle' },
  });
  const tools = ['add'];
  run.mesh({ type: 'session.opened', sessionId, title: 'One', tools, resumed: false });
  const changed = { type: 'session.changed', sessionId } as const;
  run.mesh({ ...changed, state: running('neutral'), dispatchMode: 'neutral' });
  run.wait(10);
  run.mesh({ ...changed, state: running('signal'), dispatchMode: 'signal' });
  run.mesh({ type: 'turn.started', sessionId, turnId: 't-1' });
  run.wait(10);
  run.mesh({ ...changed, state: running('signal'), dispatchMode: 'signal' });
  const session = fold(run.records).sessions.get(sessionId);
  expect(session).toMatchObject({
    title: 'One',
    tools,
    status: 'open',
    dispatchMode: 'signal',
    lockSince: 10,
    changedAt: 20,
    changedSeq: 5,
    turnId: 't-1',
    turns: 1,
  });
  const ended = { sessionId, turnId: 't-1', status: 'completed', error: null } as const;
  run.mesh({ type: 'turn.ended', ...ended, reply: 'Hi', durationMs: 10, calls: 0 });
  const failed = { code: 'session_failed', message: 'gone' } as const;
  run.mesh({ type: 'session.failed', sessionId, fault: failed });
  const view = fold(run.records);
  expect(view.sessions.get(sessionId)).toMatchObject({ status: 'failed', fault: failed });
  expect(view.turns.get('s-1 t-1')).toMatchObject({ startedAt: 10, endedAt: 20, reply: 'Hi' });
  expect([...view.notices.values()].map(({ text }) => text)).toEqual(['gone']);
});

test('links, faults, gauges, leases and phases are those of the moment', () => {
  const run = story();
  run.mesh({ type: 'mesh.started', host: 'simulated', codex: '1.0' });
  run.wait(5);
  const lost = { code: 'stream_closed', message: 'lost' } as const;
  run.mesh({ type: 'host.lost', epoch: 'codex-1', fault: lost });
  run.add({ type: 'world.phase.began', phase: 'chaos' });
  run.add({ type: 'world.fault.planned', fault: 'drop' });
  const fault = { fault: 'restart', faultId: 'f-1' };
  run.add({ type: 'world.fault.began', ...fault, target: '*', lasts: true, detail: null });
  run.add({ type: 'world.gauges', process: 'runtime-1', values: { queued: 3 } });
  run.add({ type: 'world.lease.granted', sessionId: 's-1', runtime: 'runtime-1', token: 2 });
  const during = fold(run.records);
  expect(during).toMatchObject({ phase: 'chaos', seq: 7, at: 5 });
  expect(during.runtimes.get('runtime-1')).toMatchObject({ link: 'lost', since: 5, losses: 1 });
  expect([...during.openFaults.keys()]).toEqual(['f-1']);
  expect([...during.plannedFaults]).toEqual([
    ['drop', 0],
    ['restart', 1],
  ]);
  expect(during.gauges.get('runtime-1')?.values).toEqual({ queued: 3 });
  expect(during.leases.get('s-1')).toEqual({ runtime: 'runtime-1', token: 2 });
  run.wait(7);
  run.add({ type: 'world.fault.ended', ...fault });
  run.add({ type: 'world.lease.ended', sessionId: 's-1', runtime: 'runtime-1', token: 1 });
  run.mesh({ type: 'host.online', epoch: 'codex-2' });
  const after = fold(run.records);
  expect(after.openFaults.size).toBe(0);
  expect(after.pastFaults.get('f-1')).toMatchObject({ beganAt: 5, endedAt: 12 });
  expect(after.leases.size, 'an old token ends no lease').toBe(1);
  expect(after.runtimes.get('runtime-1')).toMatchObject({ link: 'online', since: 12 });
});

test('a good run ends with nothing open, and counts add up', () => {
  const view = fold(goodStory(5).records);
  expect(view.openCalls.size).toBe(0);
  expect(view.finishedCalls.size).toBe(10);
  expect(view.counts).toMatchObject({ issued: 10, claimed: 10, taken: 10, settled: 10, failed: 0 });
  expect(callsOf(view, 's-1')).toHaveLength(5);
  expect(view.sessions.get('s-1')).toMatchObject({ calls: 5, openCalls: 0 });
});

test('a copy is not moved by what happens next', () => {
  const run = goodStory(2);
  const view = emptyView();
  for (const record of run.records.slice(0, 12)) applyRecord(view, record);
  const copy = copyView(view);
  const before = structuredClone(copy);
  for (const record of run.records.slice(12)) applyRecord(view, record);
  expect(copy).toEqual(before);
  expect(view).not.toEqual(before);
});

test('what is over is forgotten beyond the bounds, oldest first; what is open is not', () => {
  const run = story();
  const open = storyCall();
  run.claim(open);
  const { historyCallsKeptMax, historyCallStepsMax } = defaultLimits;
  const first = storyCall();
  run.claim(first);
  run.settle(first);
  for (let index = 0; index < historyCallsKeptMax; index += 1) {
    const call = storyCall();
    run.claim(call);
    run.settle(call);
  }
  for (let index = 0; index < 200; index += 1) {
    run.mesh({ type: 'call.repeated', source: 'signal', ...referenceOf(open) });
  }
  const view = fold(run.records);
  expect(view.finishedCalls.size).toBe(historyCallsKeptMax);
  expect(view.finishedCalls.has(historyCallKey(first))).toBe(false);
  const kept = view.openCalls.get(historyCallKey(open))!;
  expect(kept.steps).toHaveLength(historyCallStepsMax);
  expect(kept.steps.length + kept.stepsOmitted).toBe(201);
  expect(kept.repeats).toBe(200);
});

test('a step is cheap', () => {
  const { records } = goodStory(5_000);
  fold(records);
  const began = performance.now();
  fold(records);
  const microseconds = (1_000 * (performance.now() - began)) / records.length;
  if (process.env['PRINT_COST']) console.log(`fold: ${microseconds.toFixed(2)} µs a record`);
  expect(microseconds).toBeLessThan(30);
});
