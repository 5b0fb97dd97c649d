/** A machine as a graph: states in a tree, transitions between them. What every picture is drawn from. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';

export type StateKind = 'atomic' | 'compound' | 'parallel' | 'final';

/** One state with the states inside it. */
export interface ChartState {
  /** The path from the root, joined by dots; unique within the chart. */
  readonly id: string;
  readonly name: string;
  readonly kind: StateKind;
  /** The id of the state that is entered first, for a compound state. */
  readonly initial: string | null;
  readonly states: readonly ChartState[];
}

/** One transition, or one of several guarded ones for the same event. */
export interface ChartTransition {
  readonly from: string;
  /** Null for a transition that changes no state. */
  readonly to: string | null;
  /** The event, `after <delay>` for a deadline, or the empty string for a transition that needs none. */
  readonly event: string;
  /** The name of the deadline that leads along the transition, or null where an event does. */
  readonly delay: string | null;
  readonly guard: string | null;
  readonly actions: readonly string[];
}

export interface Chart {
  readonly id: string;
  readonly root: ChartState;
  readonly transitions: readonly ChartTransition[];
}

function idOf(node: AnyStateNode): string {
  return node.path.length === 0 ? node.key : node.path.join('.');
}

function kindOf(node: AnyStateNode): StateKind {
  return node.type === 'history' ? 'atomic' : node.type;
}

function nameOf(named: unknown): string {
  if (typeof named === 'string') return named;
  if (typeof named === 'object' && named !== null && 'type' in named) return String(named.type);
  return 'inline';
}

function delayOf(eventType: string): string | null {
  return /^xstate\.after\.([^.]+)\./.exec(eventType)?.[1] ?? null;
}

function stateOf(node: AnyStateNode): ChartState {
  const [initial] = node.type === 'compound' ? (node.initial.target ?? []) : [];
  return {
    id: idOf(node),
    name: node.key,
    kind: kindOf(node),
    initial: initial ? idOf(initial) : null,
    states: Object.values(node.states).map(stateOf),
  };
}

function transitionsOf(node: AnyStateNode): ChartTransition[] {
  const own = [...node.transitions.values(), node.always ?? []].flat().map((transition) => {
    const delay = delayOf(transition.eventType);
    return {
      from: idOf(node),
      to: transition.target?.[0] ? idOf(transition.target[0]) : null,
      event: delay === null ? transition.eventType : `after ${delay}`,
      delay,
      guard: transition.guard === undefined ? null : nameOf(transition.guard),
      actions: transition.actions.map(nameOf),
    };
  });
  return [...own, ...Object.values(node.states).flatMap(transitionsOf)];
}

/** Reads a machine. Pure, and the same for every call with the same machine. */
export function chartOf(machine: AnyStateMachine): Chart {
  return {
    id: machine.id,
    root: stateOf(machine.root),
    transitions: transitionsOf(machine.root),
  };
}
