/** A session that closes while a turn of it is on its way to the host does not leave that turn behind. */
import { expect, onTestFinished, test } from 'vitest';
import { simulatedHost } from '../../src/hosts/simulated/host.ts';
import type { HostFactory } from '../../src/hosts/host.ts';
import { startMesh } from '../../src/mesh/start-mesh.ts';
import { virtualEnv } from '../../src/testing/index.ts';

/** A host whose answers to `startTurn` come when the test says so. */
async function scene() {
  const env = virtualEnv();
  const seen: string[] = [];
  const answer = Promise.withResolvers<void>();
  const factory = simulatedHost(() => new Promise(() => {}));
  const slow: HostFactory = (context) => {
    const host = factory(context);
    const startTurn = host.startTurn.bind(host);
    const interrupt = host.interrupt.bind(host);
    const release = host.release.bind(host);
    host.startTurn = async (...args) => {
      await answer.promise;
      return startTurn(...args);
    };
    host.interrupt = (sessionId, turnId) => {
      seen.push(`interrupt ${turnId}`);
      return interrupt(sessionId, turnId);
    };
    host.release = (...args) => {
      seen.push('release');
      return release(...args);
    };
    return host;
  };
  const mesh = await startMesh({ host: slow, env });
  onTestFinished(async () => {
    const closed = mesh.close({ graceMs: 1 });
    await env.clock.runUntilIdle();
    await closed;
  });
  return { mesh, env, seen, answer };
}

test('the turn is interrupted before the thread is let go', async () => {
  const { mesh, env, seen, answer } = await scene();
  const session = await mesh.createSession();
  const sent = session.send('go');
  const closed = session.close();
  await env.clock.advance(10);
  expect(seen).toEqual([]);
  answer.resolve();
  await env.clock.advance(10);
  await closed;
  const { turnId } = await sent;
  expect(seen).toEqual([`interrupt ${turnId}`, 'release']);
});

test('a host that never says what became of the turn does not hold the end up', async () => {
  const { mesh, env } = await scene();
  const session = await mesh.createSession();
  void session.send('go').catch(() => {});
  const closed = session.close();
  await env.clock.advance(60_000);
  await closed;
  expect(mesh.sessions()).toEqual([]);
});
