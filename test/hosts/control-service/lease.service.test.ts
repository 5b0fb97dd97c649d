/** Leases of a mesh at our own service, over sockets that break. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { controlService } from '../../../src/hosts/control-service/index.ts';
import type { MeshEvent } from '../../../src/mesh/event.ts';
import { startMesh } from '../../../src/mesh/start-mesh.ts';
import type { Service } from '../../../src/service/service.ts';
import { tool } from '../../../src/tools/index.ts';
import { callNamedTools, fakeScene } from '../../service/scene.ts';
import { openRelay } from '../../relay.ts';
import { gate } from './scene.ts';

/** As short as the service lets a lease be. */
const lease = { ttlMs: 1_000 };

async function join({ url, token }: Pick<Service, 'url' | 'token'>, holder: string) {
  const events: MeshEvent[] = [];
  const host = controlService({ url, token: token!, holder, lease });
  const mesh = await startMesh({ host, onEvent: (event) => void events.push(event) });
  onTestFinished(() => mesh.close({ graceMs: 1 }));
  return { mesh, events };
}

test('Q46 a mesh that is cut off loses its session to the next one, which answers its calls', async () => {
  const relay = await openRelay();
  const { service } = await fakeScene(callNamedTools, { hosts: [relay.name] });
  relay.lead(service.url);
  const one = await join({ url: relay.url, token: service.token }, 'one');
  const { hold, starts, release } = gate();
  const session = await one.mesh.createSession({ tools: [hold] });
  const lost = session.sendAndHandle('hold').catch((error: Error) => error);
  await vi.waitFor(() => expect(starts).toHaveLength(1), { timeout: 10_000 });
  relay.cut();
  const two = await join(service, 'two');
  const input = { type: 'object' } as const;
  const held = tool({ name: 'hold', description: 'Holds.', input, execute: () => 'by two' });
  const taken = await two.mesh.resumeSession(session.id, { tools: [held] });
  expect(await taken.turnEnded(session.turnId!)).toMatchObject({ reply: 'by two' });
  relay.mend();
  const failure = () => one.events.find((event) => event.type === 'session.failed');
  await vi.waitFor(() => expect(failure()).toBeDefined(), { timeout: 10_000 });
  expect(failure()?.fault.message).toMatch(/leased to somebody else: found .*two/);
  // Whether the end of the turn or that of the lease is heard of first is a matter of luck.
  const end: object = await lost;
  expect('reply' in end ? end.reply : end).toEqual(
    'reply' in end ? 'by two' : expect.objectContaining({ code: 'session_failed' }),
  );
  release('too late');
  const settled = one.events.filter(({ type }) => type === 'call.settled');
  expect(settled).toMatchObject([{ outcome: 'cancelled' }]);
}, 60_000);

test('Q46 a mesh that comes back in time keeps its session, and its answer is taken', async () => {
  const relay = await openRelay();
  const { service, client } = await fakeScene(callNamedTools, { hosts: [relay.name] });
  relay.lead(service.url);
  const { mesh, events } = await join({ url: relay.url, token: service.token }, 'one');
  const { hold, starts, release } = gate();
  const session = await mesh.createSession({ tools: [hold] });
  const turn = session.sendAndHandle('hold');
  await vi.waitFor(() => expect(starts).toHaveLength(1), { timeout: 10_000 });
  relay.cut();
  release('in time');
  const rival = await client.post(`/api/sessions/${session.id}/lease`, { holder: 'rival' });
  expect(rival.body).toMatchObject({ code: 'leased', holder: 'one' });
  relay.mend();
  expect(await turn).toMatchObject({ reply: 'in time', dispatches: [{ outcome: 'answered' }] });
  expect(starts).toHaveLength(1);
  expect(events.map(({ type }) => type)).not.toContain('session.failed');
}, 60_000);
