/** I5, I7 and I9: levels within their bounds, faults that stay where they are, logs without secrets. */
import { expect, test } from 'vitest';
import { check } from '../../../src/soak/check/checker.ts';
import { expectBroken, expectHeld } from './holds.ts';
import { goodStory, story, storyCall, type Story } from './story.ts';

const bound = { type: 'world.bound', gauge: 'queued' } as const;
const none = { max: null, idleMax: null, perCallMax: null };

function measure(run: Story, queued: number): void {
  run.add({ type: 'world.gauges', process: 'runtime-1', values: { queued } });
}

test('a level at its bound holds, one above it does not, and is told of once', () => {
  const levels = (...values: number[]) => {
    const run = goodStory();
    run.add({ ...bound, ...none, max: 64 });
    for (const value of values) measure(run, value);
    return run;
  };
  expectHeld(levels(1, 64), 'I5');
  const violation = expectBroken(levels(1, 65, 70), 'I5');
  expect(violation.message).toBe('queued of runtime-1 was 65, above its bound of 64');
  expect(check(levels(1, 65, 70).history).violations).toHaveLength(1);
});

test('a level that does not go back to idle is seen at the end', () => {
  const levels = (...values: number[]) => {
    const run = goodStory();
    run.add({ ...bound, ...none, idleMax: 0 });
    for (const value of values) measure(run, value);
    return run;
  };
  expectHeld(levels(3, 0), 'I5');
  expect(expectBroken(levels(0, 2), 'I5').message).toContain('still 2');
});

test('a level that should have been measured at rest and was not makes the run worthless', () => {
  const run = goodStory();
  run.add({ ...bound, ...none, idleMax: 0 });
  const { result, reasons } = check(run.history);
  expect(result).toBe('worthless');
  expect(reasons.join()).toContain('queued was never measured');
});

test('a slow leak is the slope of a level over the calls', () => {
  const leaking = (bytesPerCall: number) => {
    const run = story();
    run.add({ type: 'world.bound', gauge: 'heap', ...none, perCallMax: 1 });
    for (let index = 0; index < 2_000; index += 1) {
      run.serve(storyCall());
      const heap = 1e6 + bytesPerCall * index + (index % 2 === 0 ? 5_000 : -5_000);
      if (index % 50 === 0 || index % 50 === 25) {
        run.add({ type: 'world.gauges', process: 'runtime-1', values: { heap } });
      }
    }
    return run;
  };
  expectHeld(leaking(0), 'I5');
  expect(expectBroken(leaking(20), 'I5').message).toMatch(/grew by (19|20)/);
});

function beside(slowMs: number, faulted = 'session s-bad'): Story {
  const run = story();
  const serve = (ms: number) => {
    for (let index = 0; index < 300; index += 1) {
      const call = storyCall();
      run.issue(call);
      run.claim(call);
      run.wait(ms);
      run.take(call);
      run.settle(call);
    }
  };
  const about = { fault: 'slow-handler', faultId: 'f-1' };
  serve(20);
  run.add({ type: 'world.fault.began', ...about, target: faulted, lasts: true, detail: null });
  serve(slowMs);
  run.add({ type: 'world.fault.ended', ...about });
  return run;
}

test('a fault in one session may not make others more than twice as slow', () => {
  expectHeld(beside(35), 'I7');
  const violation = expectBroken(beside(60), 'I7');
  expect(violation.message).toMatch(/p99 of other sessions was 6\d/);
});

test('a fault in the session itself, or everywhere, says nothing of isolation', () => {
  for (const target of ['session s-1', '*']) {
    const { invariants, violations } = check(beside(200, target).history);
    expect(violations).toEqual([]);
    expect(invariants.find((one) => one.invariant === 'I7')?.result).toBe('unseen');
  }
});

interface Neighbour {
  /** How long the call waits before its handler starts, and how long that takes. */
  readonly waitMs: number;
  readonly workMs?: number;
  /** The call is not answered before the fault is over. */
  readonly isOpen?: boolean;
  /** A call of its own session is served meanwhile. */
  readonly isBusy?: boolean;
  /** A frame was lost so long before. */
  readonly disturbedMs?: number;
}

/** A call while every handler of another session hangs, in a run that promises to hold it up for a second at most. */
function neighbour({ waitMs, workMs = 5, isOpen, isBusy, disturbedMs = 60_000 }: Neighbour): Story {
  const run = story();
  run.add({ type: 'world.promised', bounds: { isolationMs: 1_000 }, rivals: [] });
  run.began('runtime-1');
  const lost = { fault: 'drop', faultId: 'f-0', target: '*', lasts: false, detail: null };
  run.add({ type: 'world.fault.began', ...lost });
  run.wait(disturbedMs);
  const hog = { fault: 'hog', faultId: 'f-1' };
  const target = 'session s-2';
  run.add({ type: 'world.fault.began', ...hog, target, lasts: true, detail: null });
  const [other, call] = [storyCall(), storyCall()];
  if (isBusy) {
    run.issue(other);
    run.claim(other);
    run.start(other);
  }
  run.issue(call);
  run.claim(call);
  run.wait(waitMs);
  if (!isOpen) {
    run.start(call);
    run.wait(workMs);
    run.finish(call);
    run.take(call);
    run.settle(call);
  }
  run.add({ type: 'world.fault.ended', ...hog });
  return run;
}

test('a call beside a session whose handlers hang is not held up for longer than was promised', () => {
  expectHeld(neighbour({ waitMs: 1_000 }), 'I7');
  expect(expectBroken(neighbour({ waitMs: 1_001 }), 'I7').message).toContain('1001 ms');
  expectBroken(neighbour({ waitMs: 5_000, isOpen: true }), 'I7');
});

test('what its own session takes is not held against the other', () => {
  expectHeld(neighbour({ waitMs: 10, workMs: 50_000 }), 'I7');
  expectHeld(neighbour({ waitMs: 5_000, isBusy: true }), 'I7');
});

test('what was disturbed just before may still hold a call up', () => {
  const { invariants, violations } = check(neighbour({ waitMs: 1_001, disturbedMs: 900 }).history);
  expect(violations).toEqual([]);
  expect(invariants.find((one) => one.invariant === 'I7')?.result).toBe('unseen');
});

test('a canary in a log is a leak of the call it belongs to', () => {
  const run = story();
  const call = storyCall();
  run.serve(call);
  run.add({ type: 'world.leak', canary: call.canary, place: 'log' });
  expect(expectBroken(run, 'I9').call?.callId).toBe(call.callId);
});

test('logs that were searched and held nothing are held to have leaked nothing', () => {
  const run = goodStory();
  run.add({ type: 'world.searched', place: 'log', texts: 12 });
  expectHeld(run, 'I9');
  const { invariants } = check(goodStory().history);
  expect(invariants.find((one) => one.invariant === 'I9')?.result).toBe('unseen');
});
