/** What a team's events do to the board of a view. The same as the board's own log does to the board. */
import { defaultLimits } from '../limits.ts';
import type { TeamEvent } from '../team/event.ts';
import type { Task } from '../team/task.ts';
import { keepLast, type RunView, type TeamMemberView, type TeamView } from './view.ts';

type MemberChange = (member: TeamMemberView) => Partial<TeamMemberView>;

function newMember(name: string, sessionId: string | null): TeamMemberView {
  const none = { lastResult: null, stallCause: null };
  return { name, sessionId, state: 'idle', turns: 0, nudged: false, ...none };
}

function withMember(team: TeamView, name: string, change: MemberChange): TeamView {
  const member = team.members.get(name) ?? newMember(name, null);
  const members = new Map(team.members).set(name, { ...member, ...change(member) });
  return { ...team, members };
}

function withTask(team: TeamView, taskId: string, facts: Partial<Task>): TeamView {
  const task = team.tasks.get(taskId);
  if (task === undefined) return team;
  return { ...team, tasks: new Map(team.tasks).set(taskId, { ...task, ...facts }) };
}

function close(team: TeamView, event: { taskId: string; at: number }, facts: Partial<Task>) {
  return withTask(team, event.taskId, { ...facts, lease: null, finishedAt: event.at });
}

/** `work.assigned`, as the member's machine takes it; a member past its reworks is not asked. */
function assign({ state }: TeamMemberView): Partial<TeamMemberView> {
  if (state === 'idle' || state === 'done') return { state: 'waiting.work' };
  if (state === 'working.finished') return { state: 'working.open' };
  return {};
}

type TurnEnded = Extract<TeamEvent, { type: 'turn.ended' }>;

/** Where a turn leaves its member; `member.stalled` follows where it is past help. */
function endTurn(member: TeamMemberView, { result }: TurnEnded): Partial<TeamMemberView> {
  const lastResult = result;
  if (member.state === 'working.finished') return { state: 'done', lastResult };
  if (member.state !== 'working.open') return { lastResult };
  switch (result) {
    case 'progress':
    case 'stop':
      return { state: 'idle', nudged: false, lastResult };
    case 'silence':
      return { state: member.nudged ? 'stalled' : 'waiting.nudge', lastResult };
    case 'failure':
      return { state: 'waiting.retry', lastResult };
    case 'loss':
      return { state: 'stalled', lastResult };
  }
}

function isIdleWithWork(team: TeamView, name: string): boolean {
  if (team.members.get(name)?.state !== 'idle') return false;
  for (const { owner, state } of team.tasks.values()) {
    if (owner === name && (state === 'queued' || state === 'claimed')) return true;
  }
  return false;
}

function endMemberTurn(team: TeamView, event: TurnEnded): TeamView {
  const ended = withMember(team, event.member, (member) => endTurn(member, event));
  return isIdleWithWork(ended, event.member) ? withMember(ended, event.member, assign) : ended;
}

function changeBoard(team: TeamView, event: TeamEvent): TeamView {
  switch (event.type) {
    case 'team.started':
      return team;
    case 'team.finished':
      return { ...team, endedAt: event.at, outcome: event.outcome, reason: event.reason };
    case 'task.queued': {
      const tasks = new Map(team.tasks).set(event.task.id, event.task);
      return withMember({ ...team, tasks }, event.task.owner, assign);
    }
    case 'task.claimed': {
      const attempts = (team.tasks.get(event.taskId)?.attempts ?? 0) + 1;
      const { lease, at: claimedAt } = event;
      return withTask(team, event.taskId, { state: 'claimed', attempts, lease, claimedAt });
    }
    case 'task.returned':
      return withTask(team, event.taskId, { state: 'queued', lease: null, reason: event.reason });
    case 'task.finished':
      return close(team, event, { state: 'done', reason: event.artifactId });
    case 'task.failed':
      return close(team, event, { state: 'failed', reason: event.reason });
    case 'artifact.published':
      return { ...team, artifacts: [...team.artifacts, event.artifact] };
    case 'handoff.refused':
      return { ...team, refusals: team.refusals + 1 };
    case 'member.done':
      return withMember(team, event.member, ({ state }) =>
        state === 'working.open' ? { state: 'working.finished', nudged: false } : {},
      );
    case 'member.reopened':
      return withMember(team, event.member, assign);
    case 'member.nudged':
      return withMember(team, event.member, ({ state, nudged }) =>
        state === 'idle' && !nudged ? { state: 'waiting.nudge' } : {},
      );
    case 'member.stalled':
      return withMember(team, event.member, () => ({ state: 'stalled', stallCause: event.cause }));
    case 'turn.started':
      return withMember(team, event.member, ({ state, nudged }) => ({
        turns: event.turn,
        state: 'working.open',
        nudged: nudged || state === 'waiting.nudge',
      }));
    case 'turn.ended':
      return endMemberTurn(team, event);
    case 'done.refused':
      return team;
  }
}

/** One event of a team. */
export function foldTeam(view: RunView, runtime: string, event: TeamEvent): void {
  const { runId, at } = event;
  const team = view.teams.get(runId) ?? {
    runId,
    runtime,
    task: event.type === 'team.started' ? event.task : '',
    startedAt: at,
    endedAt: null,
    outcome: null,
    reason: null,
    members: membersOf(event),
    tasks: new Map(),
    artifacts: [],
    refusals: 0,
  };
  keepLast(view.teams, runId, changeBoard(team, event), defaultLimits.historyNoticesKeptMax);
}

function membersOf(event: TeamEvent): Map<string, TeamMemberView> {
  if (event.type !== 'team.started') return new Map();
  const names = Object.entries(event.sessions);
  return new Map(names.map(([name, sessionId]) => [name, newMember(name, sessionId)]));
}
