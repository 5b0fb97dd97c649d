/** A client whose ledger outlives it: what was computed is delivered, and what was done is not done again. */
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { connect, type ConnectOptions } from '../../src/remote-skills/connect.ts';
import type { SkillDraft } from '../../src/remote-skills/draft.ts';
import { openRelay } from '../relay.ts';
import type { Json } from '../service/client.ts';
import { callNamedTools, endedTurn, fakeScene, scratchFolder } from '../service/scene.ts';

async function openClient(options: ConnectOptions) {
  const client = await connect(options);
  onTestFinished(() => client.close({ graceMs: 1 }));
  return client;
}

test('20.7-10 an answer that was not delivered is delivered by the next process, and nothing runs again', async () => {
  const relay = await openRelay();
  const { service, client: plain } = await fakeScene(callNamedTools, { hosts: [relay.name] });
  relay.lead(service.url);
  const ledger = { path: join(await scratchFolder(), 'ledger.sqlite') };
  const token = service.token!;
  const handler = vi.fn(() => {
    relay.cut();
    return 'is open';
  });
  const register = (draft: SkillDraft) => draft.register('lookup_ticket', handler);
  const first = await openClient({ url: relay.url, token, ledger });
  const { skills } = await first.remoteSkills.createSession({ register });
  const { sessionId } = skills;
  await skills.send('lookup_ticket', { injectSkills: false });
  const [failed] = await skills.drainPendingCalls({ maxSubmitAttempts: 1 });
  expect(failed).toMatchObject({ handled: false, result: 'is open', outcome: null });
  await first.close({ graceMs: 1 });
  const second = await openClient({ url: service.url, token, ledger });
  const taken = await second.remoteSkills.resumeSession(sessionId, { register });
  await taken.drainPendingCalls();
  const { transcript } = await endedTurn(plain, sessionId);
  expect(transcript.findLast(({ role }: Json) => role === 'assistant').content).toBe('is open');
  expect(handler).toHaveBeenCalledTimes(1);
}, 30_000);
