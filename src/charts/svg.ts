/** A drawing as SVG: one self-contained document, the same text for the same drawing. */
import { hasSign, lineText, signWidth } from './layout/metrics.ts';
import type {
  Box,
  DrawnArrow,
  Drawing,
  DrawnStart,
  DrawnState,
  DrawnTransition,
  Point,
} from './drawing.ts';
import { chartStyle, type Theme } from './svg-style.ts';

export interface SvgOptions {
  /** The ids of the states that are lit; see `activeStates`. */
  readonly active?: readonly string[];
  /** @default 'auto' */
  readonly theme?: Theme;
}

const cornerPx = 5;
const tip = { lengthPx: 7, halfWidthPx: 3.5 };
/** From the top of a line of text to its baseline. */
const baseline = { name: 14, line: 11 };

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

const escape = (text: string) => text.replaceAll(/[&<>"]/g, (c) => entities[c] ?? c);

/** Strokes of one pixel are crisp when they run through the middle of pixels. */
function rectangle(className: string, { x, y, width, height }: Box, radius: number): string {
  const at = `x="${x + 0.5}" y="${y + 0.5}" width="${width - 1}" height="${height - 1}"`;
  return `<rect class="${className}" ${at} rx="${radius}"/>`;
}

function stepTowards(from: Point, to: Point, distance: number): Point {
  const step = (a: number, b: number) => a + Math.sign(b - a) * distance;
  return { x: step(from.x, to.x), y: step(from.y, to.y) };
}

const half = ({ x, y }: Point) => `${x + 0.5} ${y + 0.5}`;

const lengthOf = (a: Point, b: Point) => Math.abs(a.x - b.x) + Math.abs(a.y - b.y);

function bend(before: Point, corner: Point, after: Point): string {
  const room = Math.min(lengthOf(before, corner), lengthOf(corner, after)) / 2;
  const radius = Math.min(cornerPx, room);
  const [enter, leave] = [stepTowards(corner, before, radius), stepTowards(corner, after, radius)];
  return `L${half(enter)}Q${half(corner)} ${half(leave)}`;
}

function pathOf(points: readonly Point[]): string {
  const steps = points.slice(1).map((point, index) => {
    const before = points[index] ?? point;
    const after = points[index + 2];
    return after ? bend(before, point, after) : `L${half(point)}`;
  });
  return `M${half(points[0] ?? { x: 0, y: 0 })}${steps.join('')}`;
}

/** The line stops where the tip begins, so that the tip stays sharp. */
function lineWithTip(points: readonly Point[]): string {
  const end = points.at(-1);
  const before = points.at(-2);
  if (!end || !before) return '';
  const base = stepTowards(end, before, tip.lengthPx);
  const vertical = before.x === end.x;
  const side = (sign: number): Point => ({
    x: base.x + (vertical ? sign * tip.halfWidthPx : 0),
    y: base.y + (vertical ? 0 : sign * tip.halfWidthPx),
  });
  const line = `<path class="line" d="${pathOf([...points.slice(0, -1), base])}"/>`;
  return `${line}<path class="tip" d="M${half(end)}L${half(side(1))}L${half(side(-1))}Z"/>`;
}

/** A clock for a deadline, a loop for what stays in its state. */
function signOf({ transition, box }: DrawnTransition): string {
  const { x, y } = { x: box.x + 5, y: box.y + 7.5 };
  if (transition.delay !== null) {
    return `<path class="sign" d="M${x - 4} ${y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0M${x} ${y - 2.2}v2.2l1.6 1.2"/>`;
  }
  return `<path class="sign" d="M${x + 3} ${y - 1.5}a3.5 3.5 0 1 0 .3 2.6M${x + 3.4} ${y - 4}v2.7h-2.7"/>`;
}

function lineOf(drawn: DrawnTransition): string {
  const { index, transition, box } = drawn;
  const { event, guard, actions } = lineText(transition);
  const sign = hasSign(transition);
  const spans = [
    `<tspan class="event">${escape(event)}</tspan>`,
    guard === '' ? '' : `<tspan class="guard">${escape(guard)}</tspan>`,
    actions === '' ? '' : `<tspan class="action">${escape(actions)}</tspan>`,
  ].join('');
  const className = transition.delay === null ? 'transition' : 'transition deadline';
  const x = box.x + (sign ? signWidth : 0);
  const text = `<text x="${x}" y="${box.y + baseline.line}" xml:space="preserve">${spans}</text>`;
  return `<g class="${className}" data-transition="${index}">${sign ? signOf(drawn) : ''}${text}</g>`;
}

function stateClass(state: DrawnState, active: ReadonlySet<string>): string {
  return [
    'state',
    state.kind,
    ...(state.parent === null ? ['machine'] : []),
    ...(state.region ? ['region'] : []),
    ...(active.has(state.id) ? ['active'] : []),
  ].join(' ');
}

function stateOf(state: DrawnState, active: ReadonlySet<string>): string {
  const { x, y, width, height, nameBox } = state;
  const nested = state.kind === 'compound' || state.kind === 'parallel';
  const inset = { x: x + 3, y: y + 3, width: width - 6, height: height - 6 };
  return [
    `<g class="${stateClass(state, active)}" data-state="${escape(state.id)}">`,
    rectangle(nested ? 'frame' : 'box', state, nested ? 10 : 7),
    state.kind === 'final' ? rectangle('inset', inset, 4) : '',
    `<text class="name" x="${nameBox.x}" y="${nameBox.y + baseline.name}">${escape(state.name)}</text>`,
    ...state.inner.map(lineOf),
    '</g>',
  ].join('');
}

function startOf({ dot, points }: DrawnStart): string {
  const radius = dot.width / 2;
  const circle = `<circle class="dot" cx="${dot.x + radius + 0.5}" cy="${dot.y + radius + 0.5}" r="${radius}"/>`;
  return `<g class="start">${circle}${lineWithTip(points)}</g>`;
}

/** An arrow from a state to one inside it begins at the border; a dot says that it is not one from outside. */
function footOf({ from, to, points: [first] }: DrawnArrow, machineId: string): string {
  if (!first || (from !== machineId && !to.startsWith(`${from}.`))) return '';
  return `<circle class="dot" cx="${first.x + 0.5}" cy="${first.y + 0.5}" r="3"/>`;
}

const arrowOpening = ({ from, to }: DrawnArrow) =>
  `<g class="arrow" data-from="${escape(from)}" data-to="${escape(to)}">`;

function labelOf(arrow: DrawnArrow): string {
  return `${arrowOpening(arrow)}${rectangle('label', arrow.label, 3)}${arrow.lines.map(lineOf).join('')}</g>`;
}

function descriptionOf({ states, arrows }: Drawing, active: ReadonlySet<string>): string {
  const lit = states.filter(({ id }) => active.has(id)).map(({ id }) => id);
  const size = `${states.length - 1} states, ${arrows.length} arrows.`;
  return lit.length === 0 ? size : `${size} Active: ${lit.join(', ')}.`;
}

/** Paints a drawing. Colours follow the reader's system unless `theme` says otherwise. */
export function svgOf(drawing: Drawing, { active = [], theme = 'auto' }: SvgOptions = {}): string {
  const { id, width, height, states, arrows, starts } = drawing;
  const lit = new Set(active);
  const name = escape(id);
  const key = id.replaceAll(/\W+/g, '-');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="chart-${key}-title chart-${key}-desc">`,
    `<title id="chart-${key}-title">State chart of ${name}</title>`,
    `<desc id="chart-${key}-desc">${escape(descriptionOf(drawing, lit))}</desc>`,
    `<style>${chartStyle(theme)}</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    ...states.map((state) => stateOf(state, lit)),
    ...starts.map(startOf),
    ...arrows.map(
      (arrow) =>
        `${arrowOpening(arrow)}${footOf(arrow, states[0]?.id ?? '')}${lineWithTip(arrow.points)}</g>`,
    ),
    ...arrows.map(labelOf),
    '</svg>',
    '',
  ].join('\n');
}
