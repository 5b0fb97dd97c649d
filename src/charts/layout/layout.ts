/** Gives a chart its coordinates: ELK places boxes, arrows and labels, the rest is arithmetic. */
import type { ElkExtendedEdge, ElkNode } from 'elkjs';
import type { Chart, ChartState } from '../chart.ts';
import type {
  Box,
  DrawnArrow,
  Drawing,
  DrawnStart,
  DrawnState,
  DrawnTransition,
  Point,
} from '../drawing.ts';
import { withClearHead } from './clear-head.ts';
import {
  bundlesOf,
  dotId,
  graphId,
  graphOf,
  innerOf,
  startId,
  type IndexedTransition,
} from './graph.ts';
import {
  innerGap,
  labelPadding,
  lineHeight,
  lineWidth,
  nameFont,
  nameHeight,
  statePadding,
} from './metrics.ts';
import { textWidth } from './text.ts';

/** What ELK found, by id. */
interface Placement {
  box(id: string): Box;
  points(edgeId: string): Point[];
  label(edgeId: string): Box;
}

type Placed = {
  readonly x?: number;
  readonly y?: number;
  readonly width?: number;
  readonly height?: number;
};

function boxOf({ x = 0, y = 0, width = 0, height = 0 }: Placed): Box {
  const left = Math.round(x);
  const top = Math.round(y);
  return {
    x: left,
    y: top,
    width: Math.round(x + width) - left,
    height: Math.round(y + height) - top,
  };
}

const pointOf = ({ x, y }: Point): Point => ({ x: Math.round(x), y: Math.round(y) });

/** Leaves out points that a straight line passes anyway. */
function cornersOf(points: readonly Point[]): Point[] {
  return points.filter((point, index) => {
    const before = points[index - 1];
    const after = points[index + 1];
    if (!before || !after) return true;
    const vertical = before.x === point.x && point.x === after.x;
    const horizontal = before.y === point.y && point.y === after.y;
    return !vertical && !horizontal;
  });
}

function pointsOf({ sections = [] }: ElkExtendedEdge): Point[] {
  const points = sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [
    startPoint,
    ...bendPoints,
    endPoint,
  ]);
  return cornersOf(points.map(pointOf));
}

function nodesIn(node: ElkNode): ElkNode[] {
  return [node, ...(node.children ?? []).flatMap(nodesIn)];
}

function found<Value>(map: ReadonlyMap<string, Value>, id: string): Value {
  const value = map.get(id);
  if (value === undefined) throw new Error(`the layout lost ${id}`);
  return value;
}

async function placementOf(graph: ElkNode): Promise<Placement> {
  const { default: elk } = await import('elkjs');
  const placed: ElkNode = await new elk.default().layout(graph);
  const nodes = nodesIn(placed);
  const boxes = new Map(nodes.map((node) => [node.id, boxOf(node)]));
  const edges = new Map(
    nodes.flatMap((node) => node.edges ?? []).map((edge) => [edge.id, edge] as const),
  );
  return {
    box: (id) => found(boxes, id),
    points: (edgeId) => pointsOf(found(edges, edgeId)),
    label: (edgeId) => boxOf(found(edges, edgeId).labels?.[0] ?? {}),
  };
}

function linesAt(
  { x, y }: Point,
  transitions: readonly IndexedTransition[],
): readonly DrawnTransition[] {
  return transitions.map(({ index, transition }, row) => ({
    index,
    transition,
    box: { x, y: y + row * lineHeight, width: lineWidth(transition), height: lineHeight },
  }));
}

/** A name alone in its box stands in the middle; everything else begins at the left. */
function nameBoxOf(state: ChartState, box: Box, alone: boolean): Box {
  const width = textWidth(state.name, nameFont);
  const x = alone ? box.x + Math.round((box.width - width) / 2) : box.x + statePadding.x;
  return { x, y: box.y + statePadding.y, width, height: nameHeight };
}

function statesOf(
  chart: Chart,
  placement: Placement,
  { state, parent }: { readonly state: ChartState; readonly parent: ChartState | null },
): DrawnState[] {
  const { id, name, kind } = state;
  const box = placement.box(id);
  const inner = innerOf(chart, id);
  const alone = state.states.length === 0 && inner.length === 0;
  const nameBox = nameBoxOf(state, box, alone);
  const at = { x: box.x + statePadding.x, y: nameBox.y + nameHeight + innerGap };
  const own = {
    id,
    name,
    kind,
    parent: parent?.id ?? null,
    region: parent?.kind === 'parallel',
    ...box,
    nameBox,
    inner: linesAt(at, inner),
  };
  const children = state.states.map((child) => ({ state: child, parent: state }));
  return [own, ...children.flatMap((child) => statesOf(chart, placement, child))];
}

function arrowsOf(chart: Chart, placement: Placement): DrawnArrow[] {
  return bundlesOf(chart).map(({ id, from, to, backwards, transitions }) => {
    const drawn = placement.points(id);
    const points = backwards ? drawn.toReversed() : drawn;
    const label = placement.label(id);
    const at = { x: label.x + labelPadding.x, y: label.y + labelPadding.y };
    return { from, to, points, label, lines: linesAt(at, transitions) };
  });
}

function startsOf(placement: Placement, state: ChartState): DrawnStart[] {
  const dot = dotId(state.id);
  const own =
    state.initial === null
      ? []
      : [
          {
            in: state.id,
            to: state.initial,
            dot: placement.box(dot),
            points: placement.points(startId(state.id)),
          },
        ];
  return [...own, ...state.states.flatMap((child) => startsOf(placement, child))];
}

const bottomOf = ({ y, height }: Box) => y + height;

function touchesBottom({ points }: DrawnArrow, box: Box): boolean {
  return [points[0], points.at(-1)].some(
    (end) => end?.y === bottomOf(box) && end.x >= box.x && end.x <= box.x + box.width,
  );
}

/** Regions reach down as far as the longest of them, unless an arrow leaves one at the bottom. */
function levelled(states: readonly DrawnState[], arrows: readonly DrawnArrow[]): DrawnState[] {
  return states.map((state) => {
    if (!state.region || arrows.some((arrow) => touchesBottom(arrow, state))) return state;
    const row = states.filter(({ parent, y }) => parent === state.parent && y === state.y);
    return { ...state, height: Math.max(...row.map(bottomOf)) - state.y };
  });
}

/** A drawing, and the states in which arrows leave no place for their texts. */
interface Attempt {
  readonly drawing: Drawing;
  readonly crowded: readonly DrawnState[];
}

async function attempt(chart: Chart, widths: ReadonlyMap<string, number>): Promise<Attempt> {
  const placement = await placementOf(graphOf(chart, widths));
  const { width, height } = placement.box(graphId);
  const states = statesOf(chart, placement, { state: chart.root, parent: null });
  const arrows = arrowsOf(chart, placement);
  const starts = startsOf(placement, chart.root);
  const lines = [...arrows, ...starts].map(({ points }) => points);
  const crowded: DrawnState[] = [];
  const cleared = levelled(states, arrows).map((state) => {
    const clear = withClearHead(state, lines);
    if (clear === null) crowded.push(state);
    return clear ?? state;
  });
  return { drawing: { id: chart.id, width, height, states: cleared, arrows, starts }, crowded };
}

/** More attempts do not help: arrows follow the border of what they lead into. */
const attemptsMax = 4;

/** How much wider a state is made that has no clear place for its texts. */
const widening = 1.6;

/**
 * Lays a chart out. The same chart always gets the same drawing. Loads ELK when it is first called.
 *
 * A state in which arrows run through its name is made wider, `attemptsMax` times at most.
 */
export async function layOut(chart: Chart): Promise<Drawing> {
  const widths = new Map<string, number>();
  let { drawing, crowded } = await attempt(chart, widths);
  for (let count = 1; crowded.length > 0 && count < attemptsMax; count += 1) {
    for (const { id, width } of crowded) widths.set(id, Math.round(width * widening));
    ({ drawing, crowded } = await attempt(chart, widths));
  }
  return drawing;
}
