/** A recorded run as a whole: its plots, its faults, and what was violated, each a way to the moment. */
import { useEffect } from 'preact/hooks';
import type { RunMark, RunTimeline } from '../../../src/service/inspection/frame.ts';
import { about, now } from '../model/run.ts';
import { goTo, loadTimeline, timeline } from '../model/timeline.ts';
import { countText, durationText, timeText } from '../model/words.ts';
import { RunPlots } from '../parts/run-plots.tsx';

const kindWords = {
  phase: 'phase',
  fault: 'fault',
  loss: 'link lost',
  failure: 'failure',
  violation: 'violation',
} as const;

function MarkList({ marks, title }: { marks: readonly RunMark[]; title: string }) {
  const isVirtual = about.value?.time === 'virtual';
  const { seq } = now.value;
  return (
    <section class="marks" aria-label={title}>
      <h2>
        {title} <span class="quiet">{marks.length}</span>
      </h2>
      <ol tabIndex={0} aria-label={title}>
        {marks.map((mark) => (
          <li
            key={`${mark.seq} ${mark.kind} ${mark.text}`}
            data-kind={mark.kind}
            data-past={mark.seq <= seq}
          >
            <button type="button" onClick={() => goTo(mark.seq)}>
              <time>{timeText(mark.at, isVirtual)}</time>
              <span class="mark-kind">{kindWords[mark.kind]}</span>
              <span>{mark.text}</span>
            </button>
          </li>
        ))}
      </ol>
      {marks.length === 0 && <p class="quiet pad">None.</p>}
    </section>
  );
}

function Verdict({ run }: { run: RunTimeline }) {
  const violations = run.marks.filter(({ kind }) => kind === 'violation').length;
  if (!run.isChecked) return null;
  if (violations === 0 && !run.isOver) {
    return (
      <p class="notice">
        <strong>Nothing was violated so far.</strong> The run goes on; what it has not finished yet
        is not held against it.
      </p>
    );
  }
  if (violations === 0 && run.doubts.length > 0) {
    return (
      <div class="notice">
        <strong>Nothing violated was seen</strong>, but this history cannot show that all held:
        <ul class="doubts">
          {run.doubts.map((doubt) => (
            <li key={doubt}>{doubt}</li>
          ))}
        </ul>
      </div>
    );
  }
  return violations === 0 ? (
    <p class="notice" data-tone="good">
      <strong>Nothing was violated.</strong> Every invariant held over {countText(run.lastSeq)}{' '}
      records.
    </p>
  ) : (
    <p class="notice" data-tone="bad">
      <strong>
        {violations} {violations === 1 ? 'violation' : 'violations'}
        {run.isOver ? '.' : ' so far.'}
      </strong>{' '}
      Each stands below and leads to its moment.
    </p>
  );
}

/** The page. */
export function SoakPage() {
  useEffect(loadTimeline, []);
  const run = timeline.value;
  if (!run) return <p class="quiet pad">Reading the run …</p>;
  const of = (kinds: readonly RunMark['kind'][]) =>
    run.marks.filter(({ kind }) => kinds.includes(kind));
  const { source, runId, seed } = run.header;
  return (
    <div class="soak">
      <header class="session-head">
        <h1>{source}</h1>
        <p class="session-facts">
          <code class="id">{runId}</code>
          {seed !== null && <span>seed {seed}</span>}
          <span>{durationText(run.lastAt - run.firstAt)}</span>
          <span>{countText(run.lastSeq - run.firstSeq + 1)} records</span>
          {!run.isOver && <span>still going on</span>}
        </p>
      </header>
      <Verdict run={run} />
      <dl class="figures" aria-label="Counts of the run">
        {Object.entries(run.counts).map(([name, value]) => (
          <div class="figure" key={name}>
            <dt>{name}</dt>
            <dd>{countText(value)}</dd>
          </div>
        ))}
      </dl>
      <div class="soak-body">
        <section class="plots" aria-label="Plots">
          <RunPlots run={run} height={128} gaugesMax={12} />
        </section>
        <div class="soak-marks">
          {run.isChecked && <MarkList title="Violations" marks={of(['violation'])} />}
          <MarkList title="Faults and losses" marks={of(['fault', 'loss', 'failure', 'phase'])} />
          {run.marksOmitted > 0 && <p class="quiet pad">{run.marksOmitted} more are not listed.</p>}
        </div>
      </div>
    </div>
  );
}
