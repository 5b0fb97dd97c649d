/** The software team on a real mesh over the simulated host, with the faults such a host has. */
import { expect, test } from 'vitest';
import { simulatedHost, type SimulatedHostControls } from '../../src/hosts/simulated/host.ts';
import { startMesh } from '../../src/mesh/start-mesh.ts';
import type { TeamEvent } from '../../src/team/event.ts';
import { rehearsal } from '../../src/team/rehearsal.ts';
import { softwareTeam } from '../../src/team/software-team.ts';
import { createTeam, type TeamRunOptions } from '../../src/team/team.ts';
import { virtualEnv } from '../../src/testing/virtual-clock.ts';

interface OnMeshOptions {
  /** What goes wrong, and when. */
  readonly fault?: (event: TeamEvent, host: SimulatedHostControls) => void;
  readonly run?: TeamRunOptions;
}

async function playOnMesh({ fault, run }: OnMeshOptions = {}) {
  const env = virtualEnv();
  const host = simulatedHost(rehearsal, { latencyMs: 5, stepMs: 20, restartMs: 50 });
  const events: TeamEvent[] = [];
  const playing = (async () => {
    const mesh = await startMesh({ host, env });
    const team = createTeam({
      ...softwareTeam(),
      mesh,
      env,
      onEvent: (event) => {
        events.push(event);
        fault?.(event, host);
      },
    });
    const result = await team.run('Summarise the repository', run);
    const sessionsLeft = mesh.sessions().length;
    await mesh.close();
    return { result, sessionsLeft };
  })();
  await env.clock.runUntilIdle();
  const { result, sessionsLeft } = await playing;
  expect(sessionsLeft, 'the team closed its sessions').toBe(0);
  expect(env.clock.pendingTimers).toBe(0);
  const finished = events.flatMap((event) =>
    event.type === 'task.finished' ? [event.taskId] : [],
  );
  expect(new Set(finished).size, 'no task is finished twice').toBe(finished.length);
  return { result, events };
}

/** The board as it looks after an undisturbed run, without ids and times. */
const kinds = (result: { board: { artifacts: readonly { member: string; kind: string }[] } }) =>
  result.board.artifacts.map(({ member, kind }) => `${member} ${kind}`).toSorted();

test('the rehearsal completes, each tool call doing its work once', async () => {
  const { result } = await playOnMesh();
  expect(result).toMatchObject({ outcome: 'complete', turns: 3, rounds: 1 });
  expect(kinds(result)).toEqual([
    'developer completion_note',
    'developer plan',
    'docs completion_note',
    'docs docs',
    'reviewer completion_note',
    'reviewer review',
    'reviewer review',
  ]);
});

test('calls that the host delivers again do nothing again', async () => {
  const sessions = new Map<string, string>();
  const { result } = await playOnMesh({
    fault: (event, host) => {
      if (event.type === 'team.started') {
        for (const [name, id] of Object.entries(event.sessions)) sessions.set(name, id);
      }
      const id = sessions.get(event.member ?? '');
      if (id !== undefined) host.redeliver(id);
    },
  });
  expect(result).toMatchObject({ outcome: 'complete', turns: 3 });
  expect(kinds(result)).toEqual(kinds((await playOnMesh()).result));
});

test('a link that breaks and returns in the middle costs nothing', async () => {
  const { result } = await playOnMesh({
    fault: ({ type }, host) => {
      if (type !== 'artifact.published') return;
      host.dropLink();
      host.restoreLink();
    },
  });
  expect(result.outcome).toBe('complete');
  expect(kinds(result)).toEqual(kinds((await playOnMesh()).result));
});

test('a host that restarts while a task is held gets it worked on again', async () => {
  let restarts = 0;
  const { result, events } = await playOnMesh({
    fault: ({ type, member }, host) => {
      if (type === 'task.claimed' && member === 'docs' && restarts++ === 0) host.restart();
    },
  });
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'task.returned', member: 'docs', taskId: 'task-2' }),
  );
  expect(result.outcome).toBe('complete');
  expect(result.board.tasks.find(({ id }) => id === 'task-2')).toMatchObject({
    state: 'done',
    attempts: 2,
  });
});

test('a session that is deleted under its member ends the run as failed', async () => {
  let id = '';
  const { result } = await playOnMesh({
    fault: (event, host) => {
      if (event.type === 'team.started') id = event.sessions['docs']!;
      if (event.type === 'task.claimed' && event.member === 'docs') host.loseSession(id);
    },
  });
  expect(result.outcome).toBe('failed');
  expect(result.reason).toMatch(/docs stalled: session_lost/);
});

test('a run that is cancelled on a live mesh leaves the mesh as it was', async () => {
  const controller = new AbortController();
  const { result } = await playOnMesh({
    run: { signal: controller.signal },
    fault: ({ type, member }) => {
      if (type === 'task.claimed' && member === 'docs') controller.abort(new Error('enough'));
    },
  });
  expect(result).toMatchObject({ outcome: 'cancelled', reason: 'enough' });
});
