/** The board of a team: tasks, leases, artifacts, and how far the run is. */
import type { Artifact, Task } from '../../../src/team/task.ts';
import type { TeamView } from '../../../src/service/inspection/frame.ts';
import { about, clockSkewMs, now, team } from '../model/run.ts';
import { hrefOf } from '../model/route.ts';
import { durationText, timeText } from '../model/words.ts';
import { useTicking } from '../parts/connection-notice.tsx';
import { HandOffGraph } from '../parts/hand-off-graph.tsx';

const columns = ['queued', 'claimed', 'done', 'failed'] as const;
const columnWords = {
  queued: 'Queued',
  claimed: 'In work',
  done: 'Done',
  failed: 'Failed',
} as const;

function Lease({ task, at }: { task: Task; at: number }) {
  const { lease, claimedAt } = task;
  if (!lease) return null;
  const leftMs = lease.deadline - at;
  const wholeMs = Math.max(1, lease.deadline - (claimedAt ?? at));
  const left = Math.max(0, Math.min(1, leftMs / wholeMs));
  return (
    <div class="lease" data-late={leftMs <= 0}>
      <span>lease: {leftMs > 0 ? `${durationText(leftMs)} left` : 'over'}</span>
      <i class="lease-track" aria-hidden="true">
        <i style={{ width: `${(left * 100).toFixed(1)}%` }} />
      </i>
    </div>
  );
}

function TaskCard({
  task,
  at,
  artifacts,
}: {
  task: Task;
  at: number;
  artifacts: readonly Artifact[];
}) {
  const { id, text, owner, sender, state, attempts, reason, createdAt, finishedAt } = task;
  const result = artifacts.find((artifact) => artifact.id === reason);
  const took = (finishedAt ?? at) - createdAt;
  return (
    <li class="task" data-state={state}>
      <p class="task-head">
        <b>{owner}</b>
        <span class="quiet">from {sender}</span>
        <code class="id">{id}</code>
      </p>
      <p class="task-text">{text}</p>
      <Lease task={task} at={at} />
      <p class="task-foot">
        {durationText(took)}
        {attempts > 1 && <span class="mark">attempt {attempts}</span>}
        {result && <span>→ {result.kind}</span>}
        {!result && reason && <span class="task-reason">{reason}</span>}
      </p>
    </li>
  );
}

/** Whether a reviewer has spoken since: a review speaks of what its author had looked at. */
function isReviewed(artifact: Artifact, artifacts: readonly Artifact[]): boolean {
  const index = artifacts.indexOf(artifact);
  return artifacts.some(({ kind, basis }) => kind === 'review' && basis > index);
}

function ArtifactRow({
  artifact,
  artifacts,
}: {
  artifact: Artifact;
  artifacts: readonly Artifact[];
}) {
  const { kind, summary, member, version, publishedAt } = artifact;
  const isVirtual = about.value?.time === 'virtual';
  const verdict =
    kind === 'review' || kind === 'completion_note'
      ? kind === 'review'
        ? 'a verdict'
        : 'a note'
      : isReviewed(artifact, artifacts)
        ? 'reviewed'
        : 'not reviewed';
  return (
    <li class="artifact">
      <p class="task-head">
        <b>{kind}</b>
        {version > 1 && <span class="mark">v{version}</span>}
        <span class="quiet">{member}</span>
        <time>{timeText(publishedAt, isVirtual).slice(0, 8)}</time>
        <span class="verdict" data-verdict={verdict}>
          {verdict}
        </span>
      </p>
      <p class="task-text">{summary}</p>
    </li>
  );
}

function Progress({ run, at }: { run: TeamView; at: number }) {
  const { members, tasks, artifacts, refusals, startedAt, endedAt, outcome, reason, budget } = run;
  const turns = members.reduce((sum, member) => sum + member.turns, 0);
  const tookMs = (endedAt ?? at) - startedAt;
  const done = tasks.filter(({ state }) => state === 'done').length;
  const figures: readonly (readonly [string, string])[] = [
    ['time', `${durationText(tookMs)}${budget ? ` of ${durationText(budget.wallMs)}` : ''}`],
    ['turns', `${turns}${budget ? ` of ${budget.turns}` : ''}`],
    ['tasks', `${done} of ${tasks.length}`],
    ['artifacts', String(artifacts.length)],
    ['refused hand-offs', String(refusals)],
  ];
  return (
    <>
      <dl class="figures" aria-label="What the run has used">
        {figures.map(([label, value]) => (
          <div class="figure" key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {outcome && (
        <p class="notice" data-tone={outcome === 'complete' ? 'good' : 'bad'}>
          <strong>{outcome}</strong> {reason}
        </p>
      )}
    </>
  );
}

function Members({ run }: { run: TeamView }) {
  return (
    <table class="members">
      <caption>Members</caption>
      <thead>
        <tr>
          <th scope="col">member</th>
          <th scope="col">state</th>
          <th scope="col" class="number">
            turns
          </th>
          <th scope="col">last turn</th>
        </tr>
      </thead>
      <tbody>
        {run.members.map(({ name, sessionId, state, turns, lastResult, stallCause }) => (
          <tr key={name}>
            <th scope="row">
              {sessionId ? <a href={hrefOf({ view: 'session', sessionId })}>{name}</a> : name}
            </th>
            <td>
              <i class="swatch" data-member-state={state.split('.')[0]} aria-hidden="true" />
              <a href={hrefOf({ view: 'member', name })} title={`State chart of ${name}`}>
                {state.replace('.', ' / ')}
              </a>
              {stallCause && <span class="quiet"> ({stallCause})</span>}
            </td>
            <td class="number">
              {turns}
              {run.budget && <span class="quiet"> of {run.budget.rounds}</span>}
            </td>
            <td>{lastResult ?? '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The board. */
export function TeamPage() {
  const run = team.value;
  const isLive = about.value?.kind !== 'replay';
  useTicking(1_000, isLive && run?.endedAt === null);
  if (!run) {
    return (
      <div class="empty">
        <h1>No team runs here</h1>
        <p>
          {isLive
            ? 'The board of a team is shown here with its tasks, leases and artifacts. Rehearse one, without an account:'
            : 'At this moment of the run there was no team.'}
        </p>
        {isLive && <pre class="command">sessionmesh team --open</pre>}
      </div>
    );
  }
  const at = isLive ? Date.now() + clockSkewMs.value : now.value.at;
  return (
    <div class="team">
      <header class="session-head">
        <h1>Team board</h1>
        <p class="team-task">{run.task}</p>
      </header>
      <Progress run={run} at={at} />
      <div class="team-top">
        <Members run={run} />
        <HandOffGraph team={run} />
      </div>
      <div class="board">
        {columns.map((state) => {
          const tasks = run.tasks.filter((task) => task.state === state);
          return (
            <section key={state} class="board-column" aria-label={columnWords[state]}>
              <h2>
                {columnWords[state]} <span class="quiet">{tasks.length}</span>
              </h2>
              <ul>
                {tasks.map((task) => (
                  <TaskCard key={task.id} task={task} at={at} artifacts={run.artifacts} />
                ))}
              </ul>
              {tasks.length === 0 && <p class="quiet">–</p>}
            </section>
          );
        })}
        <section class="board-column board-artifacts" aria-label="Artifacts">
          <h2>
            Artifacts <span class="quiet">{run.artifacts.length}</span>
          </h2>
          <ul>
            {run.artifacts.toReversed().map((artifact) => (
              <ArtifactRow key={artifact.id} artifact={artifact} artifacts={run.artifacts} />
            ))}
          </ul>
          {run.artifacts.length === 0 && <p class="quiet">Nothing is published yet.</p>}
        </section>
      </div>
    </div>
  );
}
