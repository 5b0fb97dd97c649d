/** How calls end. Apart from their machine, so that whoever only reads outcomes does not load it. */

/** The final states of a call, the happy one first. */
export const callOutcomes = [
  'answered',
  'refused',
  'expired',
  'cancelled',
  'abandoned',
  'unknown',
] as const;

/** How a call ended. */
export type CallOutcome = (typeof callOutcomes)[number];

const names: ReadonlySet<string> = new Set(callOutcomes);

/** Whether a call in this state is over. */
export const isCallOutcome = (state: string): state is CallOutcome => names.has(state);
