/** What is over stays over, in this order: the answer, the call, the turn, the session, the mesh. */
import { expect, onTestFinished, test } from 'vitest';
import { whenAborted } from '../../src/abort.ts';
import type { AnswerVerdict, Host, HostFactory } from '../../src/hosts/host.ts';
import { simulatedHost } from '../../src/hosts/simulated/host.ts';
import { callFingerprint, callKey } from '../../src/ledger/call-record.ts';
import type { Journal } from '../../src/ledger/journal.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { memoryJournal } from '../../src/ledger/memory-journal.ts';
import { resolveLimits } from '../../src/limits.ts';
import { silentLogger } from '../../src/logger.ts';
import { Durability } from '../../src/mesh/durability.ts';
import type { MeshEvent } from '../../src/mesh/event.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { virtualEnv, type VirtualEnv } from '../../src/testing/virtual-clock.ts';
import { tool } from '../../src/tools/index.ts';
import { callNamedTools } from './scene.ts';

interface SceneOptions {
  /** Changes the host before the mesh has it. */
  readonly patch?: (host: Host) => Partial<Host>;
  readonly journal?: Journal;
  readonly env?: VirtualEnv;
}

/** A mesh on a host that a test changes, with everything that the host was told as an answer. */
async function scene({ patch = () => ({}), journal, env = virtualEnv(1) }: SceneOptions = {}) {
  const events: MeshEvent[] = [];
  const answers: string[] = [];
  const controls = simulatedHost(callNamedTools);
  const host: HostFactory = (context) => {
    const inner = controls(context);
    const patched = Object.assign(inner, patch({ ...inner }));
    const answer = patched.answer.bind(patched);
    patched.answer = (call, output) => {
      answers.push(JSON.stringify(output.contentItems));
      return answer(call, output);
    };
    return patched;
  };
  const mesh = new Mesh({ host, env, onEvent: (event) => events.push(event) }, journal ?? null);
  await mesh.start();
  onTestFinished(async () => {
    const closed = mesh.close({ graceMs: 1 });
    await env.clock.runUntilIdle();
    await closed;
  });
  const typesOf = () => events.map(({ type }) => type);
  return { mesh, clock: env.clock, controls, events, typesOf, answers };
}

const done = tool({ name: 'done', description: 'Is done at once.', execute: () => 'the result' });

/** A journal that is slow from `stall` on until `flow`. */
function stallingJournal(env: VirtualEnv) {
  const journal = memoryJournal({ env });
  let gate = Promise.withResolvers<void>();
  gate.resolve();
  const committed = journal.committed.bind(journal);
  journal.committed = async () => {
    await gate.promise;
    await committed();
  };
  return {
    journal,
    stall: () => void (gate = Promise.withResolvers<void>()),
    flow: () => gate.resolve(),
  };
}

/** A tool whose answer is being recorded, and stays so until the disk goes on. */
async function recordingScene(options: SceneOptions = {}) {
  const env = virtualEnv();
  const { journal, stall, flow } = stallingJournal(env);
  const made = await scene({ ...options, env, journal });
  const slow = tool({
    name: 'slow',
    description: 'Its answer takes long to be written.',
    execute: () => {
      stall();
      return 'the result';
    },
  });
  const session = await made.mesh.createSession({ tools: [slow] });
  const turn = session.sendAndHandle('slow').catch((thrown: unknown) => thrown);
  await made.clock.advance(1);
  expect(made.typesOf()).toContain('call.answered');
  expect(made.answers).toEqual([]);
  return { ...made, session, turn, flow };
}

test('an answer that is abandoned during an attempt does not come back with its verdict', async () => {
  const verdict = Promise.withResolvers<AnswerVerdict>();
  const { mesh, clock, answers, events } = await scene({
    patch: () => ({ answer: () => verdict.promise }),
  });
  const session = await mesh.createSession({ tools: [done] });
  void session.send('done');
  await clock.advance(1);
  expect(mesh.stats.unconfirmed).toBe(1);
  await session.interrupt();
  await clock.advance(1);
  verdict.resolve({ type: 'again', reason: 'HTTP 500', afterMs: 10 });
  await clock.advance(10_000);
  expect(answers).toHaveLength(1);
  expect(mesh.stats.unconfirmed).toBe(0);
  const outcomes = events.flatMap((event) =>
    event.type === 'call.settled' ? [event.outcome] : [],
  );
  expect(outcomes).toEqual(['abandoned']);
});

test('a call that expired in an earlier process is settled as expired, taken or not', async () => {
  const call = {
    epoch: 'one',
    sessionId: 's',
    turnId: 't',
    callId: 'c',
    requestId: 0,
    tool: 'done',
    namespace: null,
    fingerprint: callFingerprint('done', null, {}),
  };
  const key = callKey(call);
  const ends = {
    taken: (inherited: Durability) => inherited.confirmed(key),
    forsaken: (inherited: Durability) => inherited.forsake('s'),
  };
  for (const end of Object.values(ends)) {
    const journal = memoryJournal();
    const output = { success: false, contentItems: [] };
    const effects = 'at-most-once';
    journal.append({ type: 'intent', key, call, effects, attempt: 1, at: 0 });
    journal.append({ type: 'outcome', key, output, code: 'call_timeout', expired: true, at: 0 });
    await journal.committed();
    const env = virtualEnv();
    const limits = resolveLimits();
    const ledger = new Ledger(limits, env.clock.monotonic);
    end(new Durability({ journal, ledger, env, limits, logger: silentLogger }));
    await journal.committed();
    expect(journal.recover()).toMatchObject({
      unconfirmed: [],
      finished: [{ outcome: 'expired' }],
    });
  }
});

test('closing a mesh ends the sessions that are being opened, and their deadlines', async () => {
  const { mesh, clock } = await scene({
    patch: () => ({
      open: () => new Promise(() => {}),
      resume: () => new Promise(() => {}),
    }),
  });
  const opened = [mesh.createSession(), mesh.resumeSession('of-an-earlier-life')];
  const codes = Promise.all(opened.map((one) => one.catch(({ code }: { code?: string }) => code)));
  await clock.advance(1);
  await mesh.close();
  expect(await codes).toEqual(['mesh_closed', 'mesh_closed']);
  expect(clock.pendingTimers).toBe(0);
  expect(mesh.sessions()).toEqual([]);
});

test('a session is resumed again once the host is done with the attempt that was given up', async () => {
  const told: string[] = [];
  const undone = Promise.withResolvers<void>();
  const { mesh, clock } = await scene({
    patch: () => ({
      resume: async (_id, _settings, signal) => {
        told.push('asked');
        if (told.length > 1) return;
        await whenAborted(signal!);
        await undone.promise;
        told.push('undone');
        signal!.throwIfAborted();
      },
    }),
  });
  const gaveUp = new AbortController();
  const first = mesh.resumeSession('thread', { signal: gaveUp.signal });
  await clock.advance(1);
  gaveUp.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
  const second = mesh.resumeSession('thread');
  await clock.advance(1);
  undone.resolve();
  await second;
  expect(told).toEqual(['asked', 'undone', 'asked']);
});

test('a close while an answer is being recorded sends that answer, and no other', async () => {
  const { session, clock, answers, flow } = await recordingScene();
  const closed = session.close({ graceMs: 10 });
  await clock.advance(1_000);
  expect(answers).toEqual([]);
  flow();
  await clock.advance(60_000);
  await closed;
  expect(answers).toHaveLength(1);
  expect(answers[0]).toContain('the result');
});

test('a call that comes again while its session closes is not answered before that is recorded', async () => {
  const released = Promise.withResolvers<void>();
  const { session, clock, answers, flow, controls } = await recordingScene({
    patch: () => ({ interrupt: async () => {}, release: () => released.promise }),
  });
  const closed = session.close({ graceMs: 10 });
  await clock.advance(2_000);
  controls.redeliver(session.id);
  await clock.advance(1);
  expect(answers).toEqual([]);
  flow();
  await clock.advance(1);
  expect(answers).toEqual([expect.stringContaining('the result')]);
  released.resolve();
  await clock.advance(1);
  await closed;
});

test('a close while the host hesitates to take an answer sends the same answer again', async () => {
  const { mesh, clock, answers } = await scene({
    patch: () => ({ answer: () => ({ type: 'again', reason: 'HTTP 500', afterMs: 600 }) }),
  });
  const session = await mesh.createSession({ tools: [done] });
  void session.send('done');
  await clock.advance(1);
  const closed = session.close({ graceMs: 10 });
  await clock.advance(60_000);
  await closed;
  expect(answers.length).toBeGreaterThan(1);
  expect(new Set(answers)).toEqual(new Set([expect.stringContaining('the result')]));
});

test('a turn does not end before a call of it whose answer is being recorded', async () => {
  const { session, clock, typesOf, turn, flow } = await recordingScene();
  await session.interrupt();
  await clock.advance(1);
  expect(await turn).toMatchObject({ status: 'interrupted' });
  const ends = typesOf().filter((type) => type === 'call.settled' || type === 'turn.ended');
  expect(ends).toEqual(['call.settled', 'turn.ended']);
  flow();
  await clock.advance(10_000);
  expect(typesOf().filter((type) => type === 'call.settled')).toHaveLength(1);
});

test('a turn that is accepted once its session is over rejects at once', async () => {
  const accepted = Promise.withResolvers<void>();
  const { mesh, clock, controls } = await scene({
    patch: (inner) => ({
      startTurn: async (...args) => {
        const started = await inner.startTurn(...args);
        await accepted.promise;
        return started;
      },
    }),
  });
  const session = await mesh.createSession();
  const turn = session.sendAndHandle('go').catch(({ code }: { code?: string }) => code);
  await clock.advance(1);
  controls.loseSession(session.id);
  await clock.advance(1);
  expect(mesh.sessions()).toEqual([]);
  accepted.resolve();
  const late = new Promise((resolve) => clock.setTimeout(() => resolve('too late'), 10));
  await clock.advance(10);
  expect(await Promise.race([turn, late])).toBe('session_failed');
  expect(clock.pendingTimers).toBe(0);
});
