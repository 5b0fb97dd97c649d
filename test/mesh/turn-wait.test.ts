/** Waiting for a turn leaves nothing behind, whenever the turn ended. */
import { expect, test } from 'vitest';
import { resolveLimits } from '../../src/limits.ts';
import { waitForTurn } from '../../src/mesh/turn-wait.ts';
import type { TurnResult } from '../../src/mesh/turn.ts';
import { virtualEnv } from '../../src/testing/index.ts';

const result: TurnResult = {
  sessionId: 's',
  turnId: 't',
  status: 'completed',
  reply: null,
  error: null,
  dispatches: [],
  durationMs: 1,
};

test('a turn that has ended already sets no deadline, which would interrupt a later turn', async () => {
  const { clock } = virtualEnv();
  const seen = { interrupts: 0, stopped: 0 };
  const stop = () => void (seen.stopped += 1);
  const abort = new AbortController();
  const session = {
    sessionId: 's',
    clock,
    limits: resolveLimits(),
    whenOver: () => stop,
    whenTurnEnded: (_: string, notify: (ended: TurnResult) => void) => {
      notify(result);
      return stop;
    },
    interrupt: () => {
      seen.interrupts += 1;
      return Promise.resolve();
    },
  };
  const wait = { timeoutMs: 1_000, signal: abort.signal };
  expect(await waitForTurn(session, 't', wait)).toBe(result);
  await clock.advance(10_000);
  abort.abort();
  await clock.advance(10_000);
  expect(seen).toEqual({ interrupts: 0, stopped: 2 });
});
