/**
 * What the pictures of a drawing agree on, be it a document or a page: the paths of its strokes as SVG path
 * data, and the classes that its colours hang on.
 */
import type { DrawnArrow, DrawnState, DrawnTransition, Point } from './drawing.ts';

/** From the top of a line of text to its baseline. */
export const baseline = { name: 14, line: 11 };

const cornerPx = 5;
const tip = { lengthPx: 7, halfWidthPx: 3.5 };

function stepTowards(from: Point, to: Point, distance: number): Point {
  const step = (a: number, b: number) => a + Math.sign(b - a) * distance;
  return { x: step(from.x, to.x), y: step(from.y, to.y) };
}

/** Strokes of one pixel are crisp when they run through the middle of pixels. */
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

/** A line and its tip; null without two points. The line stops where the tip begins, to keep it sharp. */
export function linePaths(
  points: readonly Point[],
): { readonly line: string; readonly tip: string } | null {
  const end = points.at(-1);
  const before = points.at(-2);
  if (!end || !before) return null;
  const base = stepTowards(end, before, tip.lengthPx);
  const vertical = before.x === end.x;
  const side = (sign: number): Point => ({
    x: base.x + (vertical ? sign * tip.halfWidthPx : 0),
    y: base.y + (vertical ? 0 : sign * tip.halfWidthPx),
  });
  return {
    line: pathOf([...points.slice(0, -1), base]),
    tip: `M${half(end)}L${half(side(1))}L${half(side(-1))}Z`,
  };
}

/** A clock for a deadline, a loop for what stays in its state. */
export function signPath({ transition, box }: DrawnTransition): string {
  const { x, y } = { x: box.x + 5, y: box.y + 7.5 };
  return transition.delay === null
    ? `M${x + 3} ${y - 1.5}a3.5 3.5 0 1 0 .3 2.6M${x + 3.4} ${y - 4}v2.7h-2.7`
    : `M${x - 4} ${y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0M${x} ${y - 2.2}v2.2l1.6 1.2`;
}

/**
 * Where an arrow begins that leads from a state to one inside it, else null. A dot at the border says that it
 * is not one from outside.
 */
export function footOf({ from, to, points: [first] }: DrawnArrow, machineId: string): Point | null {
  return first && (from === machineId || to.startsWith(`${from}.`)) ? first : null;
}

/** The classes of a state. */
export function stateClasses(
  { kind, parent, region }: DrawnState,
  isActive: boolean,
): readonly string[] {
  return [
    'state',
    kind,
    ...(parent === null ? ['machine'] : []),
    ...(region ? ['region'] : []),
    ...(isActive ? ['active'] : []),
  ];
}
