/**
 * The link between a host and what it talks to, as data. One machine serves a child process and a
 * socket: only what `connecting` does differs.
 *
 * Time, randomness and restart intensity stay outside: whoever drives the machine says with each
 * loss whether it may try again and after how long.
 */
import { assign, setup } from 'xstate';

export interface ConnectionContext {
  /** How many links came before this one: the epoch of a child process. */
  readonly losses: number;
  /** How long the current wait lasts. */
  readonly delayMs: number;
  /** The code of the last error, or null. */
  readonly failure: string | null;
}

export type ConnectionEvent =
  | { type: 'start' }
  | { type: 'connected' }
  | { type: 'handshaken' }
  /** The attempt or the link failed; another one follows after `delayMs`. */
  | { type: 'lost'; code: string; delayMs: number }
  /** It failed for good: restarts are used up, or trying again cannot help. */
  | { type: 'given.up'; code: string }
  | { type: 'stop' };

export const connectionMachine = setup({
  types: { context: {} as ConnectionContext, events: {} as ConnectionEvent },
  actions: {
    recordLoss: assign({
      losses: ({ context }) => context.losses + 1,
      delayMs: (_, loss: { code: string; delayMs: number }) => loss.delayMs,
      failure: (_, loss: { code: string; delayMs: number }) => loss.code,
    }),
    recordFailure: assign({ failure: (_, code: string) => code }),
    clearFailure: assign({ failure: null }),
  },
  delays: { backoff: ({ context }) => context.delayMs },
}).createMachine({
  id: 'connection',
  context: { losses: 0, delayMs: 0, failure: null },
  initial: 'idle',
  states: {
    idle: {
      on: { start: { target: '#connecting' }, stop: { target: 'stopped' } },
    },
    live: {
      initial: 'connecting',
      on: {
        lost: {
          target: 'waiting',
          actions: { type: 'recordLoss', params: ({ event }) => event },
        },
        'given.up': {
          target: 'failed',
          actions: { type: 'recordFailure', params: ({ event }) => event.code },
        },
        stop: { target: 'stopped' },
      },
      states: {
        connecting: { id: 'connecting', on: { connected: { target: 'handshaking' } } },
        handshaking: { on: { handshaken: { target: 'ready', actions: 'clearFailure' } } },
        ready: {},
      },
    },
    waiting: {
      after: { backoff: { target: '#connecting' } },
      on: { stop: { target: 'stopped' } },
    },
    stopped: { type: 'final' },
    failed: { type: 'final' },
  },
});
