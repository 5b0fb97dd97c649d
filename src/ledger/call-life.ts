/** What may follow what in a journal (J1), for whoever writes one and whoever reads it back. */
import type { CallOutcome } from '../../machines/call-outcome.ts';
import { nextCallState, type CallEvent, type CallState } from '../../machines/call.ts';
import type { CallEffects } from './journal.ts';

/** A call that is not over. A class for the reason of `LiveCall`. */
export class OpenCall {
  readonly id: number;
  readonly effects: CallEffects;
  /** Of its last start. */
  attempt: number;
  state: CallState = 'running';

  constructor(id: number, effects: CallEffects, attempt: number) {
    this.id = id;
    this.effects = effects;
    this.attempt = attempt;
  }
}

/** The events that end calls. */
const endings: readonly CallEvent['type'][] = ['confirmed', 'cancelled', 'gone', 'refused', 'lost'];

const answered = nextCallState('running', 'finished');
const expiring = nextCallState('running', 'timed.out');

/** The outcomes that a call may end in, by where it is. */
const ends = new Map<CallState, ReadonlySet<CallState | undefined>>(
  (['running', 'submitting', 'expiring'] as const).map((state) => [
    state,
    new Set(endings.map((event) => nextCallState(state, event))),
  ]),
);

/** Whether a call may be started once more. */
export function mayStartAgain({ state, effects, attempt }: OpenCall, next: number): boolean {
  return state === 'running' && effects === 'repeatable' && next > attempt;
}

/** Where a call is once it has an answer, or undefined if it cannot get one. */
export function stateWithAnswer(state: CallState, expired: boolean): CallState | undefined {
  if (state !== 'running') return undefined;
  return expired ? expiring : answered;
}

/** Whether a call may end in `outcome` from `state`. */
export function mayEnd(state: CallState, outcome: CallOutcome): boolean {
  return ends.get(state)?.has(outcome) ?? false;
}
