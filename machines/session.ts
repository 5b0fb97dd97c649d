/**
 * The life of one session, as data: what may happen, never how.
 *
 * The mesh sends these events when life or lock changes, and never once per tool call; a call only
 * consults the snapshot. Invariants, held on every reachable state by a test:
 * - the catalog changes in `draft` only (M4);
 * - one source at most holds the dispatch lock (M3);
 * - every wait on the host has a deadline that ends in a named state.
 */
import { assign, setup, type SnapshotFrom } from 'xstate';

/** Who may bring calls: `auto` moves the lock by itself, `strict` leaves it to the user. */
export type DispatchPolicy = 'auto' | 'strict';

/** Where a call came from: pushed by the stream, or read from the host's list of pending calls. */
export type CallSource = 'signal' | 'polling';

export interface SessionInput {
  readonly dispatch: DispatchPolicy;
  /** Whether the host can list pending calls while its stream is down. */
  readonly listsWhileLost: boolean;
  readonly openTimeoutMs: number;
  readonly closeGraceMs: number;
  readonly releaseTimeoutMs: number;
}

export interface SessionContext extends SessionInput {
  /** Names of the tools in the catalog, in the order they were added. */
  readonly tools: readonly string[];
  /** The turn that is active, or null. */
  readonly turnId: string | null;
  /** The code of the error that ended the session, or null. */
  readonly failure: string | null;
}

export type SessionEvent =
  | { type: 'tool.added'; name: string }
  | { type: 'tool.removed'; name: string }
  | { type: 'catalog.cleared' }
  | { type: 'open' }
  | { type: 'opened' }
  | { type: 'rejected'; code: string }
  | { type: 'link.lost' }
  | { type: 'link.restored' }
  | { type: 'link.gone'; code: string }
  | { type: 'signal.taken' }
  | { type: 'signal.silent' }
  | { type: 'polling.taken' }
  | { type: 'reconciled' }
  | { type: 'dispatch.reset' }
  | { type: 'turn.requested' }
  | { type: 'turn.refused' }
  | { type: 'turn.started'; turnId: string }
  | { type: 'turn.interrupting' }
  | { type: 'turn.ended'; turnId: string }
  | { type: 'close'; graceMs?: number }
  | { type: 'calls.settled' }
  | { type: 'released' };

export const sessionMachine = setup({
  types: {
    context: {} as SessionContext,
    events: {} as SessionEvent,
    input: {} as SessionInput,
  },
  actions: {
    addTool: assign({ tools: ({ context }, name: string) => [...context.tools, name] }),
    removeTool: assign({
      tools: ({ context }, name: string) => context.tools.filter((tool) => tool !== name),
    }),
    clearTools: assign({ tools: [] }),
    setTurn: assign({ turnId: (_, turnId: string) => turnId }),
    clearTurn: assign({ turnId: null }),
    setFailure: assign({ failure: (_, code: string) => code }),
    setGrace: assign({
      closeGraceMs: ({ context }, graceMs: number | undefined) => graceMs ?? context.closeGraceMs,
    }),
  },
  guards: {
    isAuto: ({ context }) => context.dispatch === 'auto',
    isNewTool: ({ context }, name: string) => !context.tools.includes(name),
    pollsWhileLost: ({ context }) => context.dispatch === 'auto' && context.listsWhileLost,
    isActiveTurn: ({ context }, turnId: string) => context.turnId === turnId,
  },
  delays: {
    openTimeout: ({ context }) => context.openTimeoutMs,
    closeGrace: ({ context }) => context.closeGraceMs,
    releaseTimeout: ({ context }) => context.releaseTimeoutMs,
  },
}).createMachine({
  id: 'session',
  context: ({ input }) => ({ ...input, tools: [], turnId: null, failure: null }),
  initial: 'draft',
  states: {
    draft: {
      on: {
        'tool.added': {
          guard: { type: 'isNewTool', params: ({ event }) => event.name },
          actions: { type: 'addTool', params: ({ event }) => event.name },
        },
        'tool.removed': { actions: { type: 'removeTool', params: ({ event }) => event.name } },
        'catalog.cleared': { actions: 'clearTools' },
        open: { target: 'opening' },
        close: { target: 'closed' },
      },
    },
    opening: {
      after: {
        openTimeout: {
          target: 'failed',
          actions: { type: 'setFailure', params: 'session_open_failed' },
        },
      },
      on: {
        opened: { target: 'running' },
        rejected: {
          target: 'failed',
          actions: { type: 'setFailure', params: ({ event }) => event.code },
        },
        close: {
          target: 'closing',
          actions: { type: 'setGrace', params: ({ event }) => event.graceMs },
        },
      },
    },
    running: {
      type: 'parallel',
      states: {
        link: {
          initial: 'online',
          states: {
            online: { on: { 'link.lost': { target: 'lost' } } },
            lost: { on: { 'link.restored': { target: 'online' } } },
          },
        },
        dispatch: {
          initial: 'neutral',
          on: {
            'dispatch.reset': { target: '.neutral' },
            'link.lost': [
              { guard: 'pollsWhileLost', target: '.polling' },
              { guard: 'isAuto', target: '.neutral' },
            ],
            'link.restored': { guard: 'isAuto', target: '.polling' },
            'signal.silent': { guard: 'isAuto', target: '.polling' },
          },
          states: {
            neutral: {
              on: {
                'signal.taken': { target: 'signal' },
                'polling.taken': { target: 'polling' },
              },
            },
            signal: { on: { 'polling.taken': { guard: 'isAuto', target: 'polling' } } },
            polling: {
              on: {
                'signal.taken': { guard: 'isAuto', target: 'signal' },
                reconciled: { guard: 'isAuto', target: 'signal' },
              },
            },
          },
        },
        turn: {
          initial: 'idle',
          states: {
            idle: {
              on: {
                'turn.requested': { target: 'starting' },
                'turn.started': {
                  target: 'active',
                  actions: { type: 'setTurn', params: ({ event }) => event.turnId },
                },
              },
            },
            starting: {
              on: {
                'turn.refused': { target: 'idle' },
                'turn.ended': { target: 'idle' },
                'turn.started': {
                  target: 'active',
                  actions: { type: 'setTurn', params: ({ event }) => event.turnId },
                },
              },
            },
            active: {
              on: {
                'turn.interrupting': { target: 'interrupting' },
                // The end of the turn before was missed: the host knows better.
                'turn.started': {
                  actions: { type: 'setTurn', params: ({ event }) => event.turnId },
                },
                'turn.ended': {
                  guard: { type: 'isActiveTurn', params: ({ event }) => event.turnId },
                  target: 'idle',
                  actions: 'clearTurn',
                },
              },
            },
            interrupting: {
              on: {
                'turn.ended': {
                  guard: { type: 'isActiveTurn', params: ({ event }) => event.turnId },
                  target: 'idle',
                  actions: 'clearTurn',
                },
              },
            },
          },
        },
      },
      on: {
        'link.gone': {
          target: 'failed',
          actions: { type: 'setFailure', params: ({ event }) => event.code },
        },
        close: {
          target: 'closing',
          actions: { type: 'setGrace', params: ({ event }) => event.graceMs },
        },
      },
    },
    closing: {
      initial: 'draining',
      states: {
        draining: {
          after: { closeGrace: { target: 'releasing' } },
          on: { 'calls.settled': { target: 'releasing' } },
        },
        releasing: {
          after: { releaseTimeout: { target: '#session.closed' } },
          on: { released: { target: '#session.closed' } },
        },
      },
    },
    closed: { type: 'final' },
    failed: { type: 'final' },
  },
});

/** A state of a session, as the mesh sees it. */
export type SessionSnapshot = SnapshotFrom<typeof sessionMachine>;

/** Who holds the dispatch lock. */
export type DispatchMode = 'neutral' | CallSource;

/** Where the parts of a running session are, or undefined for one that is not running. */
function runningParts({ value }: SessionSnapshot) {
  return typeof value === 'object' && 'running' in value ? value.running : undefined;
}

/** The holder of the dispatch lock; `neutral` outside `running`. */
export function dispatchModeOf(snapshot: SessionSnapshot): DispatchMode {
  return runningParts(snapshot)?.dispatch ?? 'neutral';
}

/** Whether the link of a running session is lost. */
export function isLinkLost(snapshot: SessionSnapshot): boolean {
  return runningParts(snapshot)?.link === 'lost';
}

/**
 * Whether a call from `source` may be taken now: the session is running, and under `strict` the
 * other source does not hold the lock.
 */
export function acceptsCalls(snapshot: SessionSnapshot, source: CallSource): boolean {
  const holder = runningParts(snapshot)?.dispatch;
  if (holder === undefined) return false;
  return snapshot.context.dispatch === 'auto' || holder === 'neutral' || holder === source;
}
