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
import { baseline, footOf, linePaths, signPath, stateClasses } from './painting.ts';
import { chartStyle, type Theme } from './svg-style.ts';

export interface SvgOptions {
  /** The ids of the states that are lit; see `activeStates`. */
  readonly active?: readonly string[];
  /** @default 'auto' */
  readonly theme?: Theme;
}

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

function lineWithTip(points: readonly Point[]): string {
  const paths = linePaths(points);
  if (!paths) return '';
  return `<path class="line" d="${paths.line}"/><path class="tip" d="${paths.tip}"/>`;
}

function lineOf(drawn: DrawnTransition): string {
  const { index, transition, box } = drawn;
  const { event, guard, actions } = lineText(transition);
  const isSigned = hasSign(transition);
  const sign = isSigned ? `<path class="sign" d="${signPath(drawn)}"/>` : '';
  const spans = [
    `<tspan class="event">${escape(event)}</tspan>`,
    guard === '' ? '' : `<tspan class="guard">${escape(guard)}</tspan>`,
    actions === '' ? '' : `<tspan class="action">${escape(actions)}</tspan>`,
  ].join('');
  const className = transition.delay === null ? 'transition' : 'transition deadline';
  const x = box.x + (isSigned ? signWidth : 0);
  const text = `<text x="${x}" y="${box.y + baseline.line}" xml:space="preserve">${spans}</text>`;
  return `<g class="${className}" data-transition="${index}">${sign}${text}</g>`;
}

function stateOf(state: DrawnState, active: ReadonlySet<string>): string {
  const { x, y, width, height, nameBox } = state;
  const classes = stateClasses(state, active.has(state.id)).join(' ');
  const nested = state.kind === 'compound' || state.kind === 'parallel';
  const inset = { x: x + 3, y: y + 3, width: width - 6, height: height - 6 };
  return [
    `<g class="${classes}" data-state="${escape(state.id)}">`,
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

function dotOf(foot: Point | null): string {
  return foot ? `<circle class="dot" cx="${foot.x + 0.5}" cy="${foot.y + 0.5}" r="3"/>` : '';
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
        `${arrowOpening(arrow)}${dotOf(footOf(arrow, id))}${lineWithTip(arrow.points)}</g>`,
    ),
    ...arrows.map(labelOf),
    '</svg>',
    '',
  ].join('\n');
}
