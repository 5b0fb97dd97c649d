/** Plays a team on a fake mesh in virtual time, to the end and past it. */
import { expect } from 'vitest';
import type { Script, ScriptStep } from '../../src/hosts/simulated/script.ts';
import type { Limits } from '../../src/limits.ts';
import type { TeamDefinition } from '../../src/team/definition.ts';
import type { TeamEvent } from '../../src/team/event.ts';
import { softwareTeam } from '../../src/team/software-team.ts';
import { createTeam, type TeamRunOptions } from '../../src/team/team.ts';
import { virtualEnv } from '../../src/testing/virtual-clock.ts';
import { fakeMesh, type FakeMeshOptions } from './fake-mesh.ts';

export interface PlayOptions extends Omit<FakeMeshOptions, 'clock'> {
  readonly team?: TeamDefinition;
  readonly limits?: Partial<Limits>;
  readonly run?: TeamRunOptions;
  readonly onEvent?: (event: TeamEvent) => void;
  readonly seed?: number;
}

export async function playTeam({ team, limits, run, onEvent, seed, ...rest }: PlayOptions) {
  const env = virtualEnv(seed);
  const fake = fakeMesh({ ...rest, clock: env.clock });
  const events: TeamEvent[] = [];
  const definition = team ?? softwareTeam();
  const made = createTeam({
    ...definition,
    mesh: fake.mesh,
    env,
    ...(limits && { limits }),
    onEvent: (event) => {
      events.push(event);
      onEvent?.(event);
    },
  });
  const running = made.run('Summarise the repository', run);
  let ended = false;
  const result = running.finally(() => (ended = true));
  await env.clock.runUntilIdle();
  expect(ended, 'the run ends when nothing is left to happen').toBe(true);
  const outcome = await result;
  expect(fake.closed.toSorted(), 'every session that was opened is closed').toEqual(
    fake.opened.map(({ title }) => `thread-of-${title}`).toSorted(),
  );
  expect(env.clock.pendingTimers).toBe(0);
  expect(outcome.reason).not.toBe('');
  expect(JSON.parse(JSON.stringify(outcome)), 'plain JSON').toEqual(outcome);
  checkEvents(events);
  return { result: outcome, events, fake, env, types: events.map(({ type }) => type) };
}

function checkEvents(events: readonly TeamEvent[]): void {
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  expect(JSON.parse(JSON.stringify(events)), 'plain JSON').toEqual(events);
  expect(events.at(-1)?.type).toBe('team.finished');
  const times = events.map(({ at }) => at);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
}

/** Whose turn it is. */
export const memberOf = ({ text }: ScriptStep) => text.slice(0, text.indexOf(':'));

/** Makes the calls given for the member, one a step, and then answers. */
export function callsOf(
  plan: Readonly<Record<string, readonly (readonly [string, unknown?])[]>>,
): Script {
  return (step) => {
    const [tool, args] = plan[memberOf(step)]?.[step.results.length] ?? [];
    if (tool === undefined) return { text: 'done' };
    return { calls: [{ tool: `team_${tool}`, arguments: args ?? {} }] };
  };
}

/** What a member was told by its last call, or nothing. */
export const lastAnswer = ({ results }: ScriptStep): Readonly<Record<string, unknown>> => {
  const output = results.at(-1)?.output ?? '{}';
  return output.startsWith('{') ? (JSON.parse(output) as Record<string, unknown>) : {};
};
