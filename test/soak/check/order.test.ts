/** I8 and I10: what the ledger holds, and in which order things happen. */
import { expect, test } from 'vitest';
import { check } from '../../../src/soak/check/checker.ts';
import type { LedgerState } from '../../../src/history/record.ts';
import { expectBroken, expectHeld } from './holds.ts';
import { goodStory, story, storyCall, type Story } from './story.ts';

const declared = {
  type: 'world.tool.declared',
  tool: 'add',
  repeatable: false,
  timeoutMs: null,
} as const;

function startedInOrder(ordered: boolean, order: readonly number[]): Story {
  const run = story();
  run.add({ ...declared, ordered });
  const calls = order.map(() => storyCall());
  for (const call of calls) {
    run.issue(call);
    run.claim(call);
  }
  for (const place of order) run.start(calls[place]!);
  for (const call of calls) {
    run.finish(call);
    run.take(call);
    run.settle(call);
  }
  return run;
}

test('calls of an ordered tool start as they came', () => {
  expectHeld(startedInOrder(true, [0, 1, 2]), 'I10');
  const violation = expectBroken(startedInOrder(true, [0, 2, 1]), 'I10');
  expect(violation.message).toContain('which had come earlier');
});

test('others may overtake each other', () => {
  const { violations } = check(startedInOrder(false, [2, 0, 1]).history);
  expect(violations).toEqual([]);
});

test('a call that was refused before it started holds nobody up', () => {
  const run = story();
  run.add({ ...declared, ordered: true });
  const [refused, next] = [storyCall(), storyCall()];
  for (const call of [refused, next]) {
    run.issue(call);
    run.claim(call);
  }
  run.finish(refused);
  run.start(next);
  for (const call of [refused, next]) {
    run.take(call);
    run.settle(call);
  }
  expectHeld(run, 'I10');
});

test('a call of a runtime that is gone holds nobody up either', () => {
  const run = story();
  run.add({ ...declared, ordered: true });
  run.began('runtime-1');
  const [lost, next] = [storyCall(), storyCall()];
  run.issue(lost);
  run.claim(lost);
  run.killed('runtime-1');
  run.issue(next);
  run.claim(next, 'runtime-2');
  run.start(next, { runtime: 'runtime-2' });
  run.take(next, { runtime: 'runtime-2' });
  run.settle(next, 'answered', 'runtime-2');
  expectHeld(run, 'I10');
});

test('a turn is over only after its calls are', () => {
  expectHeld(goodStory(), 'I10');
  const run = story();
  const call = storyCall();
  run.issue(call);
  run.claim(call);
  run.endTurn(call);
  run.settle(call, 'cancelled');
  expect(expectBroken(run, 'I10').message).toContain('the turn was over');
});

interface Reading {
  readonly state: LedgerState;
  readonly answerHash: string | null;
}

/** A call that Codex has the answer of, a crash, and what the ledger holds then. */
function reread(
  found: Reading | 'nothing',
  crash: { journal?: 'sync' | 'async'; as?: 'killed' | 'power-lost'; waitMs?: number } = {},
): Story {
  const { journal = 'sync', as = 'killed', waitMs = 10 } = crash;
  const run = story();
  const call = storyCall();
  const { canary: _, tool: __, ...ids } = call;
  run.began('runtime-1', 'ledger', journal);
  run.serve(call);
  run.wait(waitMs);
  run.killed('runtime-1', as);
  if (found !== 'nothing') {
    const outcome = found.state === 'settled' ? 'answered' : null;
    const hash = found.answerHash === 'same' ? `hash of ${call.canary}` : found.answerHash;
    const entry = { ledger: 'ledger', state: found.state, outcome, answerHash: hash } as const;
    run.add({ type: 'world.ledger.call', ...ids, ...entry });
  }
  const calls = found === 'nothing' ? 0 : 1;
  run.add({ type: 'world.ledger.read', ledger: 'ledger', calls, completeSince: 0 });
  run.began('runtime-2', 'ledger', journal);
  return run;
}

test('what was acknowledged is in the ledger after a crash', () => {
  expectHeld(reread({ state: 'settled', answerHash: 'same' }), 'I8');
  expectHeld(reread({ state: 'unconfirmed', answerHash: 'same' }), 'I8');
  expect(expectBroken(reread('nothing'), 'I8').message).toContain('not in the ledger');
  expectBroken(reread({ state: 'unknown', answerHash: null }), 'I8');
  expectBroken(reread({ state: 'settled', answerHash: 'another' }), 'I8');
});

test('an answer that never left the runtime was not acknowledged, though it is over', () => {
  const givenUp = (submissions: number) => {
    const run = story();
    const call = storyCall();
    run.began('runtime-1', 'ledger', 'sync');
    run.claim(call);
    run.start(call);
    run.settle(call, 'expired', 'runtime-1', submissions);
    run.killed('runtime-1');
    run.add({ type: 'world.ledger.read', ledger: 'ledger', calls: 0, completeSince: 0 });
    run.began('runtime-2', 'ledger', 'sync');
    return run;
  };
  expect(check(givenUp(0).history).violations).toEqual([]);
  expectBroken(givenUp(1), 'I8');
});

test('async may lose the last 50 ms with the machine, and no more', () => {
  expectHeld(reread('nothing', { journal: 'async', as: 'power-lost' }), 'I8');
  expectBroken(reread('nothing', { journal: 'async', as: 'power-lost', waitMs: 90 }), 'I8');
  expectBroken(reread('nothing', { journal: 'async', as: 'killed' }), 'I8');
  expectBroken(reread('nothing', { journal: 'sync', as: 'power-lost' }), 'I8');
});

test('a ledger may forget what it said it would', () => {
  const run = story();
  run.began('runtime-1', 'ledger', 'sync');
  run.serve(storyCall());
  run.killed('runtime-1');
  run.wait(700_000);
  const completeSince = 100_000;
  run.add({ type: 'world.ledger.read', ledger: 'ledger', calls: 0, completeSince });
  expect(check(run.history).violations).toEqual([]);
});

test('a call listed once must be listed again at the next reading', () => {
  const run = reread({ state: 'settled', answerHash: 'same' });
  run.wait(5);
  run.add({ type: 'world.ledger.read', ledger: 'ledger', calls: 0, completeSince: 0 });
  expectBroken(run, 'I8');
});

test('a reading that does not list all it has found is worth nothing', () => {
  const run = goodStory();
  run.add({ type: 'world.ledger.read', ledger: 'ledger', calls: 3, completeSince: 0 });
  expect(check(run.history)).toMatchObject({ result: 'worthless' });
});
