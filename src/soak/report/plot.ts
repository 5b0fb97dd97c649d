/** Draws one plot over the time of a run as SVG: axes, faults behind, lines and bars before them. */
import { timeAxis, type Axis } from './axis.ts';
import type { Report } from './report.ts';
import { escapeText, timeText } from './words.ts';

/** Room above, below and beside the values, in the units of the drawing. */
export const margin = { right: 14, top: 10, bottom: 26 } as const;

/** What the plots of one width are drawn on. */
export interface Canvas {
  readonly report: Report;
  readonly width: number;
  /** Where the values begin; the words of the other axis stand left of it. */
  readonly left: number;
  readonly time: Axis;
}

/** A canvas over the time of the run: as wide as the page, or as half of it. */
export function plotCanvas(report: Report, size: 'whole' | 'half'): Canvas {
  const [width, left] = size === 'whole' ? [1_000, 104] : [490, 70];
  return { report, width, left, time: timeAxis(report.durationMs, left, width - margin.right) };
}

/** One decimal is enough for a place. */
export function at(place: number): string {
  return String(Math.round(place * 10) / 10);
}

/** What a plot is made of. */
export interface PlotOptions {
  /** What it shows, for whoever cannot see it. */
  readonly label: string;
  readonly height: number;
  readonly axis: Axis;
  /** A value of the axis as people read it. */
  readonly format: (value: number) => string;
  /** SVG elements that show the values. */
  readonly marks: string;
  /** What stands in the small window over each stretch; empty for none. */
  readonly hints: readonly string[];
}

function gridLines({ width, left, time }: Canvas, { axis, format, height }: PlotOptions): string {
  const bottom = height - margin.bottom;
  const rows = axis.ticks.map((value) => {
    const y = at(axis.place(value));
    const text = escapeText(format(value));
    return `<line class="grid" x1="${left}" x2="${width - margin.right}" y1="${y}" y2="${y}"/><text class="tick" x="${left - 8}" y="${y}" dy="0.32em" text-anchor="end">${text}</text>`;
  });
  const skip = Math.ceil((time.ticks.length * 64) / (width - left));
  const columns = time.ticks.map((ms, place) => {
    if (place % skip !== 0) return '';
    const x = at(time.place(ms));
    return `<text class="tick" x="${x}" y="${bottom + 17}" text-anchor="middle">${escapeText(timeText(ms))}</text>`;
  });
  return [...rows, ...columns].join('');
}

/** Stretches of time in which faults were on, joined where they touch. */
export function faultSpans(report: Report): readonly (readonly [number, number])[] {
  const leastMs = report.durationMs / 480;
  const spans: [number, number][] = [];
  const sorted = report.faults.toSorted((one, other) => one.fromMs - other.fromMs);
  for (const { fromMs, toMs } of sorted) {
    const endMs = Math.max(toMs ?? report.durationMs, fromMs + leastMs);
    const last = spans.at(-1);
    if (last && fromMs <= last[1] + leastMs) last[1] = Math.max(last[1], endMs);
    else spans.push([fromMs, endMs]);
  }
  return spans;
}

function faultBands({ report, time }: Canvas, height: number): string {
  const bottom = height - margin.bottom;
  return faultSpans(report)
    .map(([fromMs, toMs]) => {
      const x = time.place(fromMs);
      const width = Math.max(1.5, time.place(toMs) - x);
      return `<rect class="fault-band" x="${at(x)}" y="${margin.top}" width="${at(width)}" height="${at(bottom - margin.top)}"/>`;
    })
    .join('');
}

/** Where violations were complete, and where phases began. */
function moments({ report, time }: Canvas, height: number): string {
  const bottom = height - margin.bottom;
  const phases = report.phases.map(({ phase, fromMs }) => {
    const x = at(time.place(fromMs));
    return `<line class="phase" x1="${x}" x2="${x}" y1="${margin.top}" y2="${bottom}"><title>${escapeText(phase)} from ${escapeText(timeText(fromMs))}</title></line>`;
  });
  const beganAt = report.verdict.violations.map(
    (violation) => violation.at - report.verdict.startedAt,
  );
  const columns = new Set(beganAt.map((ms) => at(time.place(ms))));
  const violations = [...columns].map(
    (x) => `<line class="violation-line" x1="${x}" x2="${x}" y1="${margin.top}" y2="${bottom}"/>`,
  );
  return [...phases, ...violations].join('');
}

function windows({ report, time }: Canvas, { hints, height }: PlotOptions): string {
  const bottom = height - margin.bottom;
  return hints
    .map((hint, place) => {
      if (hint === '') return '';
      const x = time.place(place * report.stretchMs);
      const width = time.place((place + 1) * report.stretchMs) - x;
      const when = `${timeText(place * report.stretchMs)}: ${hint}`;
      return `<rect class="window" x="${at(x)}" y="${margin.top}" width="${at(Math.max(width, 0.5))}" height="${at(bottom - margin.top)}"><title>${escapeText(when)}</title></rect>`;
    })
    .join('');
}

/** The plot as one SVG element. */
export function drawPlot(canvas: Canvas, options: PlotOptions): string {
  const { label, height, marks } = options;
  const body = [
    faultBands(canvas, height),
    gridLines(canvas, options),
    moments(canvas, height),
    marks,
    windows(canvas, options),
  ].join('');
  return `<svg viewBox="0 0 ${canvas.width} ${height}" role="img" aria-label="${escapeText(label)}">${body}</svg>`;
}

/** A line through the middle of each stretch that has a value; it breaks where there is none. */
export function drawLine(
  { report, time }: Canvas,
  values: readonly (number | null)[],
  axis: Axis,
  className: string,
): string {
  const pieces: string[] = [];
  let isOpen = false;
  values.forEach((value, place) => {
    if (value === null) {
      isOpen = false;
      return;
    }
    const middle = Math.min((place + 0.5) * report.stretchMs, report.durationMs);
    const x = at(time.place(middle));
    const y = at(axis.place(value));
    // A lone point is a dot: the line goes nowhere, but has round ends.
    pieces.push(isOpen ? `L${x} ${y}` : `M${x} ${y}h0`);
    isOpen = true;
  });
  return pieces.length === 0 ? '' : `<path class="${className}" d="${pieces.join('')}"/>`;
}
