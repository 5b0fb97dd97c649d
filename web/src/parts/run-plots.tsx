/** The plots of a recorded run. A click on one leads to the moment. */
import type { RunTimeline } from '../../../src/service/inspection/frame.ts';
import { about } from '../model/run.ts';
import { goToTime } from '../model/timeline.ts';
import { Plot } from './plot.tsx';

/** What the plots are made of. */
export interface RunPlotsProps {
  readonly run: RunTimeline;
  readonly height: number;
  /** Gauges that are drawn; of more, those that came first. */
  readonly gaugesMax: number;
}

const onPick = (time: number) => void goToTime(time * 1_000);

/** Rate, calls in flight, durations, gauges. */
export function RunPlots({ run, height, gaugesMax }: RunPlotsProps) {
  const isVirtual = about.value?.time === 'virtual';
  const times = run.times.map((at) => at / 1_000);
  const plot = { times, isVirtual, onPick, height };
  return (
    <>
      <Plot
        {...plot}
        title="calls per second"
        curves={[{ label: 'calls / s', values: run.perSecond, tone: 'a' }]}
      />
      <Plot
        {...plot}
        title="calls in flight"
        curves={[{ label: 'in flight', values: run.inFlight, tone: 'c' }]}
      />
      <Plot
        {...plot}
        title="call duration, ms"
        curves={[
          { label: 'median', values: run.p50Ms, tone: 'a' },
          { label: 'p99', values: run.p99Ms, tone: 'b' },
        ]}
      />
      {run.gauges.slice(0, gaugesMax).map(({ name, values }) => (
        <Plot key={name} {...plot} title={name} curves={[{ label: 'level', values, tone: 'd' }]} />
      ))}
    </>
  );
}
