/**
 * Every bound of SessionMesh, with its unit in its name and what happens when it is reached.
 * A queue, cache, buffer, retry or wait without an entry here is a bug.
 */
import { SessionMeshError } from './errors.ts';

export const defaultLimits = {
  // Frames and the JSON-RPC peer
  /** A longer line or frame closes the stream. Codex itself cuts a WebSocket frame above 16 MiB. */
  frameBytesMax: 16 * 1024 * 1024,
  /** More own requests wait in line. Codex answers -32001 above some 128 in flight. */
  requestsInFlightMax: 64,
  /** More waiting own requests are refused with `overloaded`. */
  requestsQueuedMax: 10_000,
  /** Unsent bytes above which the stream counts as dead and is closed. */
  sendBufferBytesMax: 64 * 1024 * 1024,
  /** An own request without an answer for this long fails with `request_timeout`. */
  requestTimeoutMs: 60_000,
  /** Attempts at a request that the server refuses as overloaded (-32001), the first included. */
  overloadAttemptsMax: 8,
  overloadBackoffBaseMs: 50,
  overloadBackoffCapMs: 2_000,

  // Hosts
  /** Spawn or connect plus handshake. */
  connectTimeoutMs: 20_000,
  /** A ping is sent this often over a socket; two unanswered ones mean the link is dead. */
  heartbeatMs: 15_000,
  reconnectBackoffBaseMs: 100,
  reconnectBackoffCapMs: 10_000,
  /** More restarts than this within `restartWindowMs` and the host is `failed`. */
  restartsMax: 5,
  restartWindowMs: 60_000,
  /** Sessions resumed at once after a reconnect; the others wait their turn. */
  resumesInFlightMax: 8,
  /** How long a child process gets to exit before it is killed. */
  childExitMs: 1_500,
  /** Bytes of the child's stderr kept to explain its death; older ones are dropped. */
  childStderrBytesMax: 16 * 1024,

  // Sessions
  /** The host must open, resume or release a thread within this time. */
  openTimeoutMs: 30_000,
  releaseTimeoutMs: 5_000,
  /** How long running handlers may go on when their session closes, before they are aborted. */
  closeGraceMs: 5_000,
  /** Ended turns of a session whose record is kept; the oldest is forgotten first. */
  turnsKeptMax: 32,
  sessionsMax: 100_000,
  /** Default time of `sendAndHandle`. */
  turnTimeoutMs: 600_000,
  textCharsMax: 1_048_576,

  // Calls
  /** Default deadline of a handler. */
  handlerTimeoutMs: 120_000,
  /** Handlers of one session that run at once; more calls wait. */
  sessionConcurrencyMax: 8,
  /** Handlers of the mesh that run at once; more calls wait. */
  meshConcurrencyMax: 256,
  /** Calls of one session that may wait for a handler slot; one more is refused, retryable. */
  sessionWaitingMax: 64,
  /** Calls of the mesh that may wait; one more is refused, retryable. */
  meshWaitingMax: 10_000,
  /** A result above this many UTF-8 bytes of text is cut, and says so. */
  resultTextBytesMax: 256 * 1024,
  /** A result above this many bytes in all (images, audio) is refused. */
  resultBytesMax: 8 * 1024 * 1024,
  argumentBytesMax: 1024 * 1024,
  argumentDepthMax: 64,

  // Ledger and outbox
  /** Finished calls remembered by one mesh. */
  ledgerCallsMax: 65_536,
  /** The last calls of a session that other sessions cannot push out. */
  ledgerSessionCallsMin: 1_024,
  /** A finished call is remembered at least this long after its turn ended. */
  ledgerKeepMs: 600_000,
  /** Kept answers in all; beyond it the oldest finished calls are forgotten first. */
  ledgerAnswerBytesMax: 64 * 1024 * 1024,
  /** Outcomes waiting for the host; beyond it the oldest is abandoned and counted. */
  outboxCallsMax: 10_000,
  submitBackoffBaseMs: 100,
  submitBackoffCapMs: 5_000,

  // Reconciliation
  pollMinMs: 250,
  pollMaxMs: 2_000,
  /** A call listed by the host for this long that no signal brought: the stream counts as silent. */
  silentCallMs: 2_000,

  // Observers
  /** Events kept for a slow `mesh.events()` reader; then the oldest are dropped and `lagged` says how many. */
  eventsBufferedMax: 1_024,

  // Tools
  /** Tools of one session, members of namespaces included. */
  toolsMax: 512,
  /** A schema beyond these is refused before it is compiled. */
  schemaBytesMax: 512 * 1024,
  schemaDepthMax: 64,
  /** Compiled validators kept, by schema; the least recently used is dropped. */
  validatorsMax: 1_024,
} as const;

/** All bounds, resolved. */
export type Limits = { readonly [K in keyof typeof defaultLimits]: number };

/** What must hold between bounds, so that two of them cannot contradict each other. */
const relations: readonly (readonly [keyof Limits, keyof Limits])[] = [
  ['overloadBackoffBaseMs', 'overloadBackoffCapMs'],
  ['reconnectBackoffBaseMs', 'reconnectBackoffCapMs'],
  ['submitBackoffBaseMs', 'submitBackoffCapMs'],
  ['pollMinMs', 'pollMaxMs'],
  ['sessionConcurrencyMax', 'meshConcurrencyMax'],
  ['sessionWaitingMax', 'meshWaitingMax'],
  ['ledgerSessionCallsMin', 'ledgerCallsMax'],
  ['resultTextBytesMax', 'resultBytesMax'],
  ['resultBytesMax', 'frameBytesMax'],
  ['frameBytesMax', 'sendBufferBytesMax'],
];

/**
 * The default bounds with `overrides` laid over them.
 * @throws SessionMeshError `limit_invalid` for an unknown name, a value that is not a finite number
 * above zero, or two bounds that contradict each other.
 */
export function resolveLimits(overrides: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(overrides)) {
    if (!(name in defaultLimits)) {
      throw new SessionMeshError('limit_invalid', { expected: 'the name of a limit', found: name });
    }
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
      throw new SessionMeshError('limit_invalid', {
        expected: `a finite number above zero for ${name}`,
        found: String(value),
      });
    }
  }
  const limits: Limits = { ...defaultLimits, ...overrides };
  for (const [smaller, larger] of relations) {
    if (limits[smaller] > limits[larger]) {
      throw new SessionMeshError('limit_invalid', {
        expected: `${smaller} <= ${larger}`,
        found: `${limits[smaller]} > ${limits[larger]}`,
      });
    }
  }
  return limits;
}

resolveLimits();
