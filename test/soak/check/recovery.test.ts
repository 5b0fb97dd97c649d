/** I6, G8, G9 and G10: what must happen in time. */
import { expect, test } from 'vitest';
import { check } from '../../../src/soak/check/checker.ts';
import { expectBroken, expectHeld } from './holds.ts';
import { goodStory, story, storyCall, type Story, type StoryCall } from './story.ts';

const fault = { fault: 'link-down', faultId: 'f-1' };

function fail(run: Story, ms: number): void {
  run.add({ type: 'world.fault.began', ...fault, target: '*', lasts: true, detail: null });
  run.wait(ms);
  run.add({ type: 'world.fault.ended', ...fault });
}

function begun(): { run: Story; call: StoryCall } {
  const run = story();
  run.began('codex-1');
  run.began('runtime-1');
  return { run, call: storyCall() };
}

/** Something that happens later, so that time has passed. */
function later(run: Story, ms: number): void {
  run.wait(ms);
  run.serve(storyCall({ sessionId: 's-other', turnId: 't-other' }));
}

test('a call that waits through a fault has its time counted from the end of it', () => {
  const { run, call } = begun();
  run.issue(call);
  fail(run, 60_000);
  run.wait(6_500);
  run.claim(call);
  run.take(call);
  run.settle(call);
  const { recovery } = expectHeld(run, 'I6');
  expect(recovery.count).toBe(1);
  expect(recovery.max).toBe(6_500);
});

test('a call that nobody takes after the fault is overdue', () => {
  const { run, call } = begun();
  run.issue(call);
  fail(run, 1_000);
  later(run, 7_001);
  const violation = expectBroken(run, 'I6');
  expect(violation.call?.callId).toBe(call.callId);
  expect(violation.message).toContain('no runtime took the call');
});

test('so is an answer that does not reach Codex', () => {
  const { run, call } = begun();
  run.issue(call);
  run.claim(call);
  run.start(call);
  run.finish(call);
  fail(run, 1_000);
  later(run, 8_000);
  expect(expectBroken(run, 'I6').message).toContain('did not reach Codex');
});

test('a handler may take its time', () => {
  const { run, call } = begun();
  run.issue(call);
  run.claim(call);
  run.start(call);
  fail(run, 1_000);
  later(run, 60_000);
  run.finish(call);
  run.take(call);
  run.settle(call);
  expectHeld(run, 'I6');
});

test('while a fault is on, or nobody serves, nothing is overdue', () => {
  const on = begun();
  on.run.issue(on.call);
  on.run.add({ type: 'world.fault.began', ...fault, target: '*', lasts: true, detail: null });
  later(on.run, 60_000);
  expectHeld(on.run, 'I6');
  const gone = begun();
  gone.run.issue(gone.call);
  gone.run.killed('runtime-1');
  gone.run.wait(60_000);
  gone.run.began('runtime-2');
  gone.run.wait(5_000);
  gone.run.claim(gone.call, 'runtime-2');
  gone.run.take(gone.call, { runtime: 'runtime-2' });
  gone.run.settle(gone.call, 'answered', 'runtime-2');
  expectHeld(gone.run, 'I6');
});

test('what a killed runtime had taken waits for the next one', () => {
  const { run, call } = begun();
  run.issue(call);
  run.claim(call);
  run.start(call);
  run.killed('runtime-1');
  run.began('runtime-2');
  later(run, 10_000);
  expect(expectBroken(run, 'I6').call?.callId).toBe(call.callId);
});

test('a session that was closed is served by nobody', () => {
  const { run, call } = begun();
  const changed = { type: 'session.changed', sessionId: 's-1', dispatchMode: 'neutral' } as const;
  run.mesh({ ...changed, state: 'closed' });
  run.issue(call);
  later(run, 60_000);
  expectHeld(run, 'I6');
});

test('how soon is soon enough can be said', () => {
  const { run, call } = begun();
  run.issue(call);
  later(run, 300);
  expectBroken(run, 'I6', { recoveryMs: 250 });
  expectHeld(run, 'I6', { recoveryMs: 350 });
});

const started = { type: 'mesh.started', host: 'a host', codex: null } as const;
const lost = {
  type: 'host.lost',
  epoch: 'codex-1',
  fault: { code: 'stream_closed', message: 'lost' },
} as const;

function halfOpen(noticedAfterMs: number | null, lastsMs = 40_000): Story {
  const { run } = begun();
  run.mesh(started);
  const about = { fault: 'half-open', faultId: 'f-2' };
  run.add({
    type: 'world.fault.began',
    ...about,
    target: 'link runtime-1',
    lasts: true,
    detail: null,
  });
  if (noticedAfterMs !== null) {
    run.wait(noticedAfterMs);
    run.mesh(lost);
  }
  later(run, lastsMs);
  run.add({ type: 'world.fault.ended', ...about });
  return run;
}

test('a link that is dead without a word is noticed within two heartbeats', () => {
  expectHeld(halfOpen(20_000), 'G8');
  expect(expectBroken(halfOpen(null), 'G8').message).toContain('runtime-1 did not notice');
});

test('a dead link that is given up is no fault any more, and one that works again proves nothing', () => {
  expectHeld(halfOpen(29_000, 1), 'G8');
  const { invariants } = check(halfOpen(null, 10_000).history);
  expect(invariants.find(({ invariant }) => invariant === 'G8')?.result).toBe('unseen');
});

test('a runtime that has no link when one falls silent has nothing to notice', () => {
  const about = { fault: 'half-open', faultId: 'f-2', target: 'link runtime-1' };
  for (const before of [[], [started, lost]]) {
    const { run } = begun();
    for (const event of before) run.mesh(event);
    run.add({ type: 'world.fault.began', ...about, lasts: true, detail: null });
    later(run, 40_000);
    expect(check(run.history).violations).toEqual([]);
  }
  const { run } = begun();
  for (const event of [started, lost]) run.mesh(event);
  run.mesh({ type: 'host.online', epoch: 'codex-1' });
  run.add({ type: 'world.fault.began', ...about, lasts: true, detail: null });
  later(run, 40_000);
  expectBroken(run, 'G8');
});

test('a runtime that stood still when its link died is not asked when it noticed', () => {
  const { run } = begun();
  run.mesh(started);
  run.add({ type: 'world.process.paused', process: 'runtime-1' });
  const about = { fault: 'half-open', faultId: 'f-2', target: 'link runtime-1' };
  run.add({ type: 'world.fault.began', ...about, lasts: true, detail: null });
  run.add({ type: 'world.process.resumed', process: 'runtime-1' });
  later(run, 40_000);
  expect(check(run.history).violations).toEqual([]);
});

/** A runtime has taken a call whose handler may take five seconds. */
function timed(): { run: Story; call: StoryCall } {
  const run = story();
  const declared = { tool: 'add', repeatable: false, ordered: false, timeoutMs: 5_000 };
  run.add({ type: 'world.tool.declared', ...declared });
  run.began('runtime-1');
  const call = storyCall();
  run.issue(call);
  run.claim(call);
  return { run, call };
}

function deadline(tookMs: number, pausedMs = 0): Story {
  const { run, call } = timed();
  run.start(call);
  if (pausedMs > 0) {
    run.add({ type: 'world.process.paused', process: 'runtime-1' });
    run.wait(pausedMs);
    run.add({ type: 'world.process.resumed', process: 'runtime-1' });
  }
  run.wait(tookMs);
  run.finish(call);
  run.take(call);
  run.settle(call);
  return run;
}

test('a call is answered by its deadline, unless its process stood still', () => {
  expectHeld(deadline(5_900), 'G9');
  expectBroken(deadline(6_100), 'G9');
  expect(check(deadline(100, 10_000).history).violations).toEqual([]);
});

test('whoever takes a call over has a deadline of its own', () => {
  const { run, call } = timed();
  run.start(call);
  run.killed('runtime-1');
  run.wait(20_000);
  run.began('runtime-2');
  run.claim(call, 'runtime-2');
  run.finish(call, 'runtime-2');
  run.take(call, { runtime: 'runtime-2' });
  run.settle(call, 'answered', 'runtime-2');
  expect(check(run.history).violations).toEqual([]);
});

test('a start of a former owner, which stood still, has no part in the deadline of the next', () => {
  const { run, call } = timed();
  run.add({ type: 'world.process.paused', process: 'runtime-1' });
  run.began('runtime-2');
  run.claim(call, 'runtime-2');
  run.start(call, { runtime: 'runtime-2' });
  run.finish(call, 'runtime-2');
  run.add({ type: 'world.process.resumed', process: 'runtime-1' });
  run.start(call);
  run.wait(20_000);
  run.take(call, { runtime: 'runtime-2' });
  run.settle(call, 'answered', 'runtime-2');
  expect(check(run.history).violations.filter(({ invariant }) => invariant === 'G9')).toEqual([]);
});

test('a process that stands still as its handler starts has its deadline after that', () => {
  for (const isResumed of [true, false]) {
    const { run, call } = timed();
    run.add({ type: 'world.process.paused', process: 'runtime-1' });
    run.start(call);
    run.wait(20_000);
    // Of what happens in the moment it goes on, that may be the last to be told.
    if (isResumed) run.add({ type: 'world.process.resumed', process: 'runtime-1' });
    run.finish(call);
    run.take(call);
    run.settle(call);
    expect(check(run.history).violations).toEqual([]);
  }
});

test('a runtime that is asked to stop is gone in time', () => {
  const stopped = (ms: number) => {
    const run = goodStory();
    run.add({ type: 'world.process.stopping', process: 'runtime-1' });
    run.wait(ms);
    run.killed('runtime-1', 'closed');
    return run;
  };
  expectHeld(stopped(11_000), 'G10');
  expectBroken(stopped(13_000), 'G10');
});

test('one that never goes is seen at the end of the history', () => {
  const run = goodStory();
  run.add({ type: 'world.process.stopping', process: 'runtime-1' });
  run.wait(60_000);
  run.add({ type: 'world.gauges', process: 'runtime-1', values: {} });
  expectBroken(run, 'G10');
});

test('a session that closes takes no call', () => {
  const run = story();
  const changed = { type: 'session.changed', sessionId: 's-1', dispatchMode: 'neutral' } as const;
  run.mesh({ ...changed, state: { running: {} } });
  run.serve(storyCall());
  run.mesh({ ...changed, state: { closing: 'draining' } });
  const call = storyCall();
  run.serve(call);
  expect(expectBroken(run, 'G10').call?.callId).toBe(call.callId);
});
