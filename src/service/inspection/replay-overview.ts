/** The overview of a recorded run at one moment. */
import type { CallView, RunView, RuntimeView, SessionView } from '../../history/view.ts';
import type { Counters, HostRow, OverviewView, SessionRow, WaitingRow } from './frame.ts';
import { Latencies } from './latencies.ts';
import { listedApproval } from './listed-question.ts';
import { teamRow, type TeamBudgets } from './team-row.ts';

/** Calls that the rate and the durations are made of: the last ones. */
const callsCounted = 1_024;

const links: readonly HostRow['link'][] = ['failed', 'lost', 'closed', 'online'];

function linkOf({ link }: RuntimeView): HostRow['link'] {
  return link === 'starting' ? 'lost' : link;
}

/** One line for the hosts of all runtimes; the one that is worst off speaks for them. */
function hostRow({ runtimes, processes }: RunView): HostRow | null {
  const isGone = ({ runtime }: RuntimeView) => (processes.get(runtime)?.endedAt ?? null) !== null;
  const alive = [...runtimes.values()].filter((one) => !isGone(one));
  const all = alive.length > 0 ? alive : [...runtimes.values()];
  // A runtime that has ended matters only where no other goes on.
  const open = all.filter(({ link }) => link !== 'closed');
  const counted = open.length > 0 ? open : all.slice(-1);
  const worst = counted.toSorted(
    (one, other) => links.indexOf(linkOf(one)) - links.indexOf(linkOf(other)),
  )[0];
  if (!worst) return null;
  const { host, codex, since, fault, runtime } = worst;
  const name = counted.length === 1 ? (host ?? runtime) : `${counted.length} runtimes`;
  return { name, codex, link: linkOf(worst), since, fault };
}

function stateOf({ status, state }: SessionView): unknown {
  return status === 'open' ? (state ?? 'opening') : status;
}

/** A session as a row. */
export function rowOf(session: SessionView, members: ReadonlyMap<string, string>): SessionRow {
  const { sessionId, openCalls, calls, tools } = session;
  return {
    id: sessionId,
    title: session.title,
    member: members.get(sessionId) ?? null,
    state: stateOf(session),
    mode: session.dispatchMode,
    turnId: session.turnId,
    tools: tools.length,
    inFlight: openCalls,
    calls: calls - openCalls,
    failures: session.failures,
    lastAt: session.changedAt,
    fault: session.fault,
  };
}

/** The members of all teams, by session. */
export function membersOf({ teams }: RunView): ReadonlyMap<string, string> {
  const members = [...teams.values()].flatMap((team) => [...team.members.values()]);
  return new Map(
    members.flatMap(({ name, sessionId }) => (sessionId === null ? [] : [[sessionId, name]])),
  );
}

function lastEnded({ finishedCalls }: RunView): readonly CallView[] {
  return [...finishedCalls.values()].slice(-callsCounted);
}

/** The figures of a run at a moment. `since` is when it began. */
export function countersOf(view: RunView, since: number): Counters {
  const { counts, openCalls, at } = view;
  const latencies = new Latencies(callsCounted);
  for (const { settledAt, claimedAt } of lastEnded(view)) {
    if (settledAt !== null && claimedAt !== null) {
      latencies.add(settledAt, settledAt - claimedAt);
    }
  }
  return {
    since,
    inFlight: openCalls.size,
    calls: counts.settled,
    failures: counts.failed,
    repeats: counts.repeated,
    declined: counts.declined,
    late: counts.late,
    perSecond: latencies.perSecond(at),
    ...latencies.quantiles(),
  };
}

/** What waited for a person at a moment. Nobody decides it any more. */
export function waitingOf({ approvals }: RunView): readonly WaitingRow[] {
  return [...approvals.values()].map((approval) =>
    listedApproval({ ...approval, id: approval.approvalId }),
  );
}

/** What is known of a run besides its views. */
export interface RunKnowledge {
  /** When it began. */
  readonly firstAt: number;
  readonly budgets: TeamBudgets;
}

/** The overview of a run at a moment. */
export function overviewOf(view: RunView, { firstAt, budgets }: RunKnowledge): OverviewView {
  const members = membersOf(view);
  const team = [...view.teams.values()].at(-1);
  return {
    host: hostRow(view),
    counters: countersOf(view, firstAt),
    rows: [...view.sessions.values()].map((session) => rowOf(session, members)),
    waiting: waitingOf(view),
    team: team ? teamRow(team, budgets) : null,
  };
}
