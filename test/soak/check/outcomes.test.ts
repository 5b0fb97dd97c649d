/** I2 and G4: neither two outcomes nor none, neither a lost answer nor another one. */
import { expect, test } from 'vitest';
import { check } from '../../../src/soak/check/checker.ts';
import { expectBroken, expectHeld } from './holds.ts';
import { goodStory, story, storyCall, type Story, type StoryCall } from './story.ts';

function begun(): { run: Story; call: StoryCall } {
  const run = story();
  run.began('codex-1');
  run.began('runtime-1');
  run.mesh({ type: 'mesh.started', host: 'h', codex: null });
  const call = storyCall();
  run.issue(call);
  return { run, call };
}

test('a run in which every call is answered holds', () => {
  expectHeld(goodStory(), 'I2');
});

test('a call that Codex never got an answer to is lost, whatever was recorded', () => {
  const { run, call } = begun();
  run.claim(call);
  run.start(call);
  run.finish(call);
  run.settle(call, 'answered');
  run.rest();
  expect(expectBroken(run, 'I2').message).toContain('recorded as answered');
});

test('a call that nobody took is lost as well', () => {
  const { run } = begun();
  run.rest();
  expect(expectBroken(run, 'I2').message).toContain('no outcome was recorded');
});

test('a call whose turn or whose Codex is over is not lost', () => {
  const ended = begun();
  ended.run.endTurn(ended.call);
  ended.run.rest();
  expectHeld(ended.run, 'I2');
  const killed = begun();
  killed.run.killed('codex-1');
  killed.run.rest();
  expectHeld(killed.run, 'I2');
});

test('a runtime that lives, or closed, has to say what became of what it took', () => {
  const alive = begun();
  alive.run.claim(alive.call);
  alive.run.take(alive.call);
  alive.run.rest();
  expect(expectBroken(alive.run, 'I2').message).toContain('never recorded');
  const closed = begun();
  closed.run.claim(closed.call);
  closed.run.take(closed.call);
  closed.run.mesh({ type: 'mesh.closed' });
  closed.run.rest();
  expectBroken(closed.run, 'I2');
});

test('one that was killed, or left it in a ledger, has not', () => {
  const killed = begun();
  killed.run.claim(killed.call);
  killed.run.take(killed.call);
  killed.run.killed('runtime-1');
  killed.run.rest();
  expectHeld(killed.run, 'I2');
  const durable = story();
  durable.began('runtime-1', 'ledger', 'sync');
  const call = storyCall();
  durable.issue(call);
  durable.claim(call);
  durable.take(call);
  durable.mesh({ type: 'mesh.closed' });
  durable.rest();
  expectHeld(durable, 'I2');
});

test('two outcomes, and an outcome of a call that was not taken, are broken', () => {
  const twice = begun();
  twice.run.claim(twice.call);
  twice.run.take(twice.call);
  twice.run.settle(twice.call);
  twice.run.settle(twice.call, 'abandoned');
  expect(expectBroken(twice.run, 'I2').message).toContain('answered and again as abandoned');
  const never = begun();
  never.run.take(never.call);
  never.run.settle(never.call);
  expectBroken(never.run, 'I2');
});

test('a runtime whose beginning is not in the history may have taken a call before', () => {
  const run = story();
  const call = storyCall();
  run.settle(call);
  run.serve(storyCall());
  expectHeld(run, 'I2');
});

test('Codex takes one answer to one request', () => {
  const { run, call } = begun();
  run.claim(call);
  run.take(call);
  run.take(call);
  run.settle(call);
  expectBroken(run, 'I2');
});

test('a run that did not come to rest is not asked for what it had no time to do', () => {
  const { run } = begun();
  const verdict = check(run.history);
  expect(verdict.result).toBe('held');
  expect(verdict.notes.join()).toContain('did not come to rest');
});

const stray = (call: StoryCall, answerHash: string) =>
  ({
    type: 'world.answer.stray',
    runtime: 'runtime-1',
    epoch: call.epoch,
    requestId: call.requestId,
    answerHash,
    computedFor: call.canary,
  }) as const;

test('an answer that is sent again is the same, unless its body was refused', () => {
  const again = (hash: (call: StoryCall) => string) => {
    const run = story();
    const call = storyCall();
    run.serve(call);
    run.add(stray(call, hash(call)));
    return run;
  };
  expectHeld(
    again((call) => `hash of ${call.canary}`),
    'G4',
  );
  expectBroken(
    again(() => 'something else'),
    'G4',
  );
  const refused = story();
  const call = storyCall();
  const { canary: _, ...ids } = call;
  refused.issue(call);
  refused.add(stray(call, 'too large'));
  const large = { runtime: 'runtime-1', answerHash: 'too large' };
  refused.add({ type: 'world.answer.refused', ...ids, ...large });
  refused.claim(call);
  refused.take(call);
  refused.settle(call);
  expectHeld(refused, 'G4');
});

test('a runtime that lost its call to another still says how it ended, once', () => {
  const handedOver = (ends: readonly string[]) => {
    const { run, call } = begun();
    run.began('runtime-2');
    run.claim(call);
    run.claim(call, 'runtime-2');
    run.take(call, { runtime: 'runtime-2' });
    for (const runtime of ends) run.settle(call, 'abandoned', runtime);
    run.rest();
    return run;
  };
  expectHeld(handedOver(['runtime-1', 'runtime-2']), 'I2');
  expectHeld(handedOver(['runtime-2', 'runtime-1']), 'I2');
  expect(expectBroken(handedOver(['runtime-2']), 'I2').message).toContain('lost it to another');
  expectBroken(handedOver(['runtime-1']), 'I2');
  expectBroken(handedOver(['runtime-1', 'runtime-1', 'runtime-2']), 'I2');
});
