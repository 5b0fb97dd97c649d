/**
 * A chart as a Mermaid state diagram, as it renders on a repository's front page.
 *
 * Mermaid wants an arrow inside the innermost state that holds both its ends, and cannot draw one from a
 * state to a state inside it: such a transition is drawn from each of the states inside instead, which
 * means the same.
 */
import type { Chart, ChartState, ChartTransition } from './chart.ts';

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

/** Mermaid ids know no dots. */
const mermaidId = (id: string) => id.replaceAll('.', '_');

const parentOf = (id: string) => id.split('.').slice(0, -1).join('.');

const isInside = (id: string, ancestor: string) => ancestor === '' || id.startsWith(`${ancestor}.`);

function labelOf({ event, guard }: ChartTransition): string {
  return guard === null ? event : `${event} [${guard}]`;
}

function childrenOf(state: ChartState): ReadonlyMap<string, readonly string[]> {
  const own: [string, string[]] = [state.id, state.states.map((child) => child.id)];
  return new Map([own, ...state.states.flatMap((child) => [...childrenOf(child)])]);
}

function arrowsOf({ root, transitions }: Chart): Arrow[] {
  const children = childrenOf(root);
  return transitions.flatMap((transition) => {
    const { from, to } = transition;
    const label = labelOf(transition);
    if (to === null || !isInside(to, from)) return [{ from, to: to ?? from, label }];
    return (children.get(from) ?? [])
      .filter((child) => child !== to)
      .map((child) => ({ from: child, to, label }));
  });
}

/** The innermost state that holds both ends; the empty string for the chart itself. */
function scopeOf({ from, to }: Arrow): string {
  let scope = parentOf(from);
  while (!isInside(to, scope)) scope = parentOf(scope);
  return scope;
}

/** Arrows between the same two states share a line, one label below the other. */
function arrowLines(arrows: readonly Arrow[], indent: string): string[] {
  const labels = new Map<string, Set<string>>();
  for (const { from, to, label } of arrows) {
    const arrow = `${indent}${mermaidId(from)} --> ${mermaidId(to)}`;
    labels.set(arrow, (labels.get(arrow) ?? new Set()).add(label));
  }
  return [...labels].map(([arrow, texts]) => `${arrow}: ${[...texts].join('<br/>')}`);
}

function stateLines(state: ChartState, arrows: readonly Arrow[], indent: string): string[] {
  const id = mermaidId(state.id);
  const opening = `${indent}state "${state.name}" as ${id}`;
  if (state.states.length > 0) {
    const body = bodyLines(state, state.id, arrows, `${indent}  `);
    return [`${opening} {`, ...body, `${indent}}`];
  }
  return state.kind === 'final' ? [opening, `${indent}${id} --> [*]`] : [opening];
}

function bodyLines(
  state: ChartState,
  scope: string,
  arrows: readonly Arrow[],
  indent: string,
): string[] {
  const initial = state.initial === null ? [] : [`${indent}[*] --> ${mermaidId(state.initial)}`];
  const separator = state.kind === 'parallel' ? [`${indent}--`] : [];
  const inner = state.states.flatMap((child, index) => [
    ...(index > 0 ? separator : []),
    ...stateLines(child, arrows, indent),
  ]);
  const own = arrows.filter((arrow) => scopeOf(arrow) === scope);
  return [...initial, ...inner, ...arrowLines(own, indent)];
}

/** Draws the chart. Deterministic, so that a test can hold a copy equal to the machine. */
export function mermaidOf(chart: Chart): string {
  return ['stateDiagram-v2', ...bodyLines(chart.root, '', arrowsOf(chart), '  '), ''].join('\n');
}
