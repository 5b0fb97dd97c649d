/**
 * One tool call's life. A specification, not an actor: the ledger moves its records along
 * {@link nextCallState}, a table read from this machine once, because an actor per call would cost
 * more than the call.
 */
import { setup } from 'xstate';
import type { CallOutcome } from './call-outcome.ts';

export type CallEvent =
  /** A handler slot was free: the handler runs. */
  | { type: 'started' }
  /** There is an answer: the handler's, or a refusal that the model can act on. */
  | { type: 'finished' }
  /** The handler passed its deadline; the model is told so, a late result is dropped. */
  | { type: 'timed.out' }
  /** Its turn or session is over before there was an answer; nobody waits for one. */
  | { type: 'cancelled' }
  /** A crash hid whether the started handler finished. */
  | { type: 'lost' }
  /** The host has the answer. */
  | { type: 'confirmed' }
  /** The host will never take the answer. */
  | { type: 'refused' }
  /** The host no longer knows the call. */
  | { type: 'gone' };

export const callMachine = setup({ types: { events: {} as CallEvent } }).createMachine({
  id: 'call',
  initial: 'waiting',
  states: {
    waiting: {
      on: {
        started: { target: 'running' },
        finished: { target: 'submitting' },
        cancelled: { target: 'cancelled' },
      },
    },
    running: {
      on: {
        finished: { target: 'submitting' },
        'timed.out': { target: 'expiring' },
        cancelled: { target: 'cancelled' },
        lost: { target: 'unknown' },
      },
    },
    submitting: {
      on: {
        confirmed: { target: 'answered' },
        refused: { target: 'refused' },
        gone: { target: 'abandoned' },
      },
    },
    expiring: {
      on: {
        confirmed: { target: 'expired' },
        refused: { target: 'expired' },
        gone: { target: 'expired' },
      },
    },
    answered: { type: 'final' },
    refused: { type: 'final' },
    expired: { type: 'final' },
    cancelled: { type: 'final' },
    abandoned: { type: 'final' },
    unknown: { type: 'final' },
  },
});

/** Where a call is in its life. */
export type CallState = 'waiting' | 'running' | 'submitting' | 'expiring' | CallOutcome;

type Transitions = Partial<Record<CallEvent['type'], CallState>>;

/** Read from the machine once: looking a transition up costs two property reads. */
const transitions: Partial<Record<CallState, Transitions>> = Object.fromEntries(
  Object.entries(callMachine.root.states).map(([from, node]) => [
    from,
    Object.fromEntries(
      [...node.transitions].map(([event, [transition]]) => [event, transition?.target?.[0]?.key]),
    ),
  ]),
);

/** The state after `event`, or undefined where the event means nothing: then nothing changes. */
export function nextCallState(state: CallState, event: CallEvent['type']): CallState | undefined {
  return transitions[state]?.[event];
}
