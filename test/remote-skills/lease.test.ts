/** Leases of remote skills at our own service: taken, kept, lost, handed on, and held to at every answer. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { connect, type ConnectOptions } from '../../src/remote-skills/connect.ts';
import type { SkillDraft } from '../../src/remote-skills/draft.ts';
import type { MeshEvent } from '../../src/mesh/event.ts';
import type { Service } from '../../src/service/service.ts';
import { openRelay } from '../relay.ts';
import type { Client, Json } from '../service/client.ts';
import {
  answerOf,
  callNamedTools,
  endedTurn,
  fakeScene,
  lookup,
  newSession,
  pendingCalls,
} from '../service/scene.ts';

/** As short as the service lets a lease be. */
const ttlMs = 1_000;

async function join(
  { url, token }: Pick<Service, 'url' | 'token'>,
  options: Partial<ConnectOptions> = {},
) {
  const events: MeshEvent[] = [];
  const onEvent = (event: MeshEvent) => void events.push(event);
  const client = await connect({ url, token: token!, onEvent, ...options });
  onTestFinished(() => client.close({ graceMs: 1 }));
  return { remoteSkills: client.remoteSkills, events };
}

/** A skill that waits until the test lets it go. */
function heldLookup() {
  const doors: ((text: string) => void)[] = [];
  const aborted: unknown[] = [];
  const register = (draft: SkillDraft) =>
    draft.register(
      'lookup_ticket',
      (_, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => aborted.push(signal.reason));
          doors.push(resolve);
        }),
    );
  const started = () => vi.waitFor(() => expect(doors).not.toEqual([]), { timeout: 10_000 });
  return { register, aborted, doors, started, release: (text: string) => doors.shift()?.(text) };
}

const quickLookup = (draft: SkillDraft) => draft.register('lookup_ticket', () => 'is open');

const leaseOf = (client: Client, id: string, body: object) =>
  client.post(`/api/sessions/${id}/lease`, body);

function answerCall(client: Client, { requestId }: Json, fence?: number) {
  const headers = fence === undefined ? {} : { 'x-sessionmesh-fence': String(fence) };
  return client.post(`/api/tool-calls/${requestId}/response`, answerOf('not mine'), { headers });
}

/** What the model said in the newest turn, once that is over. */
async function replyIn(client: Client, id: string): Promise<string> {
  const { transcript } = await endedTurn(client, id);
  return transcript.findLast(({ role }: Json) => role === 'assistant').content;
}

test('a session is leased with its creation, for longer than one lease lasts, until it is closed', async () => {
  const { service, client: rival } = await fakeScene(callNamedTools);
  const { remoteSkills } = await join(service, { holder: 'one', lease: { ttlMs } });
  const { skills } = await remoteSkills.createSession({ register: quickLookup });
  const ask = () => leaseOf(rival, skills.sessionId, { holder: 'rival', ttlMs });
  const first = await ask();
  expect(first.status).toBe(409);
  expect(first.body).toMatchObject({ status: 'conflict', code: 'leased', holder: 'one' });
  let endsAt = first.body.expiresAt;
  while (endsAt < first.body.expiresAt + ttlMs) {
    const next = await ask();
    expect(next.status).toBe(409);
    endsAt = next.body.expiresAt;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await remoteSkills.closeSession(skills.sessionId);
  expect((await ask()).body).toMatchObject({ status: 'ok', lease: { holder: 'rival' } });
}, 30_000);

test('answers of a holder are taken; everybody else is told who it is, and until when', async () => {
  const { service, client: plain } = await fakeScene(callNamedTools);
  const { remoteSkills } = await join(service, { holder: 'one', lease: true });
  const { register, started, release } = heldLookup();
  const { skills } = await remoteSkills.createSession({ register });
  const { sessionId } = skills;
  const turn = skills.sendAndHandle('lookup_ticket', { injectSkills: false });
  await started();
  const [row] = await pendingCalls(plain, sessionId);
  for (const fence of [undefined, 7]) {
    const { status, body } = await answerCall(plain, row, fence);
    expect(status).toBe(409);
    expect(body).toEqual({
      status: 'conflict',
      code: 'leased',
      requestId: row.requestId,
      holder: 'one',
      expiresAt: expect.any(Number),
    });
  }
  release('is open');
  expect(await turn).toMatchObject({
    assistantReply: 'is open',
    dispatches: [{ handled: true, submissionStatus: 'ok', submissionAttempts: 1 }],
  });
}, 30_000);

test('a plain client whose session somebody leased is told so in its dispatch', async () => {
  const { service, client: holder } = await fakeScene(callNamedTools);
  const { remoteSkills } = await join(service);
  const { register, started, release } = heldLookup();
  const { skills } = await remoteSkills.createSession({ register });
  await skills.send('lookup_ticket', { injectSkills: false });
  const draining = skills.drainPendingCalls();
  await started();
  await leaseOf(holder, skills.sessionId, { holder: 'another' });
  release('is open');
  const [dispatch] = await draining;
  expect(dispatch).toMatchObject({
    handled: false,
    submissionStatus: 'conflict',
    submissionCode: 'leased',
    submissionIdempotent: false,
    outcome: 'abandoned',
  });
  expect(await pendingCalls(holder, skills.sessionId)).toHaveLength(1);
}, 30_000);

test('whoever is next waits for the end of the lease, and is given the calls that wait', async () => {
  const { service, client: ghost } = await fakeScene(callNamedTools);
  const id = await newSession(ghost, [lookup()]);
  const { body } = await leaseOf(ghost, id, { holder: 'ghost', ttlMs });
  await ghost.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [row] = await pendingCalls(ghost, id);
  const { remoteSkills } = await join(service, { holder: 'two', lease: { ttlMs } });
  const { register, started, release } = heldLookup();
  const skills = await remoteSkills.resumeSession(id, { register });
  const draining = skills.drainPendingCalls();
  await started();
  const late = await answerCall(ghost, row, body.lease.fence);
  expect(late.status).toBe(409);
  expect(late.body).toMatchObject({ code: 'leased', holder: 'two' });
  release('from two');
  expect(await draining).toMatchObject([{ handled: true, outcome: 'answered' }]);
  expect(await replyIn(ghost, id)).toBe('from two');
}, 30_000);

test('a holder that is cut off loses its session: its handler is aborted, and only the next one answers', async () => {
  const relay = await openRelay();
  const { service, client } = await fakeScene(callNamedTools, { hosts: [relay.name] });
  relay.lead(service.url);
  const one = await join(
    { url: relay.url, token: service.token },
    { holder: 'one', lease: { ttlMs } },
  );
  const first = heldLookup();
  const { skills } = await one.remoteSkills.createSession({ register: first.register });
  const { sessionId } = skills;
  await skills.send('lookup_ticket', { injectSkills: false });
  const draining = skills.drainPendingCalls();
  await first.started();
  relay.cut();
  const two = await join(service, { holder: 'two', lease: { ttlMs } });
  const taken = await two.remoteSkills.resumeSession(sessionId, { register: quickLookup });
  expect(await taken.drainPendingCalls()).toMatchObject([{ handled: true, outcome: 'answered' }]);
  relay.mend();
  await vi.waitFor(() => expect(first.aborted).toHaveLength(1), { timeout: 15_000 });
  first.release('too late');
  expect(await draining).toMatchObject([{ handled: false }]);
  const failed = one.events.find(({ type }) => type === 'session.failed');
  expect(failed).toMatchObject({ sessionId, fault: { code: 'session_failed' } });
  expect(skills.list()).toEqual([]);
  await expect(skills.drainPendingCalls()).rejects.toMatchObject({ code: 'session_unknown' });
  expect(await replyIn(client, sessionId)).toBe('is open');
}, 60_000);
