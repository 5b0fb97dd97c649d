/** The plots of a report, each with its heading and legend. */
import { callOutcomes } from '../../../machines/call-outcome.ts';
import { linearAxis, logAxis } from './axis.ts';
import { at, drawLine, drawPlot, margin, plotCanvas, type Canvas } from './plot.ts';
import type { Report, ReportGauge } from './report.ts';
import { countText, escapeText, isBytes, levelText, timeText } from './words.ts';

/** One plot, ready to stand in a page. */
export interface Plot {
  readonly title: string;
  /** One sentence: how it is to be read. */
  readonly caption: string;
  /** Class and words of each thing that is drawn. */
  readonly legend: readonly (readonly [string, string])[];
  readonly svg: string;
}

const height = 230;
const range = { from: height - margin.bottom, to: margin.top };
const empty = (values: readonly (number | null)[]) => values.every((value) => value === null);

function leastAndMost(values: readonly (number | null)[]): { min: number; max: number } {
  let [min, max] = [Infinity, 0];
  for (const value of values) {
    if (value === null) continue;
    if (value > 0) min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return { min: Math.max(0.1, Math.min(min, max)), max: Math.max(max, 0.2) };
}

/** From asking to answer over time. */
export function latencyPlot(report: Report): Plot | null {
  const canvas = plotCanvas(report, 'whole');
  const spreads = report.stretches.map(({ latency }) => latency);
  const pick = (choose: (spread: (typeof spreads)[number]) => number) =>
    spreads.map((spread) => (spread.count === 0 ? null : choose(spread)));
  const [p50, p99, max] = [pick((one) => one.p50), pick((one) => one.p99), pick((one) => one.max)];
  if (empty(p50)) return null;
  const axis = logAxis(leastAndMost([...p50, ...max]), range);
  const marks = [
    drawLine(canvas, max, axis, 'line line-max'),
    drawLine(canvas, p99, axis, 'line line-high'),
    drawLine(canvas, p50, axis, 'line line-middle'),
  ].join('');
  const hints = spreads.map(({ count, p50: middle, p99: high, max: most }) =>
    count === 0
      ? ''
      : `${countText(count)} calls, p50 ${timeText(middle)}, p99 ${timeText(high)}, max ${timeText(most)}`,
  );
  const label = 'Latency of calls over time';
  return {
    title: 'Latency',
    caption: 'From asking to answer, as Codex sees it; each step upwards is ten times as long.',
    legend: [
      ['line-middle', 'p50'],
      ['line-high', 'p99'],
      ['line-max', 'max'],
      ['fault-band', 'faults on'],
      ['violation-line', 'violation'],
    ],
    svg: drawPlot(canvas, { label, height, axis, format: timeText, marks, hints }),
  };
}

function bar({ report, time }: Canvas, place: number): { x: number; width: number } {
  const from = time.place(place * report.stretchMs);
  const width = time.place((place + 1) * report.stretchMs) - from;
  return { x: from + width * 0.1, width: Math.max(0.6, width * 0.8) };
}

/** How calls ended over time, as bars. */
export function outcomePlot(report: Report): Plot | null {
  const canvas = plotCanvas(report, 'whole');
  const seen = callOutcomes.filter((name) => (report.verdict.outcomes[name] ?? 0) > 0);
  if (seen.length === 0) return null;
  const totals = report.stretches.map(({ outcomes }) =>
    Object.values(outcomes).reduce((sum, count) => sum + count, 0),
  );
  const axis = linearAxis(Math.max(4, ...totals), { ...range, base: 1 });
  const bars = report.stretches.map(({ outcomes }, place) => {
    let below = 0;
    const { x, width } = bar(canvas, place);
    return seen.map((name) => {
      const count = outcomes[name] ?? 0;
      if (count === 0) return '';
      const top = axis.place(below + count);
      const tall = axis.place(below) - top;
      below += count;
      return `<rect class="fill-${name}" x="${at(x)}" y="${at(top)}" width="${at(width)}" height="${at(tall)}"/>`;
    });
  });
  const hints = report.stretches.map(({ outcomes }) =>
    Object.entries(outcomes)
      .map(([name, count]) => `${countText(count)} ${name}`)
      .join(', '),
  );
  const every = timeText(report.stretchMs);
  return {
    title: 'Outcomes',
    caption: `How many calls ended in each ${every}, and how.`,
    legend: seen.map((name) => [
      `fill-${name}`,
      `${name} ${countText(report.verdict.outcomes[name] ?? 0)}`,
    ]),
    svg: drawPlot(canvas, {
      label: 'Outcomes of calls over time',
      height,
      axis,
      format: countText,
      marks: bars.flat().join(''),
      hints,
    }),
  };
}

/** How soon calls went on after a fault. */
export function recoveryPlot(report: Report): Plot | null {
  const canvas = plotCanvas(report, 'whole');
  const spreads = report.stretches.map(({ recovery }) => recovery);
  const tops = spreads.map(({ count, max }) => (count === 0 ? null : max));
  if (empty(tops)) return null;
  const axis = logAxis(leastAndMost([...tops, ...spreads.map(({ p50 }) => p50 || null)]), range);
  const { time } = canvas;
  const marks = spreads.map(({ count, p50, max }, place) => {
    if (count === 0) return '';
    const x = at(time.place(Math.min((place + 0.5) * report.stretchMs, report.durationMs)));
    const [high, low] = [at(axis.place(max)), at(axis.place(p50))];
    return `<line class="stem" x1="${x}" x2="${x}" y1="${high}" y2="${low}"/><circle class="dot" cx="${x}" cy="${high}" r="3.2"/>`;
  });
  const hints = spreads.map(({ count, p50, max }) =>
    count === 0
      ? ''
      : `${countText(count)} calls went on, p50 ${timeText(p50)}, last ${timeText(max)} after the fault`,
  );
  return {
    title: 'Recovery',
    caption:
      'From the end of a fault to the progress of the calls that waited: the last one is the dot, the line goes down to the p50.',
    legend: [['dot', 'time until calls went on']],
    svg: drawPlot(canvas, {
      label: 'Recovery times',
      height,
      axis,
      format: timeText,
      marks: marks.join(''),
      hints,
    }),
  };
}

/** The level of one gauge over time. */
export function gaugePlot(report: Report, { gauge, levels, max, last, bound }: ReportGauge): Plot {
  const canvas = plotCanvas(report, 'half');
  const tall = 150;
  // A bound far above everything would press the line to the ground: then only words tell of it.
  const isNear = bound !== null && bound <= max * 4;
  const top = isNear ? Math.max(max, bound) : max;
  const axis = linearAxis(top, {
    from: tall - margin.bottom,
    to: margin.top,
    base: isBytes(gauge) ? 1_024 : 1,
  });
  const y = bound === null ? '' : at(axis.place(bound));
  const limit = isNear
    ? `<line class="bound" x1="${canvas.left}" x2="${canvas.width - margin.right}" y1="${y}" y2="${y}"/>`
    : '';
  const text = (value: number) => levelText(gauge, value);
  const bounded = bound === null ? '' : `, bound ${text(bound)}`;
  return {
    title: gauge,
    caption: `At most ${text(max)}, ${text(last)} at the end${bounded}.`,
    legend: [],
    svg: drawPlot(canvas, {
      label: `${gauge} over time`,
      height: tall,
      axis,
      format: text,
      marks: limit + drawLine(canvas, levels, axis, 'line line-middle'),
      hints: levels.map((value) => (value === null ? '' : text(value))),
    }),
  };
}

/** Levels of memory, and all others: queues, caches, timers. */
export function gaugePlots(report: Report): { memory: readonly Plot[]; queues: readonly Plot[] } {
  const draw = (gauges: readonly ReportGauge[]) => gauges.map((gauge) => gaugePlot(report, gauge));
  return {
    memory: draw(report.gauges.filter(({ gauge }) => isBytes(gauge))),
    queues: draw(report.gauges.filter(({ gauge }) => !isBytes(gauge))),
  };
}

const laneHeight = 22;

/** When each kind of fault was on: one lane for each, most frequent first. */
export function faultLanes(report: Report): Plot | null {
  const canvas = plotCanvas(report, 'whole');
  const kinds = new Map<string, string[]>();
  const { time, left } = canvas;
  const names = [...new Set(report.faults.map(({ fault }) => fault))];
  const counts = new Map(report.verdict.faults.map(({ fault, happened }) => [fault, happened]));
  names.sort((one, other) => (counts.get(other) ?? 0) - (counts.get(one) ?? 0));
  names.forEach((name) => kinds.set(name, []));
  for (const { fault, target, fromMs, toMs } of report.faults) {
    const y = margin.top + names.indexOf(fault) * laneHeight;
    const x = time.place(fromMs);
    const width = Math.max(2, time.place(toMs ?? report.durationMs) - x);
    const end = toMs === null ? 'to the end' : `for ${timeText(toMs - fromMs)}`;
    const words = toMs === fromMs ? '' : ` ${end}`;
    const hint = `${fault} of ${target} at ${timeText(fromMs)}${words}`;
    kinds
      .get(fault)
      ?.push(
        `<rect class="fault-mark" x="${at(x)}" y="${y + 4}" width="${at(width)}" height="${laneHeight - 8}" rx="2"><title>${escapeText(hint)}</title></rect>`,
      );
  }
  if (names.length === 0) return null;
  const phases = report.phases.map(({ phase }) => phase);
  const tall = margin.top + names.length * laneHeight + margin.bottom;
  const labels = names.map((name, place) => {
    const y = margin.top + (place + 0.5) * laneHeight;
    const short = name.length > 14 ? `${name.slice(0, 13)}…` : name;
    const count = countText(counts.get(name) ?? 0);
    return `<text class="tick" x="${left - 8}" y="${y}" dy="0.32em" text-anchor="end">${escapeText(short)} <tspan class="strong">${count}</tspan></text>`;
  });
  const axis = { place: (value: number) => value, ticks: [] };
  return {
    title: 'Faults',
    caption: 'What was injected, and when. In the other plots these times are shaded.',
    legend: phases.length === 0 ? [] : [['phase', `phases: ${phases.join(', ')}`]],
    svg: drawPlot(canvas, {
      label: 'Faults over time',
      height: tall,
      axis,
      format: String,
      marks: [...labels, ...[...kinds.values()].flat()].join(''),
      hints: [],
    }),
  };
}
