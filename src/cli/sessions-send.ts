/** `sessionmesh sessions send`: says something to a session, tells what it does, and prints the reply. */
import { text as readAll } from 'node:stream/consumers';
import { systemEnv } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import { callRowType, type StreamFrame } from '../hosts/control-service/frame.ts';
import { routes } from '../hosts/control-service/routes.ts';
import { turnIdOf } from '../hosts/control-service/session-requests.ts';
import { endingOf, replyOf, turnOf } from '../hosts/control-service/session-view.ts';
import { refusedTurn } from '../hosts/control-service/turn-start.ts';
import { isRecord } from '../tools/json.ts';
import { frameText, toolText } from './frame-text.ts';
import { interruptedExitCode, watchInterruption } from './interruption.ts';
import { openPage } from './page.ts';
import { cut, fit, plainLines, tookText } from './plain-text.ts';
import { connectService, type Connection } from './service-connection.ts';
import type { AddressOptions } from './service-address.ts';
import { readCallRow } from './service-rows.ts';
import { resolveSessionId } from './session-list.ts';
import { streamNotices } from './stream-notices.ts';

/** How to send. */
export interface SessionsSendOptions extends AddressOptions {
  /** False: does not wait for the reply. */
  readonly wait?: boolean;
  /** Seconds. */
  readonly timeout?: number;
  readonly model?: string;
  readonly effort?: string;
  readonly json?: boolean;
}

/** What became of the turn that has the message. */
interface TurnOutcome {
  readonly sessionId: string;
  readonly turnId: string;
  readonly status: string;
  readonly error: string | null;
  readonly reply: string | null;
}

/** A turn that ended otherwise than it should: the exit code says so. */
const endedBadlyExitCode = 1;

async function readMessage(given: string): Promise<string> {
  const text = given === '-' ? await readAll(process.stdin) : given;
  if (text.trim() !== '') return text;
  throw new SessionMeshError('text_invalid', { expected: 'something to say', found: 'nothing' });
}

const now = (): number => systemEnv.clock.monotonic();

/** Tells on the standard error what the session does meanwhile: its calls, and what waits for a person. */
function progressTeller(sessionId: string) {
  const page = openPage(process.stderr);
  const calls = new Map<string, { readonly tool: string; readonly atMs: number }>();
  const line = (what: string, detail: string) => {
    const head = `  ${fit(what, 16)}  `;
    const room = process.stderr.isTTY ? process.stderr.columns - head.length : Infinity;
    page.line(page.paint('dim', `${head}${cut(detail, room)}`.trimEnd()));
  };
  return (frame: StreamFrame): void => {
    if (frame.threadId !== sessionId) return;
    const { what, detail } = frameText(frame, (id) => calls.get(id)?.tool);
    const { type, payload } = frame;
    const row = type === callRowType ? readCallRow(payload) : null;
    if (row) {
      if (calls.has(row.requestId)) return;
      calls.set(row.requestId, { tool: toolText(row.tool, row.namespace), atMs: now() });
      line(what, detail);
    } else if (type === 'tool_call_resolved') {
      const requestId = isRecord(payload) ? String(payload.requestId) : '';
      const begun = calls.get(requestId);
      line(what, begun ? `${detail} after ${tookText(now() - begun.atMs)}` : detail);
      calls.delete(requestId);
    } else if (type === 'approval' || type === 'tool_user_input_requested') line(what, detail);
    else if (type === 'app_server.error' || type === 'app_server.warning') line(what, detail);
  };
}

const turnEndType = 'app_server.turn.completed';

/** The text of the assistant in the turn that a frame ends, as far as it says. */
function replyInFrame(turn: Readonly<Record<string, unknown>>): string | null {
  const items = Array.isArray(turn.items) ? turn.items.filter(isRecord) : [];
  const last = items.findLast(({ type, text }) => type === 'agentMessage' && text !== '');
  return typeof last?.text === 'string' ? last.text : null;
}

/** The end of a turn, as a frame tells it; null for any other frame. */
function endInFrame({ type, payload }: StreamFrame, turnId: string) {
  if (type !== turnEndType || !isRecord(payload) || !isRecord(payload.params)) return null;
  const { turn } = payload.params;
  if (!isRecord(turn) || turn.id !== turnId || typeof turn.status !== 'string') return null;
  const { message } = isRecord(turn.error) ? turn.error : { message: null };
  const error = typeof message === 'string' ? message : null;
  return { status: turn.status, error, reply: replyInFrame(turn) };
}

/** How the turn stands when the session is read; null while it goes on. */
async function readEnd(connection: Connection, sessionId: string, turnId: string) {
  const detail = await connection.ask(routes.readSession(sessionId), { sessionId });
  const turn = turnOf(detail, turnId);
  const status = turn?.status ?? null;
  if (status === null || endingOf(status) === null) return null;
  return { status, error: turn?.error ?? null, reply: replyOf(detail, turnId) };
}

async function send(
  connection: Connection,
  sessionId: string,
  body: object,
  signal: AbortSignal,
): Promise<string> {
  const reply = await connection.request(routes.postMessage(sessionId, body), signal);
  const turnId = turnIdOf(reply);
  if (turnId === null) throw refusedTurn(reply, sessionId);
  return turnId;
}

/** Sends and follows the turn to its end: by the stream, and by a read where the stream has a gap. */
async function sendAndFollow(
  connection: Connection,
  sessionId: string,
  body: object,
  signal: AbortSignal,
): Promise<TurnOutcome> {
  const tell = progressTeller(sessionId);
  const over = Promise.withResolvers<Omit<TurnOutcome, 'sessionId' | 'turnId'>>();
  over.promise.catch(() => {});
  /** Ends of turns that came before it was known which turn is ours. */
  const early: StreamFrame[] = [];
  let turnId: string | null = null;
  const look = () => {
    if (turnId === null) return;
    readEnd(connection, sessionId, turnId).then(
      (end) => end && over.resolve(end),
      (thrown: unknown) => over.reject(thrown),
    );
  };
  const onFrame = (frame: StreamFrame) => {
    if (frame.threadId !== sessionId) return;
    tell(frame);
    if (frame.type === 'session_deleted') {
      over.reject(new SessionMeshError('session_deleted', { sessionId }));
    }
    if (frame.type !== turnEndType) return;
    if (turnId === null) early.push(frame);
    else {
      const end = endInFrame(frame, turnId);
      if (end) over.resolve(end);
    }
  };
  const notices = streamNotices();
  const onOnline = (isSeamless: boolean) => {
    notices.onOnline(isSeamless);
    if (!isSeamless) look();
  };
  const { onLost } = notices;
  const feed = await connection.openFeed({ onFrame, onOnline, onLagged: look, onLost }, signal);
  const onAbort = () => over.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    feed.follow(sessionId);
    await feed.settled();
    const taken = await send(connection, sessionId, body, signal);
    turnId = taken;
    for (const frame of early) onFrame(frame);
    const end = await Promise.race([over.promise, feed.failed]);
    const reply = end.reply ?? (await readEnd(connection, sessionId, taken))?.reply ?? null;
    return { sessionId, turnId: taken, ...end, reply };
  } finally {
    signal.removeEventListener('abort', onAbort);
    await feed.close();
  }
}

function printOutcome(outcome: TurnOutcome, json: boolean): void {
  const { status, error, reply } = outcome;
  if (endingOf(status) !== 'completed') process.exitCode = endedBadlyExitCode;
  if (json) {
    process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`);
    return;
  }
  for (const line of reply === null ? [] : plainLines(reply)) process.stdout.write(`${line}\n`);
  if (endingOf(status) !== 'completed') {
    const reason = error === null ? status : `${status}: ${error}`;
    process.stderr.write(`the turn ended ${plainLines(reason).join(' ')}\n`);
  } else if (reply === null) process.stderr.write('the turn ended without a reply\n');
}

/** Aborts when either does; with the time over, for a reason that says so. */
function waitLimit(seconds: number | undefined, interruption: AbortSignal, sessionId: string) {
  const late = new AbortController();
  const { clock } = systemEnv;
  const expected = `a reply within ${seconds} s`;
  const fix = 'the turn goes on; see `sessionmesh sessions show`';
  const onLate = () =>
    late.abort(new SessionMeshError('wait_timeout', { expected, fix, sessionId }));
  const timer = seconds === undefined ? null : clock.setTimeout(onLate, seconds * 1_000);
  return {
    signal: AbortSignal.any([interruption, late.signal]),
    [Symbol.dispose]: () => {
      if (timer !== null) clock.clearTimeout(timer);
    },
  };
}

/**
 * Sends `given` and prints the reply; the exit code is 1 if the turn ended otherwise than completed, 130 after
 * Ctrl-C, which leaves the turn to go on.
 * @throws SessionMeshError `wait_timeout`; why the message was not taken; as `resolveSessionId`.
 */
export async function runSessionsSendCommand(
  id: string,
  given: string,
  options: SessionsSendOptions,
): Promise<void> {
  const { wait = true, timeout, model, effort, json = false } = options;
  const text = await readMessage(given);
  using interruption = watchInterruption();
  await using connection = await connectService(options);
  const sessionId = await resolveSessionId(connection, id, interruption.signal);
  using limit = waitLimit(timeout, interruption.signal, sessionId);
  const body = {
    text,
    ...(model === undefined ? {} : { model }),
    ...(effort === undefined ? {} : { effort }),
  };
  if (!wait) {
    const turnId = await send(connection, sessionId, body, limit.signal);
    const said = json ? JSON.stringify({ sessionId, turnId }, null, 2) : turnId;
    process.stdout.write(`${said}\n`);
    return;
  }
  try {
    printOutcome(await sendAndFollow(connection, sessionId, body, limit.signal), json);
  } catch (thrown) {
    if (!interruption.signal.aborted) throw thrown;
    process.stderr.write('no longer waiting; the turn goes on, `sessions interrupt` stops it\n');
    process.exitCode = interruptedExitCode;
  }
}
