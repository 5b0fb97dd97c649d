/** How a run of a team is told to a person: one line per turn and call, then the board, then a verdict. */
import type { MeshEvent } from '../mesh/event.ts';
import type { BoardSnapshot } from '../team/reading.ts';
import type { TeamEvent, TeamOutcome } from '../team/event.ts';
import type { TeamResult } from '../team/team-run.ts';
import { counted } from './plain-text.ts';
import type { Terminal } from './terminal.ts';

/** The exit code of each outcome. */
export const outcomeExitCodes: Readonly<Record<TeamOutcome, number>> = {
  complete: 0,
  failed: 1,
  stalled: 3,
  'budget-exceeded': 4,
  cancelled: 130,
};

/** What the report keeps count of while a run goes on. */
export interface TeamProgress {
  readonly startedAt: number;
  /** Members by session id. */
  readonly members: Map<string, string>;
  /** Members with an active turn. */
  readonly working: Set<string>;
  turns: number;
  calls: number;
  artifacts: number;
}

export function startProgress(startedAt: number): TeamProgress {
  return { startedAt, members: new Map(), working: new Set(), turns: 0, calls: 0, artifacts: 0 };
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)}s`;

function duration(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function firstLine(text: string, charsMax: number): string {
  const line = text.trim().split('\n')[0] ?? '';
  return line.length > charsMax ? `${line.slice(0, charsMax - 1)}…` : line;
}

/** The status line of a terminal. */
export function statusOf(progress: TeamProgress, now: number): string {
  const working = [...progress.working].join(', ') || 'nobody';
  const { turns, calls, artifacts } = progress;
  const counts = [counted(turns, 'turn'), counted(calls, 'call'), counted(artifacts, 'artifact')];
  return `${seconds(now - progress.startedAt)}  working: ${working}  ${counts.join(', ')}`;
}

interface Row {
  readonly at: number;
  readonly member: string;
  readonly what: string;
  readonly tookMs: number | null;
  readonly outcome: string;
}

function print(terminal: Terminal, progress: TeamProgress, row: Row, good: boolean | null): void {
  const at = terminal.paint('dim', seconds(row.at - progress.startedAt).padStart(7));
  const took = row.tookMs === null ? '' : duration(row.tookMs);
  const style = good === null ? 'dim' : good ? 'green' : 'red';
  const outcome = terminal.paint(style, row.outcome);
  const text = `${at}  ${row.member.padEnd(9)}  ${row.what.padEnd(22)} ${took.padStart(8)}  ${outcome}`;
  terminal.line(text.trimEnd());
}

/** Tells one event of the mesh: calls and trouble. */
export function reportMeshEvent(
  terminal: Terminal,
  progress: TeamProgress,
  event: MeshEvent,
): void {
  switch (event.type) {
    case 'call.settled': {
      const member = progress.members.get(event.sessionId) ?? event.sessionId;
      const isGood = event.outcome === 'answered' && event.success === true;
      const trouble = [event.outcome, event.code].filter((part) => part !== null).join(' ');
      const outcome = isGood ? 'ok' : event.code === null ? 'answered with a failure' : trouble;
      const row = { at: event.at, member, what: event.tool, tookMs: event.durationMs, outcome };
      progress.calls += 1;
      print(terminal, progress, row, isGood);
      return;
    }
    case 'host.lost':
    case 'host.failed':
      terminal.line(terminal.paint('red', `host: ${event.fault.message}`));
      return;
    case 'session.failed':
      terminal.line(terminal.paint('red', `session: ${event.fault.message}`));
      return;
    case 'question.answered':
      terminal.line(terminal.paint('yellow', `codex asked ${event.method}: ${event.answer}`));
      return;
    default:
  }
}

/** Tells one event of the team: turns, and what went wrong between members. */
export function reportTeamEvent(
  terminal: Terminal,
  progress: TeamProgress,
  event: TeamEvent,
): void {
  const say = (what: string, outcome: string, good: boolean | null) =>
    print(
      terminal,
      progress,
      { at: event.at, member: event.member ?? '', what, tookMs: null, outcome },
      good,
    );
  switch (event.type) {
    case 'team.started':
      for (const [member, sessionId] of Object.entries(event.sessions)) {
        progress.members.set(sessionId, member);
      }
      return;
    case 'turn.started':
      progress.working.add(event.member);
      progress.turns += 1;
      say(`turn ${event.turn}`, `began (${event.cause})`, null);
      return;
    case 'turn.ended':
      progress.working.delete(event.member);
      say(
        `turn ${event.turn}`,
        [event.result, event.error ?? firstLine(event.reply ?? '', 60)].filter(Boolean).join(': '),
        event.result === 'progress',
      );
      return;
    case 'artifact.published':
      progress.artifacts += 1;
      return;
    case 'task.returned':
    case 'task.failed':
      say(event.type, `${event.taskId}: ${event.reason}`, false);
      return;
    case 'handoff.refused':
      say(event.type, `to ${event.owner}: ${event.detail}`, false);
      return;
    case 'member.reopened':
      say(event.type, `by ${event.sender}`, null);
      return;
    case 'member.stalled':
      say(event.type, event.cause, false);
      return;
    default:
  }
}

/** The board as it is at the end. */
export function reportBoard(terminal: Terminal, board: BoardSnapshot): void {
  const heading = (text: string) => terminal.line(`\n${terminal.paint('bold', text)}`);
  heading('Tasks');
  for (const { id, state, owner, sender, text } of board.tasks) {
    const style = state === 'done' ? 'green' : 'red';
    const route = `${sender} → ${owner}`;
    const shown = terminal.paint(style, state.padEnd(7));
    terminal.line(`  ${id.padEnd(4)} ${shown}  ${route.padEnd(21)}  ${firstLine(text, 70)}`);
  }
  heading('Artifacts');
  for (const { id, kind, member, summary } of board.artifacts) {
    terminal.line(
      `  ${id.padEnd(4)} ${kind.padEnd(16)} ${member.padEnd(10)}  ${firstLine(summary, 70)}`,
    );
  }
  heading('Members');
  for (const { name, state, done, turns } of board.members) {
    const shown = terminal.paint(done ? 'green' : 'red', done ? 'done' : state);
    terminal.line(`  ${name.padEnd(10)} ${shown}, ${counted(turns, 'turn')}`);
  }
}

/** The last line. */
export function reportVerdict(
  terminal: Terminal,
  progress: TeamProgress,
  result: TeamResult,
): void {
  const isGood = result.outcome === 'complete';
  const outcome = terminal.paint(
    isGood ? 'green' : 'red',
    `${isGood ? '✓' : '✗'} ${result.outcome}`,
  );
  const counts = [
    counted(result.turns, 'turn'),
    counted(progress.calls, 'tool call'),
    counted(result.board.artifacts.length, 'artifact'),
  ].join(', ');
  terminal.line(`\n${outcome} in ${duration(result.wallMs)}: ${counts}. ${result.reason}`);
}
