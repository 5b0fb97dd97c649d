/** How a lost server is reached again, in virtual time: when, how often, for whom. */
import type { Client } from '@modelcontextprotocol/client';
import { expect, test, vi } from 'vitest';
import { SessionMeshError } from '../../src/errors.ts';
import { resolveLimits } from '../../src/limits.ts';
import type { Dial } from '../../src/mcp/dial.ts';
import { Link } from '../../src/mcp/link.ts';
import type { Peer, PeerHandlers } from '../../src/mcp/peer.ts';
import { virtualEnv } from '../../src/testing/virtual-clock.ts';
import { recordingLogger } from './calls.ts';

const never = new AbortController().signal;
const unreachable = new SessionMeshError('mcp_connect_failed', { found: 'a closed door' });

/** A server whose connections succeed or fail as `outcomes` say, one after the other, the last for ever. */
function scene(...outcomes: ('ok' | Error | 'silent')[]) {
  const env = virtualEnv(7);
  const attemptsAtMs: number[] = [];
  const open = new Set<Peer>();
  const told: PeerHandlers[] = [];
  const dial: Dial = (handlers, signal) => {
    const outcome = outcomes[Math.min(attemptsAtMs.length, outcomes.length - 1)];
    attemptsAtMs.push(env.clock.monotonic());
    told.push(handlers);
    if (outcome instanceof Error) return Promise.reject(outcome);
    if (outcome === 'silent') {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    }
    const peer: Peer = {
      client: {} as Client,
      close: async () => {
        if (open.delete(peer)) handlers.onClosed(peer, 'closed');
      },
    };
    expect(open.size).toBe(0);
    open.add(peer);
    return Promise.resolve(peer);
  };
  const handlers = { onRestored: vi.fn(), onListChanged: vi.fn() };
  const { logger } = recordingLogger();
  const limits = resolveLimits({
    reconnectBackoffBaseMs: 100,
    reconnectBackoffCapMs: 1_000,
    mcpReconnectAttemptsMax: 3,
    connectTimeoutMs: 5_000,
  });
  const link = new Link(dial, { env, limits, logger }, handlers);
  return { clock: env.clock, link, open, told, attemptsAtMs, handlers };
}

test('the first connection is one attempt, and no more', async () => {
  const { link, clock, attemptsAtMs } = scene(unreachable);
  await expect(link.open(never)).rejects.toBe(unreachable);
  await clock.runUntilIdle();
  expect(attemptsAtMs).toEqual([0]);
  expect(clock.pendingTimers).toBe(0);
});

test('a lost server is left alone until a call needs it', async () => {
  const { link, clock, attemptsAtMs, handlers } = scene('ok');
  const first = await link.open(never);
  expect(await link.reach(never)).toBe(first);
  link.drop(first, 'it died');
  await clock.advance(60_000);
  expect(attemptsAtMs).toHaveLength(1);
  const [one, two] = [link.reach(never), link.reach(never)];
  await clock.runUntilIdle();
  expect(await one).toBe(await two);
  expect(await one).not.toBe(first);
  expect(attemptsAtMs).toHaveLength(2);
  expect(handlers.onRestored).toHaveBeenCalledTimes(1);
});

test('attempts wait longer and longer, and end; the next call begins anew', async () => {
  const { link, clock, attemptsAtMs } = scene('ok', unreachable, unreachable, unreachable, 'ok');
  link.drop(await link.open(never), 'it died');
  const reached = link.reach(never).catch((error: unknown) => error);
  await clock.runUntilIdle();
  expect(await reached).toBe(unreachable);
  expect(attemptsAtMs).toHaveLength(4);
  expect(attemptsAtMs[3]).toBeLessThanOrEqual(100 + 200 + 400);
  const again = link.reach(never);
  await clock.runUntilIdle();
  expect(await again).toBeDefined();
});

test('what cannot get better is not tried again', async () => {
  const gone = new SessionMeshError('mcp_unusable', { found: 'no program' });
  const { link, clock, attemptsAtMs } = scene('ok', gone);
  link.drop(await link.open(never), 'it died');
  const reached = link.reach(never).catch((error: unknown) => error);
  await clock.runUntilIdle();
  expect(await reached).toBe(gone);
  expect(attemptsAtMs).toHaveLength(2);
});

test('an attempt that hangs is given up, a waiter that leaves takes nobody along', async () => {
  const { link, clock, attemptsAtMs } = scene('ok', 'silent', 'ok');
  link.drop(await link.open(never), 'it died');
  const impatient = new AbortController();
  const left = link.reach(impatient.signal).catch((error: unknown) => error);
  const stays = link.reach(never);
  impatient.abort(new Error('too long'));
  expect(await left).toEqual(new Error('too long'));
  await clock.runUntilIdle();
  expect(await stays).toBeDefined();
  expect(attemptsAtMs[2]).toBeGreaterThanOrEqual(5_000);
});

test('a connection that ends by itself is noticed; one of the past is of no interest', async () => {
  const { link, clock, told, attemptsAtMs, open } = scene('ok');
  const first = await link.open(never);
  open.delete(first);
  told[0]?.onClosed(first, 'the server died');
  const reached = link.reach(never);
  await clock.runUntilIdle();
  const second = await reached;
  told[0]?.onClosed(first, 'once more');
  expect(await link.reach(never)).toBe(second);
  expect(attemptsAtMs).toHaveLength(2);
});

test('closing ends attempts, waiters and connections, and stays', async () => {
  const { link, clock, open, attemptsAtMs } = scene('ok', 'silent');
  link.drop(await link.open(never), 'it died');
  const waiter = link.reach(never).catch((error: unknown) => error);
  await clock.advance(200);
  await Promise.all([link.close(), link.close()]);
  expect(await waiter).toMatchObject({ code: 'stream_closed' });
  await expect(link.reach(never)).rejects.toMatchObject({ code: 'stream_closed' });
  expect(open.size).toBe(0);
  expect(clock.pendingTimers).toBe(0);
  expect(attemptsAtMs).toHaveLength(2);
});
