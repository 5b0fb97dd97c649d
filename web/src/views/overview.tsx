/** All sessions: figures, how many are in which state, the list, and who hands what to whom. */
import { useEffect } from 'preact/hooks';
import { about, counters, rows, rowsVersion, samples, team } from '../model/run.ts';
import { phaseOf, phases, countText, durationText, type Phase } from '../model/words.ts';
import { HandOffGraph } from '../parts/hand-off-graph.tsx';
import { loadTimeline, timeline } from '../model/timeline.ts';
import { Plot } from '../parts/plot.tsx';
import { RunPlots } from '../parts/run-plots.tsx';
import { useThrottled } from '../parts/throttled.ts';
import { SessionList } from './session-list.tsx';
import { phaseFilter } from './session-filter.ts';

function Figure({ label, value, tone }: { label: string; value: string; tone?: 'bad' | 'warn' }) {
  return (
    <div class="figure" {...(tone ? { 'data-tone': tone } : {})}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Figures() {
  const known = counters.value;
  const size = rows.size;
  void rowsVersion.value;
  if (!known) return null;
  const { inFlight, perSecond, p50Ms, p99Ms, calls, failures, repeats, declined } = known;
  return (
    <dl class="figures" aria-label="Figures of the run">
      <Figure label="sessions" value={countText(size)} />
      <Figure label="in flight" value={countText(inFlight)} />
      <Figure label="calls / s" value={countText(perSecond)} />
      <Figure label="median" value={durationText(p50Ms)} />
      <Figure label="p99" value={durationText(p99Ms)} />
      <Figure label="calls" value={countText(calls)} />
      <Figure
        label="failed"
        value={countText(failures)}
        {...(failures > 0 ? { tone: 'bad' as const } : {})}
      />
      <Figure label="repeated" value={countText(repeats)} />
      <Figure
        label="declined"
        value={countText(declined)}
        {...(declined > 0 ? { tone: 'warn' as const } : {})}
      />
    </dl>
  );
}

function countPhases(): ReadonlyMap<Phase, number> {
  const counts = new Map<Phase, number>();
  for (const { state } of rows.values()) {
    const phase = phaseOf(state);
    counts.set(phase, (counts.get(phase) ?? 0) + 1);
  }
  return counts;
}

/** How many sessions are in which state. Each part of the bar is a filter. */
function PhaseBar() {
  useThrottled(rowsVersion, 500);
  const counts = countPhases();
  const shown = phases.filter((phase) => counts.has(phase));
  if (shown.length === 0) return null;
  return (
    <div class="phase-bar" role="group" aria-label="Sessions by state">
      {shown.map((phase) => (
        <button
          key={phase}
          type="button"
          class="phase-part"
          data-phase={phase}
          aria-pressed={phaseFilter.value === phase}
          style={{ flexGrow: Math.max(counts.get(phase) ?? 0, rows.size / 40) }}
          onClick={() => (phaseFilter.value = phaseFilter.value === phase ? null : phase)}
        >
          <i class="swatch" data-phase={phase} aria-hidden="true" />
          {phase} <b>{countText(counts.get(phase) ?? 0)}</b>
        </button>
      ))}
    </div>
  );
}

function Curves() {
  const points = samples.value;
  const times = points.map(({ at }) => at / 1_000);
  const isVirtual = about.value?.time === 'virtual';
  return (
    <section class="curves" aria-label="Rate and duration of calls">
      <Plot
        title="calls per second"
        times={times}
        isVirtual={isVirtual}
        curves={[
          { label: 'calls / s', values: points.map(({ perSecond }) => perSecond), tone: 'a' },
        ]}
      />
      <Plot
        title="call duration, ms"
        times={times}
        isVirtual={isVirtual}
        curves={[
          { label: 'median', values: points.map(({ p50Ms }) => p50Ms), tone: 'a' },
          { label: 'p99', values: points.map(({ p99Ms }) => p99Ms), tone: 'b' },
        ]}
      />
    </section>
  );
}

/** The same of a recorded run, all of it at once; a click leads to the moment. */
function RecordedCurves() {
  useEffect(loadTimeline, []);
  const run = timeline.value;
  if (!run) return null;
  return (
    <section class="curves" aria-label="Rate and duration of calls">
      <RunPlots run={run} height={104} gaugesMax={2} />
    </section>
  );
}

/** The overview. */
export function Overview() {
  return (
    <div class="overview">
      <h1 class="unseen">Sessions</h1>
      <Figures />
      <PhaseBar />
      <div class="overview-body">
        <SessionList />
        <aside class="overview-side">
          {team.value && <HandOffGraph team={team.value} />}
          {about.value?.kind === 'replay' ? <RecordedCurves /> : <Curves />}
        </aside>
      </div>
    </div>
  );
}
