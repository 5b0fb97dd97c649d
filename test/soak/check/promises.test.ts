/** What a history says it is held to: its bounds, its rivals, and what its harness saw broken. */
import { expect, test } from 'vitest';
import { check } from '../../../src/soak/check/checker.ts';
import { expectBroken, expectHeld } from './holds.ts';
import { goodStory, story, storyCall, type Story, type StoryCall } from './story.ts';

function promised(bounds: Readonly<Record<string, number>>, rivals: readonly string[] = []): Story {
  const run = story();
  run.add({ type: 'world.promised', bounds, rivals });
  run.began('codex-1');
  return run;
}

/** A call that nobody takes for ten seconds. */
function waiting(run: Story): Story {
  run.began('runtime-1');
  run.issue(storyCall());
  run.wait(10_000);
  run.serve(storyCall({ sessionId: 's-other', turnId: 't-other' }));
  return run;
}

test('a run is held to the bounds that its history names, and to the usual ones otherwise', () => {
  expectBroken(waiting(promised({})), 'I6');
  expectHeld(waiting(promised({ recoveryMs: 20_000 })), 'I6');
  expectBroken(waiting(promised({ detectionMs: 20_000 })), 'I6');
});

test('whoever checks may insist on bounds of their own', () => {
  expectBroken(waiting(promised({ recoveryMs: 20_000 })), 'I6', { recoveryMs: 9_000 });
});

test('a bound that means nothing here is told of', () => {
  const { notes } = check(waiting(promised({ recoveryMs: 20_000, patienceMs: 1 })).history);
  expect(notes).toContainEqual(expect.stringContaining('patienceMs'));
});

/** A call that one life runs, and another one, which has the right to answer for it by then, runs again. */
function runTwice(rivals: readonly string[], one: string, other: string): Story {
  const ledgerOf = (life: string) => `ledger of ${life.split('.')[0]}`;
  const run = promised({}, rivals);
  const call = storyCall();
  run.began(one, ledgerOf(one), 'sync');
  run.issue(call);
  run.claim(call, one);
  run.start(call, { runtime: one });
  run.killed(one);
  run.began(other, ledgerOf(other), 'sync');
  run.claim(call, other);
  run.start(call, { runtime: other });
  run.finish(call, other);
  run.take(call, { runtime: other });
  run.settle(call, 'answered', other);
  run.endTurn(call, other);
  run.rest();
  return run;
}

const rivals = ['runtime-1', 'runtime-2'];

test('each of several rivals owes one start by itself, over all its lives', () => {
  expectHeld(runTwice(rivals, 'runtime-1.1', 'runtime-2.1'), 'I1');
  expectBroken(runTwice(rivals, 'runtime-1.1', 'runtime-1.2'), 'I1');
});

test('a violation of a rival is proved by records of the whole history', () => {
  const run = runTwice(rivals, 'runtime-1.1', 'runtime-1.2');
  const { records } = expectBroken(run, 'I1');
  expect(records.map((seq) => run.records[seq - 1]!.event.type)).toEqual([
    'world.call.issued',
    'world.handler.started',
    'world.process.ended',
    'world.handler.started',
  ]);
});

function read(run: Story, ledger: string, calls: readonly StoryCall[]): void {
  for (const { epoch, sessionId, turnId, callId, requestId, canary } of calls) {
    const ids = { epoch, sessionId, turnId, callId, requestId };
    const held = {
      state: 'settled',
      outcome: 'answered',
      answerHash: `hash of ${canary}`,
    } as const;
    run.add({ type: 'world.ledger.call', ledger, ...ids, ...held });
  }
  run.add({ type: 'world.ledger.read', ledger, calls: calls.length, completeSince: 0 });
}

test('a rival owes its own ledger what it has acknowledged itself', () => {
  const served = (isKept: boolean) => {
    const run = promised({}, rivals);
    const calls = rivals.map((rival) => {
      run.began(`${rival}.1`, `ledger of ${rival}`, 'sync');
      const call = storyCall();
      run.serve(call, `${rival}.1`);
      return call;
    });
    read(run, 'ledger of runtime-1', calls.slice(0, 1));
    read(run, 'ledger of runtime-2', isKept ? calls.slice(1) : []);
    return run;
  };
  expectHeld(served(true), 'I8');
  expect(expectBroken(served(false), 'I8').message).toContain('is not in the ledger');
});

test('what was refused before its handler started need not be in the ledger', () => {
  const refused = (isStarted: boolean) => {
    const run = promised({});
    run.began('runtime-1', 'ledger-1', 'sync');
    run.serve(storyCall());
    run.wait(10);
    const call = storyCall();
    run.issue(call);
    run.claim(call);
    if (isStarted) run.start(call);
    run.finish(call);
    run.take(call, { computedFor: null });
    run.settle(call);
    run.add({ type: 'world.ledger.read', ledger: 'ledger-1', calls: 0, completeSince: 5 });
    return run;
  };
  expect(check(refused(false).history).violations).toEqual([]);
  expectBroken(refused(true), 'I8');
});

test('an answer that nobody was given need not be in the ledger', () => {
  const expired = (submissions: number) => {
    const run = promised({});
    run.began('runtime-1', 'ledger-1', 'sync');
    const call = storyCall();
    const { sessionId, turnId, callId, requestId, tool } = call;
    run.issue(call);
    run.claim(call);
    run.start(call);
    run.finish(call);
    const facts = { success: false, code: 'handler_timeout', durationMs: 1, submissions } as const;
    const ids = { sessionId, turnId, callId, requestId, tool, namespace: null };
    run.mesh({ type: 'call.settled', outcome: 'expired', ...facts, ...ids });
    run.add({ type: 'world.ledger.read', ledger: 'ledger-1', calls: 0, completeSince: 0 });
    return run;
  };
  expectBroken(expired(1), 'I8');
  expect(check(expired(0).history).violations).toEqual([]);
});

test('what only the harness saw broken is a violation like any other', () => {
  const run = goodStory();
  const seq = run.add({ type: 'world.broken', invariant: 'I5', what: 'a runtime does not end' });
  expect(expectBroken(run, 'I5')).toMatchObject({
    message: 'a runtime does not end',
    records: [seq],
  });
  run.add({ type: 'world.broken', invariant: 'I99', what: 'nobody knows' });
  expect(check(run.history).reasons).toEqual([expect.stringContaining('I99')]);
});
