/** Curves over time, painted by uPlot in the colours of the page. */
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import { timeText } from '../model/words.ts';
import { isDark } from './theme-switch.tsx';

/** One curve; null where there is no value. */
export interface Curve {
  readonly label: string;
  readonly values: readonly (number | null)[];
  readonly tone: 'a' | 'b' | 'c' | 'd';
}

/** What a plot shows. */
export interface PlotProps {
  readonly title: string;
  /** In seconds. */
  readonly times: readonly number[];
  readonly curves: readonly Curve[];
  readonly isVirtual?: boolean | undefined;
  readonly height?: number;
  /** Told of the time that was clicked, in seconds. */
  readonly onPick?: (time: number) => void;
  /** A moment that is marked, in seconds. */
  readonly markAt?: number | null;
}

const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function optionsOf(
  { curves, isVirtual = false, height = 104 }: PlotProps,
  width: number,
): UPlot.Options {
  const axis = {
    stroke: colour('--ink-3'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    padding: [6, 28, 0, 0],
    scales: {
      x: { time: false },
      y: { range: (_, min, max) => [Math.min(0, min), Math.max(max * 1.1, 1)] },
    },
    axes: [
      {
        ...axis,
        size: 22,
        space: 90,
        grid: { show: false },
        values: (_, ticks) => ticks.map((tick) => timeText(tick * 1_000, isVirtual).slice(0, 8)),
      },
      { ...axis, size: 44, space: 26 },
    ],
    series: [
      {},
      ...curves.map(({ label, tone }) => ({
        label,
        stroke: colour(`--curve-${tone}`),
        width: 1.5,
        points: { show: false },
        spanGaps: true,
        ...(curves.length === 1 ? { fill: colour('--curve-fill') } : {}),
      })),
    ],
  };
}

function dataOf({ times, curves }: PlotProps): UPlot.AlignedData {
  return [[...times], ...curves.map(({ values }) => [...values])];
}

function lastText({ values }: Curve): string {
  const last = values.findLast((value) => value !== null);
  return last === undefined || last === null ? '–' : last.toFixed(last < 10 ? 1 : 0);
}

/** The plot with its title; its latest values stand beside it as text. */
export function Plot(props: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const dark = isDark();
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const made = new UPlot(
      optionsOf(latest.current, element.clientWidth),
      dataOf(latest.current),
      element,
    );
    plot.current = made;
    const { height = 104 } = latest.current;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    const onClick = () => {
      const { left = -1 } = made.cursor;
      if (left >= 0) latest.current.onPick?.(made.posToVal(left, 'x'));
    };
    made.over.addEventListener('click', onClick);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [dark, props.curves.length]);
  useEffect(() => plot.current?.setData(dataOf(props)), [props.times, props.curves]);
  return (
    <figure class="plot">
      <figcaption>
        <span>{props.title}</span>
        {props.curves.map((curve) => (
          <span key={curve.label} class="plot-value" data-tone={curve.tone}>
            {curve.label} <b>{lastText(curve)}</b>
          </span>
        ))}
      </figcaption>
      {props.times.length < 2 && <p class="plot-empty">Nothing to draw yet.</p>}
      <div ref={place} class="plot-place" aria-hidden="true" data-empty={props.times.length < 2} />
    </figure>
  );
}
