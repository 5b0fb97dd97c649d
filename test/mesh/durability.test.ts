/** What is recorded when: intent before the start, outcome before the answer, and what a next process makes of it. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { SessionMeshError } from '../../src/errors.ts';
import { simulatedHost } from '../../src/hosts/simulated/host.ts';
import type { Journal, JournalEntry } from '../../src/ledger/journal.ts';
import { memoryJournal } from '../../src/ledger/memory-journal.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { virtualEnv } from '../../src/testing/virtual-clock.ts';
import { tool } from '../../src/tools/index.ts';
import { callNamedTools } from './scene.ts';

/** A journal whose commits wait until the test lets them go, or fail as it says. */
function slowJournal() {
  const inner = memoryJournal();
  const types: JournalEntry['type'][] = [];
  const waiting: { resolve: () => void; reject: (cause: unknown) => void }[] = [];
  let refuse = false;
  const journal: Journal = {
    get stats() {
      return inner.stats;
    },
    append(entry) {
      if (refuse && entry.type === 'intent') throw new SessionMeshError('ledger_full');
      inner.append(entry);
      types.push(entry.type);
    },
    committed: () =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
      }),
    recover: () => inner.recover(),
    compact: () => inner.compact(),
    close: () => inner.close(),
  };
  return {
    journal,
    types,
    refuseCalls: () => (refuse = true),
    commit: () => waiting.splice(0).forEach(({ resolve }) => resolve()),
    fail: () => waiting.splice(0).forEach(({ reject }) => reject(new Error('disk'))),
  };
}

async function openMesh(
  journal: Journal,
  host = simulatedHost(callNamedTools),
  env = virtualEnv(1),
) {
  const answers: string[] = [];
  const mesh = new Mesh({ host, env, onEvent: ({ type }) => answers.push(type) }, journal);
  await mesh.start();
  onTestFinished(async () => {
    const closed = mesh.close({ graceMs: 1 });
    await env.clock.runUntilIdle();
    await closed;
  });
  return { mesh, host, clock: env.clock, types: answers };
}

const makeTool = (execute: () => unknown) =>
  tool({ name: 'effect', description: 'Has an effect.', execute });

test('a session that cannot be recorded is not opened, and nothing of it stays', async () => {
  const journal = memoryJournal();
  const append = journal.append.bind(journal);
  let refuses = true;
  journal.append = (entry) => {
    if (refuses && entry.type === 'session.opened') throw new SessionMeshError('ledger_full');
    append(entry);
  };
  const { mesh } = await openMesh(journal);
  await expect(mesh.createSession()).rejects.toMatchObject({ code: 'ledger_full' });
  expect(mesh.sessions()).toEqual([]);
  refuses = false;
  const session = await mesh.createSession();
  await session.close();
  refuses = true;
  await expect(mesh.resumeSession(session.id)).rejects.toMatchObject({ code: 'ledger_full' });
  expect(mesh.session(session.id)).toBeUndefined();
  refuses = false;
  const resumed = await mesh.resumeSession(session.id);
  expect(mesh.sessions()).toEqual([resumed]);
});

test('a forked session is taken up again by the next process', async () => {
  const journal = memoryJournal();
  const { mesh } = await openMesh(journal);
  const origin = await mesh.createSession();
  const fork = await mesh.forkSession(origin.id);
  await journal.committed();
  expect(journal.recover().sessions.map(({ sessionId }) => sessionId)).toEqual([
    origin.id,
    fork.id,
  ]);
});

test('a handler starts after its intent is committed, its answer goes out after the outcome is', async () => {
  const { journal, types, commit } = slowJournal();
  const { mesh, clock, types: events } = await openMesh(journal);
  const execute = vi.fn(() => 'done');
  const session = await mesh.createSession({ tools: [makeTool(execute)] });
  const turn = session.sendAndHandle('effect');
  await clock.advance(1);
  expect(types).toEqual(['session.opened', 'intent']);
  expect(execute).not.toHaveBeenCalled();
  commit();
  await clock.advance(1);
  expect(execute).toHaveBeenCalledTimes(1);
  expect(types).toEqual(['session.opened', 'intent', 'outcome']);
  expect(events).toContain('call.answered');
  expect(events).not.toContain('call.settled');
  commit();
  expect((await turn).reply).toBe('done');
  expect(types).toEqual(['session.opened', 'intent', 'outcome', 'settled']);
});

test('a call that cannot be recorded is not run, and the model is told', async () => {
  const { journal, refuseCalls } = slowJournal();
  const { mesh } = await openMesh(journal);
  const execute = vi.fn();
  const session = await mesh.createSession({ tools: [makeTool(execute)] });
  refuseCalls();
  const turn = await session.sendAndHandle('effect');
  expect(execute).not.toHaveBeenCalled();
  expect(turn.dispatches[0]).toMatchObject({ code: 'overloaded', outcome: 'answered' });
});

test('an outcome that cannot be written is written later, and not submitted before', async () => {
  const { journal, commit, fail } = slowJournal();
  const { mesh, clock, types } = await openMesh(journal);
  const session = await mesh.createSession({ tools: [makeTool(() => 'done')] });
  const turn = session.sendAndHandle('effect');
  await clock.advance(1);
  commit();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await clock.advance(1);
    fail();
    await clock.advance(10_000);
  }
  expect(types).not.toContain('call.settled');
  commit();
  expect((await turn).reply).toBe('done');
});

test('the next process knows what finished, and says that what did not finish is unknown', async () => {
  const env = virtualEnv(1);
  const journal = memoryJournal({ env });
  const host = simulatedHost(callNamedTools);
  const first = await openMesh(journal, host, env);
  const execute = vi.fn(() => new Promise<string>(() => {}));
  const session = await first.mesh.createSession({ tools: [makeTool(execute)], title: 'mine' });
  const turn = session.sendAndHandle('effect');
  await first.clock.advance(1);
  expect(execute).toHaveBeenCalledTimes(1);
  const { unknown, sessions } = journal.recover();
  expect(unknown).toMatchObject([{ call: { sessionId: session.id, tool: 'effect' } }]);
  expect(sessions).toMatchObject([{ sessionId: session.id, title: 'mine', tools: ['effect'] }]);
  await session.interrupt();
  await first.clock.advance(10);
  expect((await turn).status).toBe('interrupted');
  await journal.committed();
  expect(journal.recover()).toMatchObject({ unknown: [], finished: [{ outcome: 'cancelled' }] });
});

test('a session that the user closed is not recoverable, one that ended with its mesh is', async () => {
  const env = virtualEnv(1);
  const journal = memoryJournal({ env });
  const { mesh, clock } = await openMesh(journal, undefined, env);
  const closed = await mesh.createSession({ title: 'closed' });
  const kept = await mesh.createSession({ title: 'kept' });
  await closed.close();
  await clock.advance(1);
  expect(journal.recover().sessions.map(({ sessionId }) => sessionId)).toEqual([kept.id]);
  expect(mesh.recoverable).toEqual([]);
});

test('a session of an earlier process that is given up or closed is not recoverable any more', async () => {
  const inner = memoryJournal();
  const journal: Journal = {
    stats: inner.stats,
    append: (entry) => inner.append(entry),
    committed: () => inner.committed(),
    recover: () => inner.recover(),
    compact: () => inner.compact(),
    // What was written outlives the first mesh.
    close: () => inner.committed(),
  };
  const host = simulatedHost(callNamedTools);
  const first = await openMesh(journal, host);
  const [one, other] = [await first.mesh.createSession(), await first.mesh.createSession()];
  await first.mesh.close();
  const { mesh, clock } = await openMesh(journal, host);
  const idsOf = () => mesh.recoverable.map(({ sessionId }) => sessionId);
  expect(idsOf()).toEqual([one.id, other.id]);
  mesh.giveUp(one.id);
  mesh.giveUp('of-nobody');
  expect(idsOf()).toEqual([other.id]);
  const resumed = await mesh.resumeSession(other.id);
  mesh.giveUp(other.id);
  await journal.committed();
  expect(journal.recover().sessions.map(({ sessionId }) => sessionId)).toEqual([other.id]);
  await resumed.close();
  await clock.advance(1);
  await journal.committed();
  expect(idsOf()).toEqual([]);
  expect(journal.recover().sessions).toEqual([]);
});
