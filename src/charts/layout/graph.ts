/** A chart as ELK's graph: boxes with their sizes, one edge for all transitions between two states. */
import type { ElkExtendedEdge, ElkNode, LayoutOptions } from 'elkjs';
import type { Chart, ChartState, ChartTransition } from '../chart.ts';
import {
  dotSize,
  headSize,
  isArrow,
  labelPadding,
  lineHeight,
  lineWidth,
  statePadding,
} from './metrics.ts';

/** A transition and its index in the chart. */
export interface IndexedTransition {
  readonly index: number;
  readonly transition: ChartTransition;
}

/** All the transitions from one state to another. */
export interface Bundle {
  /** ELK's id of the edge. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /**
   * Whether it leads back to a state that the machine declares earlier. ELK gets it the other way round,
   * so that states stand in the order in which the machine tells of them, from top to bottom.
   */
  readonly backwards: boolean;
  readonly transitions: readonly IndexedTransition[];
}

/** ELK's id of the whole graph. No state's id holds a `#` or a `>`. */
export const graphId = '#graph';

/** ELK's id of the dot in a compound state. */
export const dotId = (stateId: string) => `${stateId}#dot`;

/** ELK's id of the arrow from the dot to the state that is entered first. */
export const startId = (stateId: string) => `${stateId}#start`;

const edgeId = (from: string, to: string) => `${from}>${to}`;

/** Between a compound state's head and what is inside it. */
const headGap = 6;

const rootOptions: LayoutOptions = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.padding': '[top=8,left=8,bottom=8,right=8]',
};

/** Options that ELK does not pass on to the states inside; every level has them. */
const levelOptions: LayoutOptions = {
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.thoroughness': '40',
  'elk.alignment': 'TOP',
  'elk.layered.layering.strategy': 'LONGEST_PATH_SOURCE',
  'elk.layered.edgeLabels.centerLabelPlacementStrategy': 'HEAD_LAYER',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '14',
  'elk.spacing.edgeLabel': '4',
  'elk.spacing.labelNode': '8',
  'elk.layered.spacing.nodeNodeBetweenLayers': '26',
  'elk.layered.spacing.edgeNodeBetweenLayers': '16',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
};

/** Keeps an arrow straight and short, at the cost of others. */
const straight: LayoutOptions = {
  'elk.layered.priority.straightness': '10',
  'elk.layered.priority.shortness': '10',
};

const inTheLine: LayoutOptions = {
  'elk.edgeLabels.inline': 'true',
  'elk.edgeLabels.placement': 'CENTER',
};

function idsIn(state: ChartState): string[] {
  return [state.id, ...state.states.flatMap(idsIn)];
}

/** The arrows of a chart, in the order of their first transitions. */
export function bundlesOf({ root, transitions }: Chart): Bundle[] {
  const order = new Map(idsIn(root).map((id, index) => [id, index]));
  const isBackwards = (from: string, to: string) =>
    !from.startsWith(`${to}.`) && (order.get(to) ?? 0) < (order.get(from) ?? 0);
  const bundles = new Map<string, Bundle & { readonly transitions: IndexedTransition[] }>();
  for (const [index, transition] of transitions.entries()) {
    const { from, to } = transition;
    if (to === null || !isArrow(transition)) continue;
    const id = edgeId(from, to);
    const bundle = bundles.get(id) ?? {
      id,
      from,
      to,
      backwards: isBackwards(from, to),
      transitions: [],
    };
    bundle.transitions.push({ index, transition });
    bundles.set(id, bundle);
  }
  return [...bundles.values()];
}

/** The transitions that stay in a state. */
export function innerOf({ transitions }: Chart, stateId: string): IndexedTransition[] {
  return transitions
    .map((transition, index) => ({ index, transition }))
    .filter(({ transition }) => transition.from === stateId && !isArrow(transition));
}

/** The size of the label that holds the lines of a bundle. */
export function labelSize(transitions: readonly IndexedTransition[]): {
  readonly width: number;
  readonly height: number;
} {
  const width = Math.max(...transitions.map(({ transition }) => lineWidth(transition)));
  return {
    width: width + 2 * labelPadding.x,
    height: transitions.length * lineHeight + 2 * labelPadding.y,
  };
}

/** The pairs of states that the machine declares one right after the other: the usual way through it. */
function neighbours({ states }: ChartState): string[] {
  const own = states.slice(1).map(({ id }, index) => edgeId(states[index]?.id ?? '', id));
  return [...own, ...states.flatMap(neighbours)];
}

function edgeOf(bundle: Bundle, isUsual: boolean): ElkExtendedEdge {
  const { id, from, to, backwards, transitions } = bundle;
  const [source, target] = backwards ? [to, from] : [from, to];
  return {
    id,
    sources: [source],
    targets: [target],
    labels: [{ text: id, ...labelSize(transitions), layoutOptions: inTheLine }],
    layoutOptions: isUsual ? straight : {},
  };
}

/** Regions stand side by side in the machine's order; otherwise ELK would choose one. */
function inOrder(regions: readonly ElkNode[]): ElkNode[] {
  return regions.map((region, index) => ({
    ...region,
    layoutOptions: { ...region.layoutOptions, 'elk.position': `(${index},0)` },
  }));
}

function nodeOf(chart: Chart, state: ChartState, widths: ReadonlyMap<string, number>): ElkNode {
  const { id, kind, initial, states } = state;
  const inner = innerOf(chart, id).map(({ transition }) => transition);
  const { width, height } = headSize(state, inner);
  if (states.length === 0) return { id, width, height };
  const children = states.map((child) => nodeOf(chart, child, widths));
  const dot = { id: dotId(id), width: dotSize, height: dotSize };
  const { x: side } = statePadding;
  return {
    id,
    children: [
      ...(initial === null ? [] : [dot]),
      ...(kind === 'parallel' ? inOrder(children) : children),
    ],
    layoutOptions: {
      ...levelOptions,
      'elk.padding': `[top=${height + headGap},left=${side},bottom=${side},right=${side}]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      // Height before width: ELK lays out from left to right, turns the result, and forgets this pair.
      'elk.nodeSize.minimum': `(${height},${widths.get(id) ?? width})`,
      'elk.layered.crossingMinimization.semiInteractive': String(kind === 'parallel'),
    },
  };
}

function startsOf({ id, initial, states }: ChartState): ElkExtendedEdge[] {
  const dot = dotId(id);
  const own =
    initial === null
      ? []
      : [{ id: startId(id), sources: [dot], targets: [initial], layoutOptions: straight }];
  return [...own, ...states.flatMap(startsOf)];
}

/**
 * The graph to lay out. Its root holds the machine's own state as the only child. `widths` are
 * those, by id, that states are to have at least for their texts beside the arrows that come in.
 */
export function graphOf(chart: Chart, widths: ReadonlyMap<string, number>): ElkNode {
  const usual = new Set(neighbours(chart.root));
  const arrows = bundlesOf(chart).map((bundle) => edgeOf(bundle, usual.has(bundle.id)));
  return {
    id: graphId,
    layoutOptions: { ...rootOptions, ...levelOptions },
    children: [nodeOf(chart, chart.root, widths)],
    edges: [...startsOf(chart.root), ...arrows],
  };
}
