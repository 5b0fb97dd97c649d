/** The sizes that layout and picture agree on, in CSS pixels. */
import type { ChartState, ChartTransition } from '../chart.ts';
import { textWidth, type Font } from './text.ts';

/** A state's name. */
export const nameFont: Font = { sizePx: 13, bold: true };
/** An event with its guard. */
export const lineFont: Font = { sizePx: 11, bold: false };

/** Height of a line with a name, and of one with a transition. */
export const nameHeight = 18;
export const lineHeight = 15;

/** Room for the sign in front of a line: the clock of a deadline, the loop of an inner transition. */
export const signWidth = 14;

/** Between the border of a state and its text. */
export const statePadding = { x: 14, y: 9 };
/** Between the border of a label and its text. */
export const labelPadding = { x: 6, y: 2 };
/** Between a state's name and the transitions that stay in it. */
export const innerGap = 5;

/** Diameter of the dot where a compound state begins. */
export const dotSize = 10;

/** The texts of a line, in the order they stand in. Each but the first begins with a space. */
export interface LineText {
  readonly event: string;
  readonly guard: string;
  /** What is done; told only where no state changes, because there it is the whole point. */
  readonly actions: string;
}

/** Whether the transition leaves its state's box as an arrow. */
export function isArrow({ from, to }: ChartTransition): boolean {
  return to !== null && to !== from;
}

/** What is written for a transition. */
export function lineText(transition: ChartTransition): LineText {
  const { event, guard, actions } = transition;
  const shown = isArrow(transition) ? [] : actions;
  return {
    event: event === '' ? 'always' : event,
    guard: guard === null ? '' : ` [${guard}]`,
    actions: shown.length === 0 ? '' : ` / ${shown.join(', ')}`,
  };
}

/** Whether a sign stands in front of the line. */
export function hasSign(transition: ChartTransition): boolean {
  return transition.delay !== null || !isArrow(transition);
}

/** The width of a line with its sign. */
export function lineWidth(transition: ChartTransition): number {
  const { event, guard, actions } = lineText(transition);
  const sign = hasSign(transition) ? signWidth : 0;
  return sign + textWidth(event + guard + actions, lineFont);
}

/** The size of what stands at the top of a state: its name, and under it what stays in it. */
export function headSize(
  { name }: ChartState,
  inner: readonly ChartTransition[],
): { readonly width: number; readonly height: number } {
  const width = Math.max(textWidth(name, nameFont), ...inner.map(lineWidth));
  const lines = inner.length === 0 ? 0 : innerGap + inner.length * lineHeight;
  return { width: width + 2 * statePadding.x, height: nameHeight + lines + 2 * statePadding.y };
}
