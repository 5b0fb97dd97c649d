/** A session's actor can crash alone: it comes back where it was, within a bound, and then it has failed. */
import { expect, test } from 'vitest';
import type { SessionEvent } from '../../machines/session.ts';
import { resolveLimits } from '../../src/limits.ts';
import { silentLogger } from '../../src/logger.ts';
import { SessionActor } from '../../src/mesh/session-actor.ts';
import { virtualClock } from '../../src/testing/virtual-clock.ts';

/** An event that makes the machine throw while it is handled, whatever the machine does with it. */
const poison = (): SessionEvent => ({
  type: 'turn.started',
  get turnId(): string {
    throw new Error('poison');
  },
});

function runningActor() {
  const clock = virtualClock();
  const limits = resolveLimits({ sessionRestartsMax: 2, restartWindowMs: 1_000 });
  const actor = new SessionActor(
    { clock, limits, logger: silentLogger },
    {
      dispatch: 'auto',
      listsWhileLost: false,
      openTimeoutMs: 1_000,
      closeGraceMs: 1_000,
      releaseTimeoutMs: 1_000,
    },
  );
  actor.send({ type: 'open' });
  actor.send({ type: 'opened' });
  return { actor, clock };
}

test('a crashed actor is back with its turn and its link as they were', () => {
  const { actor } = runningActor();
  actor.send({ type: 'turn.started', turnId: 't1' });
  actor.send({ type: 'link.lost' });
  actor.send(poison());
  expect(actor.phase).toBe('running');
  expect(actor.turnId).toBe('t1');
  expect(actor.isLinked).toBe(false);
  expect(actor.accepts('signal')).toBe(true);
});

test('crashes beyond the bound within the window fail the session', () => {
  const { actor } = runningActor();
  for (let crash = 0; crash < 2; crash += 1) actor.send(poison());
  expect(actor.phase).toBe('running');
  actor.send(poison());
  expect(actor.phase).toBe('failed');
  expect(actor.failure).toBe('session_failed');
});

test('crashes that are further apart than the window do not add up', async () => {
  const { actor, clock } = runningActor();
  for (let crash = 0; crash < 6; crash += 1) {
    actor.send(poison());
    await clock.advance(600);
  }
  expect(actor.phase).toBe('running');
});
