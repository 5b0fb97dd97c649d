/**
 * A chart with coordinates: everything a picture needs, and nothing about how it is painted.
 *
 * Lengths are CSS pixels, whole numbers, measured from the top left corner of the picture. The file
 * imports only types, so that a page in a browser can use it too.
 */
import type { ChartTransition, StateKind } from './chart.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A rectangle; `x` and `y` are its top left corner. */
export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** One line of text that shows one transition. Its box lies inside the label or the state it is in. */
export interface DrawnTransition {
  /** The index in `Chart.transitions`: what a page keys its elements by. */
  readonly index: number;
  readonly transition: ChartTransition;
  readonly box: Box;
}

/** One state. A state comes before the states inside it, as it is painted. */
export interface DrawnState extends Box {
  readonly id: string;
  readonly name: string;
  readonly kind: StateKind;
  /** The id of the state around it; null for the machine itself. */
  readonly parent: string | null;
  /** Whether it is one of several that are active at the same time. */
  readonly region: boolean;
  /** Where its name stands. */
  readonly nameBox: Box;
  /** Transitions that stay in the state: those without a target, and those to itself. */
  readonly inner: readonly DrawnTransition[];
}

/** One arrow: all the transitions from one state to another. */
export interface DrawnArrow {
  readonly from: string;
  readonly to: string;
  /** At least two; each part is horizontal or vertical, the last point is the tip. */
  readonly points: readonly Point[];
  /** Around the lines of text; the arrow runs through it. */
  readonly label: Box;
  /** One for each transition, in the machine's order. */
  readonly lines: readonly DrawnTransition[];
}

/** The dot of a compound state, with its arrow to the state that is entered first. */
export interface DrawnStart {
  /** The compound state. */
  readonly in: string;
  /** The state that is entered first. */
  readonly to: string;
  readonly dot: Box;
  readonly points: readonly Point[];
}

/** A chart, laid out. */
export interface Drawing {
  /** The machine's id. */
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly states: readonly DrawnState[];
  readonly arrows: readonly DrawnArrow[];
  readonly starts: readonly DrawnStart[];
}
