/**
 * The life of one member of a team, as data: when it is due for a turn, and when it is past help.
 *
 * The board moves it with the pure `transition()`, once per change of a member and never per tool
 * call. Invariants, held on every reachable state by a test:
 * - a turn is active in `working` only, and only `waiting` leads there;
 * - a turn that changes nothing earns one nudge; the next such turn stalls the member;
 * - failed turns in a row and reopenings are bounded, and `stalled` always says why.
 */
import { assign, setup, type SnapshotFrom } from 'xstate';

/** Why a member takes no more turns. */
export type StallCause = 'no_progress' | 'turns_failed' | 'session_lost';

export interface MemberInput {
  /** Failed turns in a row after which the member stalls. */
  readonly turnAttemptsMax: number;
  /** How often a member that is done may be given work again. */
  readonly reworksMax: number;
}

export interface MemberContext extends MemberInput {
  /** Whether it was nudged since it last made progress. */
  readonly nudged: boolean;
  /** Failed turns in a row. */
  readonly failures: number;
  readonly reworks: number;
  readonly stallCause: StallCause | null;
}

export type MemberEvent =
  /** A task was queued for the member. */
  | { type: 'work.assigned' }
  /** The team has come to rest without being complete; this member is asked to move it on. */
  | { type: 'nudge.due' }
  | { type: 'turn.started' }
  /** The member says that it is done, and the board agreed. */
  | { type: 'done.marked' }
  /** The turn ended and the board had changed in it, or the run is over. */
  | { type: 'turn.ended' }
  /** The turn ended and had changed nothing. */
  | { type: 'turn.silent' }
  /** The turn failed, was interrupted or ran out of time. */
  | { type: 'turn.failed' }
  /** The turn failed and so will every other: the session is gone. */
  | { type: 'turn.lost' };

export const memberMachine = setup({
  types: {
    context: {} as MemberContext,
    events: {} as MemberEvent,
    input: {} as MemberInput,
  },
  actions: {
    markNudged: assign({ nudged: true }),
    recordProgress: assign({ nudged: false, failures: 0 }),
    clearFailures: assign({ failures: 0 }),
    countFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    countRework: assign({ reworks: ({ context }) => context.reworks + 1 }),
    setStallCause: assign({ stallCause: (_, cause: StallCause) => cause }),
  },
  guards: {
    wasNudged: ({ context }) => context.nudged,
    mayBeNudged: ({ context }) => !context.nudged,
    mayTryAgain: ({ context }) => context.failures + 1 < context.turnAttemptsMax,
    mayRework: ({ context }) => context.reworks < context.reworksMax,
  },
}).createMachine({
  id: 'member',
  context: ({ input }) => ({
    ...input,
    nudged: false,
    failures: 0,
    reworks: 0,
    stallCause: null,
  }),
  initial: 'idle',
  states: {
    /** Nothing is asked of it. */
    idle: {
      on: {
        'work.assigned': { target: 'waiting.work' },
        'nudge.due': { target: 'waiting.nudge', guard: 'mayBeNudged' },
      },
    },
    /** Due for a turn: for the reason that the state names. */
    waiting: {
      initial: 'work',
      states: {
        work: {
          on: { 'work.assigned': { target: 'work' }, 'turn.started': { target: '#working' } },
        },
        nudge: {
          on: {
            'work.assigned': { target: 'nudge' },
            'turn.started': { target: '#working', actions: 'markNudged' },
          },
        },
        retry: {
          on: { 'work.assigned': { target: 'retry' }, 'turn.started': { target: '#working' } },
        },
      },
    },
    working: {
      id: 'working',
      initial: 'open',
      states: {
        open: {
          on: {
            'work.assigned': { target: 'open' },
            'done.marked': { target: 'finished', actions: 'recordProgress' },
            'turn.ended': { target: '#member.idle', actions: 'recordProgress' },
            'turn.silent': [
              {
                target: '#member.stalled',
                guard: 'wasNudged',
                actions: { type: 'setStallCause', params: 'no_progress' },
              },
              { target: '#member.waiting.nudge', actions: 'clearFailures' },
            ],
            'turn.failed': [
              { target: '#member.waiting.retry', guard: 'mayTryAgain', actions: 'countFailure' },
              {
                target: '#member.stalled',
                actions: { type: 'setStallCause', params: 'turns_failed' },
              },
            ],
            'turn.lost': {
              target: '#member.stalled',
              actions: { type: 'setStallCause', params: 'session_lost' },
            },
          },
        },
        /** Done, while the rest of the turn still runs. */
        finished: {
          on: {
            'work.assigned': { target: 'open', guard: 'mayRework', actions: 'countRework' },
            'turn.ended': { target: '#member.done' },
            'turn.silent': { target: '#member.done' },
            'turn.failed': { target: '#member.done' },
            'turn.lost': { target: '#member.done' },
          },
        },
      },
    },
    done: {
      on: {
        'work.assigned': { target: 'waiting.work', guard: 'mayRework', actions: 'countRework' },
      },
    },
    /** For good: what it still has to do goes to nobody. */
    stalled: {},
  },
});

/** A state of a member. */
export type MemberSnapshot = SnapshotFrom<typeof memberMachine>;
