/** `sessionmesh sessions send` where the stream breaks while it waits: it says so, and finds the reply all the same. */
import { expect, test, vi } from 'vitest';
import { openRelay } from '../relay.ts';
import {
  answerOf,
  callNamedTools,
  fakeScene,
  newSession,
  pendingCalls,
  scratchFolder,
} from '../service/scene.ts';
import { commandsIn, ended, patiently } from './service-commands.ts';

vi.setConfig({ testTimeout: 60_000 });

test('a stream that is gone is told of, and the reply is printed once it is back', async () => {
  const home = await scratchFolder();
  const relay = await openRelay();
  const { service, client } = await fakeScene(callNamedTools, {
    stateDir: home,
    hosts: [relay.name],
  });
  relay.lead(service.url);
  const id = await newSession(client);
  const sending = commandsIn(home).start(
    ['sessions', 'send', id, 'lookup_ticket', '--url', relay.url],
    { SESSIONMESH_TOKEN: service.token ?? '' },
  );
  let told = '';
  sending.stderr!.on('data', (chunk) => (told += chunk));
  const result = ended(sending);
  const [{ requestId }] = await pendingCalls(client, id);
  relay.cut();
  await expect.poll(() => told, patiently).toContain('reconnecting');
  await client.post(`/api/tool-calls/${requestId}/response`, answerOf('open'));
  relay.mend();
  expect(await result).toMatchObject({ code: 0, stdout: 'open\n' });
  expect(told).toContain('connected again');
});
