/** I3, I4 and fencing: who may see what, and who may answer. */
import { expect, test } from 'vitest';
import { expectBroken, expectHeld } from './holds.ts';
import { goodStory, story, storyCall, type StoryCall } from './story.ts';

test('a run in which everything is addressed rightly holds', () => {
  expectHeld(goodStory(), 'I3');
  expectHeld(goodStory(), 'I4');
});

test('an answer computed for another call is seen', () => {
  const run = story();
  const call = storyCall();
  run.issue(call);
  run.claim(call);
  run.start(call);
  run.take(call, { computedFor: storyCall().canary });
  run.settle(call);
  expect(expectBroken(run, 'I3').call?.callId).toBe(call.callId);
});

test('a failure carries no result, so it is computed for nobody', () => {
  const run = goodStory();
  const call = storyCall();
  run.issue(call);
  run.claim(call);
  run.take(call, { computedFor: null });
  run.settle(call, 'expired');
  expectHeld(run, 'I3');
});

const strayOf = (call: StoryCall, epoch: string, computedFor: string | null) =>
  ({
    type: 'world.answer.stray',
    runtime: null,
    epoch,
    requestId: call.requestId,
    answerHash: `hash of ${call.canary}`,
    computedFor,
  }) as const;

test('an answer that comes late is harmless', () => {
  const run = story();
  const call = storyCall();
  run.serve(call);
  run.add(strayOf(call, call.epoch, call.canary));
  expectHeld(run, 'I3');
});

test('an answer to a process that never asked, or of another call, is not', () => {
  const run = story();
  const call = storyCall();
  run.serve(call);
  run.add(strayOf(call, 'codex-2', call.canary));
  expect(expectBroken(run, 'I3').message).toContain('never made it');
  const other = story();
  const one = storyCall();
  other.serve(one);
  other.add(strayOf(one, one.epoch, 'another canary'));
  expect(expectBroken(other, 'I3').message).toContain('another call');
});

test('a request id that is a text is another one than the number', () => {
  const run = story();
  const call = storyCall({ requestId: 4711 });
  run.serve(call);
  run.add({ ...strayOf(call, call.epoch, null), requestId: '4711' });
  expectBroken(run, 'I3');
});

function started(call: StoryCall, change: { boundTo?: string; argumentsHash?: string }) {
  const run = story();
  const { canary, ...ids } = call;
  run.issue(call);
  run.claim(call);
  run.add({
    type: 'world.handler.started',
    ...ids,
    runtime: 'runtime-1',
    repeatable: false,
    boundTo: call.sessionId,
    argumentsHash: `arguments of ${canary}`,
    ...change,
  });
  run.take(call);
  run.settle(call);
  return run;
}

test('a handler is given what Codex sent, in the session it was sent to', () => {
  expectHeld(started(storyCall(), {}), 'I4');
  expectBroken(started(storyCall(), { boundTo: 's-2' }), 'I4');
  expectBroken(started(storyCall(), { argumentsHash: 'arguments of another' }), 'I3');
});

test('a call that Codex never asked for is nobody’s to take', () => {
  const run = story();
  run.serve(storyCall());
  const call = storyCall();
  run.claim(call);
  run.settle(call, 'cancelled');
  expect(expectBroken(run, 'I3').message).toContain('did not ask for');
});

test('a call may be taken before its asking is on record, as long as it is recorded', () => {
  const run = story({ time: 'wall' });
  const call = storyCall();
  run.claim(call);
  run.issue(call);
  run.take(call);
  run.settle(call);
  expectHeld(run, 'I3');
});

test('what a canary of one session does in another session is named', () => {
  const run = story();
  const call = storyCall();
  run.serve(call);
  run.add({ type: 'world.leak', canary: call.canary, place: 'session s-2' });
  expect(expectBroken(run, 'I4').sessionId).toBe('s-1');
});

const lease = (type: 'world.lease.granted' | 'world.lease.ended', runtime: string, token: number) =>
  ({ type, sessionId: 's-1', runtime, token }) as const;

test('only the holder of the lease has its answers taken', () => {
  const leased = (answeredBy: string) => {
    const run = story();
    const call = storyCall();
    run.add(lease('world.lease.granted', 'runtime-1', 1));
    run.add(lease('world.lease.ended', 'runtime-1', 1));
    run.add(lease('world.lease.granted', 'runtime-2', 2));
    run.issue(call);
    run.claim(call, answeredBy);
    run.take(call, { runtime: answeredBy });
    run.settle(call, 'answered', answeredBy);
    return run;
  };
  expectHeld(leased('runtime-2'), 'fencing');
  expectBroken(leased('runtime-1'), 'fencing');
});

test('a new holder has a higher token than the one before', () => {
  const run = story();
  run.serve(storyCall());
  run.add(lease('world.lease.granted', 'runtime-1', 2));
  run.add(lease('world.lease.granted', 'runtime-2', 2));
  expectBroken(run, 'fencing');
});
