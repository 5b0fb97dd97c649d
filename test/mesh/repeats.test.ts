/** An answer for a call that nobody serves any more is handed over until the host decides, once at a time. */
import { expect, test } from 'vitest';
import type { AnswerVerdict, Host, HostCall } from '../../src/hosts/host.ts';
import { callKey } from '../../src/ledger/call-record.ts';
import { resolveLimits } from '../../src/limits.ts';
import { silentLogger } from '../../src/logger.ts';
import { Repeats } from '../../src/mesh/repeats.ts';
import { virtualEnv } from '../../src/testing/virtual-clock.ts';

const call: HostCall = {
  epoch: 'one',
  sessionId: 's',
  turnId: 't',
  callId: 'c',
  requestId: 0,
  namespace: null,
  tool: 'work',
  arguments: {},
};
const output = { success: true, contentItems: [] };

function scene(verdicts: readonly AnswerVerdict[], isAnswering = () => false) {
  const env = virtualEnv();
  const attempts: number[] = [];
  const answer = () => {
    attempts.push(env.clock.monotonic());
    return Promise.resolve(verdicts[attempts.length - 1] ?? { type: 'answered' });
  };
  const host = { answer } as unknown as Host;
  const limits = resolveLimits();
  const repeats = new Repeats({ host, env, limits, logger: silentLogger, isAnswering });
  return { repeats, attempts, clock: env.clock };
}

const again: AnswerVerdict = { type: 'again', reason: 'HTTP 500', afterMs: 100 };

test('an answer that was not taken is handed over again, and its taking is told once', async () => {
  const { repeats, attempts, clock } = scene([again, again]);
  let taken = 0;
  repeats.send(call, output, () => (taken += 1));
  await clock.advance(1_000);
  expect({ attempts, taken, left: repeats.size }).toEqual({
    attempts: [0, 100, 200],
    taken: 1,
    left: 0,
  });
});

test('a call that comes again meanwhile makes no second attempt', async () => {
  const { repeats, attempts, clock } = scene([again]);
  repeats.send(call, output);
  repeats.send(call, output);
  await clock.advance(1_000);
  expect(attempts).toEqual([0, 100]);
});

test('it waits for an attempt of somebody else to end', async () => {
  let isBusy = true;
  const { repeats, attempts, clock } = scene([], () => isBusy);
  repeats.send(call, output);
  await clock.advance(150);
  expect(attempts).toEqual([]);
  isBusy = false;
  await clock.advance(100);
  expect(attempts).toHaveLength(1);
});

test('a call that is withdrawn, or a close, leaves no timer behind', async () => {
  for (const end of [
    (repeats: Repeats) => repeats.withdraw(callKey(call)),
    (one: Repeats) => one.close(),
  ]) {
    const { repeats, attempts, clock } = scene([again, again, again]);
    repeats.send(call, output);
    await clock.advance(50);
    end(repeats);
    await clock.advance(10_000);
    expect({ attempts, timers: clock.pendingTimers }).toEqual({ attempts: [0], timers: 0 });
  }
});
