/** The machines besides a session's: the link to Codex, and a member of a team, each with its state lit. */
import type { HostRow, TeamView } from '../../../src/service/inspection/frame.ts';
import { hrefOf } from '../model/route.ts';
import { about, host, team } from '../model/run.ts';
import { timeText } from '../model/words.ts';
import { FactList, type Facts } from '../parts/facts.tsx';
import { MachineChart } from '../parts/machine-chart.tsx';

interface LinkWords {
  /** Where the machine of the link is. Of a lost link the feed knows that it is tried again, not how far. */
  readonly state: unknown;
  readonly meaning: string;
}

const linkWords: Readonly<Record<HostRow['link'], LinkWords>> = {
  online: { state: { live: 'ready' }, meaning: 'Codex answers. Calls are pushed as they come.' },
  lost: {
    state: 'waiting',
    meaning: 'Codex does not answer. The link is tried again, each time after a longer wait.',
  },
  failed: { state: 'failed', meaning: 'The link failed for good: trying again cannot help.' },
  closed: { state: 'stopped', meaning: 'The runtime was closed, and its link with it.' },
};

/** The link between the runtime and Codex. */
export function HostPage() {
  const known = host.value;
  if (!known) {
    return (
      <div class="empty">
        <h1>No host yet</h1>
        <p>The link to Codex is drawn here as soon as the runtime has one.</p>
      </div>
    );
  }
  const { state, meaning } = linkWords[known.link];
  const isVirtual = about.value?.time === 'virtual';
  const facts: Facts = [
    ['link', known.link],
    ['since', timeText(known.since, isVirtual)],
    ['codex', known.codex ?? 'unknown'],
    ...(known.fault
      ? [['last fault', `${known.fault.code}: ${known.fault.message}`] as const]
      : []),
  ];
  return (
    <div class="machine">
      <header class="session-head">
        <h1>{known.name}</h1>
        <p class="session-facts">{meaning}</p>
      </header>
      <div class="machine-body">
        <FactList facts={facts} />
        <MachineChart name="connection" state={state} title="State chart of the connection" />
      </div>
    </div>
  );
}

/** `working.open` as a state value. */
function valueOf(path: string): unknown {
  const [first = path, second] = path.split('.');
  return second === undefined ? first : { [first]: second };
}

function memberFacts(run: TeamView, name: string): Facts {
  const member = run.members.find((one) => one.name === name);
  if (!member) return [];
  const { sessionId, turns, nudged, lastResult, stallCause } = member;
  const own = run.tasks.filter(({ owner }) => owner === name);
  const done = own.filter(({ state }) => state === 'done').length;
  return [
    [
      'session',
      sessionId === null ? (
        'none'
      ) : (
        <a href={hrefOf({ view: 'session', sessionId })}>{sessionId}</a>
      ),
    ],
    ['turns', String(turns)],
    ['tasks done', `${done} of ${own.length}`],
    ['last turn', lastResult ?? 'none'],
    ['nudged', nudged ? 'since its last progress' : 'no'],
    ...(stallCause === null ? [] : [['stalled', stallCause] as const]),
  ];
}

/** One member of the team. */
export function MemberPage({ name }: { name: string }) {
  const run = team.value;
  const member = run?.members.find((one) => one.name === name);
  return (
    <div class="machine">
      <header class="session-head">
        <nav aria-label="Breadcrumb" class="crumbs">
          <a href={hrefOf({ view: 'team' })}>Team</a>
        </nav>
        <h1>{name}</h1>
        <p class="session-facts">
          {member ? member.state.replace('.', ' / ') : 'No team that is shown has such a member.'}
        </p>
      </header>
      {run && member && (
        <div class="machine-body">
          <FactList facts={memberFacts(run, name)} />
          <MachineChart
            name="member"
            state={valueOf(member.state)}
            title={`State chart of ${name}`}
          />
        </div>
      )}
    </div>
  );
}
