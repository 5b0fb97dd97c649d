/** I1: what happens twice is seen, and what may happen twice is not held against anybody. G5 with it. */
import { expect, test } from 'vitest';
import { check } from '../../../src/soak/check/checker.ts';
import { expectBroken, expectHeld } from './holds.ts';
import { goodStory, story, storyCall, type Story, type StoryCall } from './story.ts';

/** A call whose runtime is killed while its handler runs, and is taken by the next one. */
function crashed(options: {
  ledger: string | null;
  nextLedger?: string | null;
  repeatable?: boolean;
  as?: 'killed' | 'power-lost';
  journal?: 'sync' | 'async';
  waitMs?: number;
}): Story {
  const { ledger, nextLedger = ledger, repeatable = false, as = 'killed', waitMs = 5 } = options;
  const journal = ledger === null ? null : (options.journal ?? 'sync');
  const run = story();
  const call = storyCall();
  run.began('codex-1');
  run.began('runtime-1', ledger, journal);
  run.mesh({ type: 'mesh.started', host: 'h', codex: null });
  run.issue(call);
  run.claim(call);
  run.start(call, { repeatable });
  run.wait(waitMs);
  run.killed('runtime-1', as);
  run.began('runtime-2', nextLedger, journal);
  run.mesh({ type: 'mesh.started', host: 'h', codex: null }, 'runtime-2');
  run.claim(call, 'runtime-2');
  run.start(call, { runtime: 'runtime-2', repeatable });
  run.finish(call, 'runtime-2');
  run.take(call, { runtime: 'runtime-2' });
  run.settle(call, 'answered', 'runtime-2');
  run.endTurn(call, 'runtime-2');
  run.rest();
  return run;
}

test('a run in which every handler starts once holds', () => {
  expect(expectHeld(goodStory(), 'I1').result).toBe('held');
});

test('a handler that starts twice in one runtime is named with its call and both starts', () => {
  const run = story();
  const call = storyCall();
  run.issue(call);
  run.claim(call);
  run.start(call);
  const first = run.records.length;
  run.start(call);
  run.finish(call);
  run.take(call);
  run.settle(call);
  const violation = expectBroken(run, 'I1');
  const { canary: _, tool: __, ...ids } = call;
  expect(violation.call).toEqual(ids);
  expect(violation.records).toContain(first);
  expect(violation.message).toContain('2 times');
});

test('two runtimes that are both alive must not both run a call', () => {
  const run = story();
  const call = storyCall();
  run.issue(call);
  for (const runtime of ['runtime-1', 'runtime-2']) {
    run.claim(call, runtime);
    run.start(call, { runtime });
  }
  expect(expectBroken(run, 'I1').message).toContain('runtime-1 and again in runtime-2');
});

test('a durable ledger keeps a call from being run again after a crash', () => {
  expectBroken(crashed({ ledger: 'ledger' }), 'I1');
});

test('without a ledger that both lives share, nothing is promised across a crash', () => {
  expectHeld(crashed({ ledger: null }), 'I1');
  expectHeld(crashed({ ledger: 'ledger', nextLedger: 'another' }), 'I1');
});

test('a repeatable call may run again after a crash, but not beside itself', () => {
  expectHeld(crashed({ ledger: 'ledger', repeatable: true }), 'I1');
  const run = story();
  const call = storyCall();
  run.issue(call);
  run.claim(call);
  run.start(call, { repeatable: true });
  run.start(call, { repeatable: true });
  expectBroken(run, 'I1');
});

test('a repeatable call that Codex has the answer of does not run again', () => {
  const run = story();
  const call = storyCall();
  run.began('runtime-1', 'ledger', 'sync');
  run.issue(call);
  run.claim(call);
  run.start(call, { repeatable: true });
  run.finish(call);
  run.take(call);
  run.killed('runtime-1');
  run.began('runtime-2', 'ledger', 'sync');
  run.start(call, { runtime: 'runtime-2', repeatable: true });
  expectBroken(run, 'I1');
});

test('async may lose a start of the last 50 ms with the machine, not with the process, and not an older one', () => {
  const lost = { ledger: 'ledger', journal: 'async' } as const;
  expectHeld(crashed({ ...lost, as: 'power-lost' }), 'I1');
  expectBroken(crashed({ ...lost, as: 'killed' }), 'I1');
  expectBroken(crashed({ ...lost, as: 'power-lost', waitMs: 60 }), 'I1');
  expectBroken(crashed({ ledger: 'ledger', journal: 'sync', as: 'power-lost' }), 'I1');
});

test('a call that was over is not started', () => {
  const run = story();
  const call = storyCall();
  run.issue(call);
  run.claim(call);
  run.settle(call, 'cancelled');
  run.start(call);
  expect(expectBroken(run, 'I1').message).toContain('cancelled');
});

test('witnesses in real processes may be a little out of order, but not much', () => {
  const late = (ms: number) => {
    const run = story({ time: 'wall' });
    const call = storyCall();
    run.issue(call);
    run.claim(call);
    run.settle(call, 'cancelled');
    run.wait(ms);
    run.start(call);
    return run;
  };
  expectHeld(late(50), 'I1');
  expectBroken(late(500), 'I1');
});

test('a runtime does not take as new what it has taken before', () => {
  const run = story();
  const call = storyCall();
  run.serve(call);
  run.claim(call);
  run.settle(call);
  expect(expectBroken(run, 'I1').message).toContain('second time');
});

test('a call beyond the window of what is remembered may run again', () => {
  const again = (others: number, waitMs: number) => {
    const run = story();
    const call = storyCall();
    run.serve(call);
    for (let index = 0; index < others; index += 1) run.serve(storyCall());
    run.wait(waitMs);
    run.claim(call);
    run.settle(call);
    return run;
  };
  expectHeld(again(1_024, 600_000), 'I1');
  expectBroken(again(1_000, 600_000), 'I1');
  expectBroken(again(1_024, 500_000), 'I1');
});

test('the window is the one that the history names', () => {
  const again = (ofSession: number, ofOthers: number) => {
    const run = story();
    const bounds = { callsKept: 8, sessionCallsKept: 2 };
    run.add({ type: 'world.promised', bounds, rivals: [] });
    const call = storyCall();
    run.serve(call);
    for (let index = 0; index < ofSession; index += 1) run.serve(storyCall());
    for (let index = 0; index < ofOthers; index += 1) {
      run.serve(storyCall({ sessionId: 's-other', turnId: 't-other' }));
    }
    run.claim(call);
    run.start(call);
    run.settle(call);
    return run;
  };
  // Where there is room for all, all are remembered; else the last of each session are, and no more.
  expectBroken(again(4, 1), 'I1');
  expectHeld(again(4, 4), 'I1');
  expectBroken(again(1, 6), 'I1');
  expectHeld(again(1, 8), 'I1');
});

test('what the ledger reported as unknown stays so, unless it is repeatable', () => {
  const unknown = (repeatable: boolean) => {
    const run = story();
    const { canary: _, tool: __, ...ids } = storyCall();
    const call = storyCall(ids);
    run.began('runtime-1', 'ledger', 'sync');
    run.issue(call);
    run.claim(call);
    run.killed('runtime-1');
    const found = { ledger: 'ledger', state: 'unknown', outcome: null, answerHash: null } as const;
    run.add({ type: 'world.ledger.call', ...ids, ...found });
    run.add({ type: 'world.ledger.read', ledger: 'ledger', calls: 1, completeSince: 0 });
    run.began('runtime-2', 'ledger', 'sync');
    run.claim(call, 'runtime-2');
    run.start(call, { runtime: 'runtime-2', repeatable });
    return run;
  };
  expectBroken(unknown(false), 'I1');
  expectHeld(unknown(true), 'I1');
});

/** A key that is used again, by default while its runtime has a link. */
function reuse(meanwhile: (run: Story) => void = () => {}) {
  const run = story();
  run.began('runtime-1');
  run.mesh({ type: 'mesh.started', host: 'a host', codex: null });
  const call = storyCall();
  run.serve(call);
  meanwhile(run);
  run.issue({ ...call, canary: 'other' });
  return { run, call };
}

function decline(run: Story, { sessionId, turnId, callId, requestId, tool }: StoryCall): void {
  const ids = { sessionId, turnId, callId, requestId, tool, namespace: null };
  run.mesh({ type: 'call.declined', source: 'signal', code: 'call_key_reused', ...ids });
}

test('a call under the key of another one is refused by the end of its turn', () => {
  const refused = reuse();
  decline(refused.run, refused.call);
  refused.run.endTurn(refused.call);
  expectHeld(refused.run, 'G5');
  const taken = reuse();
  taken.run.endTurn(taken.call);
  expect(expectBroken(taken.run, 'G5').message).toContain('was not refused');
});

test('nobody is asked for what may have been lost on the way', () => {
  const { run, call } = reuse();
  const fault = { fault: 'drop', faultId: 'f-1', target: 'link runtime-1', lasts: false } as const;
  run.add({ type: 'world.fault.began', ...fault, detail: null });
  run.endTurn(call);
  const { invariants } = check(run.history);
  expect(invariants.find(({ invariant }) => invariant === 'G5')?.result).toBe('unseen');
});

test('a runtime without a link is not asked to refuse what it could not see', () => {
  const fault = { code: 'stream_closed', message: 'lost' } as const;
  const lose = (run: Story) => run.mesh({ type: 'host.lost', epoch: 'codex-1', fault });
  const late = reuse();
  lose(late.run);
  // Also where the link is back by the end of the turn.
  const early = reuse(lose);
  early.run.mesh({ type: 'host.online', epoch: 'codex-1' });
  for (const { run, call } of [late, early]) {
    run.endTurn(call);
    const { invariants } = check(run.history);
    expect(invariants.find(({ invariant }) => invariant === 'G5')?.result).toBe('unseen');
  }
});

test('a call under the key of another one is not run', () => {
  const reused = (isRun: boolean) => {
    const { run, call } = reuse();
    const { canary: _, ...ids } = call;
    decline(run, call);
    if (isRun) {
      const given = { runtime: 'runtime-1', boundTo: 's-1', repeatable: false };
      const argumentsHash = 'arguments of other';
      run.add({ type: 'world.handler.started', ...ids, ...given, argumentsHash });
    }
    return run;
  };
  expectHeld(reused(false), 'G5');
  const verdict = check(reused(true).history);
  expect(verdict.violations.map((one) => one.invariant)).toContain('G5');
});

test('a lease that passes on without a ledger lets the next holder run what the last one had', () => {
  const passed = (ledger: string | null, isGranted: boolean) => {
    const run = story();
    const call = storyCall();
    run.began('runtime-1', ledger, ledger === null ? null : 'sync');
    run.began('runtime-2', ledger, ledger === null ? null : 'sync');
    const lease = { type: 'world.lease.granted', sessionId: 's-1' } as const;
    run.add({ ...lease, runtime: 'runtime-1', token: 1 });
    run.issue(call);
    run.claim(call);
    run.start(call);
    if (isGranted) run.add({ ...lease, runtime: 'runtime-2', token: 2 });
    run.claim(call, 'runtime-2');
    run.start(call, { runtime: 'runtime-2' });
    run.settle(call, 'cancelled', 'runtime-1');
    run.settle(call, 'answered', 'runtime-2');
    return run;
  };
  expectHeld(passed(null, true), 'I1');
  expectBroken(passed(null, false), 'I1');
  expectBroken(passed('shared', true), 'I1');
});
