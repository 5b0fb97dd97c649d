/** Others may watch what the server sends, and ask it what is no business of a host. */
import { expect, test } from 'vitest';
import { appServer, type AppServerMessage } from '../../../src/hosts/app-server/index.ts';
import { unheardNotifications } from '../../../src/hosts/app-server/methods.ts';
import type { AppServerOptions } from '../../../src/hosts/app-server/options.ts';
import { createDialer } from '../../../src/hosts/app-server/wire.ts';
import type { Host, HostContext } from '../../../src/hosts/host.ts';
import { resolveLimits } from '../../../src/limits.ts';
import { silentLogger } from '../../../src/logger.ts';
import { virtualEnv } from '../../../src/testing/index.ts';
import { codexWorld, hostTool } from './codex.ts';
import { textOutput, watchHost } from './watcher.ts';

const context: HostContext = {
  env: virtualEnv(),
  limits: resolveLimits(),
  logger: silentLogger,
  emit() {},
};

test.each<[string, Pick<AppServerOptions, 'notifications'>, readonly string[]]>([
  ['nothing said', {}, unheardNotifications],
  ['what the host needs', { notifications: 'needed' }, unheardNotifications],
  ['everything', { notifications: 'all' }, []],
  [
    'some more',
    { notifications: ['item/started', 'turn/completed'] },
    unheardNotifications.filter((method) => method !== 'item/started'),
  ],
])('the server is asked to leave out what nobody hears: %s', (_, options, unheard) => {
  expect(createDialer(options, context).unheard).toEqual(unheard);
  expect(createDialer({ url: 'ws://127.0.0.1:1', ...options }, context).unheard).toEqual(unheard);
});

test('a watcher is told of each message once the host has it, and its failures are its own', async () => {
  await using world = await codexWorld(({ results }) =>
    results.length > 0 ? { text: 'done' } : { calls: [{ tool: 'look_up' }] },
  );
  const seen: (AppServerMessage & { readonly signals: readonly string[] })[] = [];
  const factory = appServer({
    env: world.env,
    notifications: ['item/completed'],
    onMessage: (message) => {
      seen.push({ ...message, signals: watched.types() });
      throw new Error('a watcher that fails');
    },
  });
  await using watched = watchHost(factory, { answer: () => textOutput('found') });
  const { host } = watched;
  await host.start();
  const { sessionId } = await host.open(world.settings, [hostTool('look_up')]);
  const { turnId } = await host.startTurn(sessionId, 'go');
  expect(await watched.turnEnded(turnId)).toMatchObject({ status: 'completed', reply: 'done' });
  await expect.poll(() => seen.map(({ method }) => method)).toContain('turn/completed');
  const call = seen.find(({ method }) => method === 'item/tool/call');
  expect(call).toMatchObject({
    requestId: expect.any(Number),
    params: { threadId: sessionId, turnId, tool: 'look_up' },
  });
  expect(call!.signals).toContain('call.requested');
  const completed = seen.find(({ method }) => method === 'turn/completed');
  expect(completed!.signals).toContain('turn.ended');
  expect(completed).not.toHaveProperty('requestId');
  const methods = seen.map(({ method }) => method);
  expect(methods).toContain('item/completed');
  expect(methods).not.toContain('item/started');
  expect(watched.logged.filter((line) => line.includes('a watcher that fails'))).toHaveLength(
    seen.length,
  );
});

test('others ask the server through the host, once there is a link', async () => {
  await using world = await codexWorld(() => ({ text: 'hello' }));
  const factory = appServer({ env: world.env });
  const made: ReturnType<typeof factory>[] = [];
  await using watched = watchHost((given): Host => {
    const host = factory(given);
    made.push(host);
    return host;
  });
  const [host] = made;
  const early = host!.request('thread/list', { limit: 1, archived: false });
  await watched.host.start();
  expect(await early).toMatchObject({ data: [] });
  const { sessionId: threadId } = await watched.host.open({ ...world.settings, title: 'x' }, []);
  const params = { threadId, includeTurns: false } as const;
  expect(await host!.request('thread/read', params)).toMatchObject({
    thread: { id: threadId, name: 'x' },
  });
  await expect(host!.request('thread/read', { ...params, threadId: 'nope' })).rejects.toMatchObject(
    { code: 'request_refused' },
  );
  const gone = AbortSignal.abort(new Error('never mind'));
  await expect(host!.request('thread/read', params, gone)).rejects.toThrow('never mind');
});
