/** The board of a view is the board: folded from the same events, it is the same at every step. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyRecord } from '../../src/history/fold.ts';
import { emptyView } from '../../src/history/view.ts';
import type { BoardEvent, TeamEvent } from '../../src/team/event.ts';
import { boardSnapshot } from '../../src/team/reading.ts';
import { boardFixture, names } from '../team/board-fixture.ts';

function teamView(events: readonly BoardEvent[]) {
  const view = emptyView();
  const sessions = Object.fromEntries(names.map((name) => [name, `session-of-${name}`]));
  const budget = { rounds: 8, turns: 24, wallMs: 60_000 };
  const about = { member: null, task: 'All of it', sessions, budget };
  const began = { type: 'team.started', ...about } as const;
  const all: TeamEvent[] = [{ ...began, at: 0 }, ...events].map((event, index) => ({
    ...event,
    runId: 'run-1',
    sequence: index + 1,
  }));
  all.forEach((event, index) =>
    applyRecord(view, {
      seq: index + 1,
      at: event.at,
      event: { type: 'team', runtime: 'r', event },
    }),
  );
  return view.teams.get('run-1')!;
}

const step = fc.record({
  kind: fc.constantFrom('start', 'end', 'assign', 'nudge', 'pull', 'queue', 'publish', 'done'),
  name: fc.constantFrom(...names),
  other: fc.constantFrom(...names),
  result: fc.constantFrom('ended', 'ended', 'ended', 'failure', 'loss', 'stop'),
});

test('whatever happens to a team, its view says what its board says', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const limits = { teamTaskAttemptsMax: 2, teamTurnAttemptsMax: 2, teamReworksMax: 1 };
      const { board, start, end, ask, events, stateOf } = boardFixture({ limits });
      board.assign('developer', 'Begin');
      for (const { kind, name, other, result } of steps) {
        const life = stateOf(name);
        try {
          if (kind === 'start' && life.matches('waiting')) start(name);
          else if (kind === 'end') end(name, { result: result as 'ended' });
          else if (kind === 'assign' && life.can({ type: 'work.assigned' })) {
            board.assign(name, 'More');
          } else if (kind === 'nudge' && life.can({ type: 'nudge.due' })) board.nudge(name);
          else if (kind === 'pull') ask(name, { type: 'pull' });
          else if (kind === 'queue') ask(name, { type: 'queue', owner: other, task: 't' });
          else if (kind === 'publish') ask(name, { type: 'publish', kind: 'plan', summary: 's' });
          else if (kind === 'done') ask(name, { type: 'mark-done', note: 'bye' });
        } catch (thrown) {
          expect((thrown as Error).name).toBe('ToolError');
        }
      }
      const team = teamView(events);
      const whole = boardSnapshot(board.state);
      expect([...team.tasks.values()]).toEqual(whole.tasks);
      expect(team.artifacts).toEqual(whole.artifacts);
      expect(team.refusals).toBe(whole.refusals);
      for (const { name, state, turns, stallCause } of whole.members) {
        expect(team.members.get(name)).toMatchObject({ name, state, turns, stallCause });
      }
    }),
    { numRuns: 300 },
  );
});

test('a run that is over says how, and each member knows its session', () => {
  const { events, board } = boardFixture();
  board.assign('developer', 'One');
  const team = teamView(events);
  expect(team).toMatchObject({ task: 'All of it', endedAt: null, outcome: null });
  expect(team.members.get('docs')?.sessionId).toBe('session-of-docs');
});
