/** Which state a chart is to show: one that is given, a live session's, or a session's at some moment of a history. */
import { open, type FileHandle } from 'node:fs/promises';
import type { machines } from '../../machines/index.ts';
import { parseStateValue, type StateValue } from '../charts/active-states.ts';
import { systemEnv } from '../env.ts';
import { messageOf, SessionMeshError } from '../errors.ts';
import { applyRecord } from '../history/fold.ts';
import { openHistory } from '../history/reader.ts';
import { emptyView, type RunView } from '../history/view.ts';
import { Credentials } from '../hosts/control-service/credentials.ts';
import { checkOptions } from '../hosts/control-service/options.ts';
import { connectWebSocket } from '../rpc/websocket.ts';
import { isRecord } from '../tools/json.ts';
import { findService, type AddressOptions, type FoundService } from './service-address.ts';
import { connectTo } from './service-connection.ts';
import { resolveSessionId } from './session-list.ts';

/** What the command line says of the state. */
export interface ChartStateOptions extends AddressOptions {
  /** A state value: a name, a path with dots, or JSON. */
  readonly state?: string;
  /** A session's id or its beginning. */
  readonly session?: string;
  /** A history to read the session's state from, instead of asking the service. */
  readonly history?: string;
  /** A moment in the history: a date, or milliseconds as the records have them. Default: its end. */
  readonly at?: string;
}

type MachineName = keyof typeof machines;

function invalid(expected: string, found?: string): SessionMeshError {
  return new SessionMeshError('option_invalid', {
    expected,
    ...(found === undefined ? {} : { found }),
  });
}

function parsedState(text: string): StateValue {
  if (!text.trimStart().startsWith('{')) return text;
  try {
    const value = parseStateValue(JSON.parse(text));
    if (value !== null) return value;
  } catch {
    // Said below, the same for what is no JSON and for JSON that is no state.
  }
  throw invalid('--state to be a name, a path with dots or a JSON object', text);
}

function momentOf(text: string): number {
  const timeMs = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isFinite(timeMs)) return timeMs;
  throw invalid('--at to be a date or milliseconds', text);
}

/** Opened before it is read, so that a file that is not there is told from one that is no history. */
async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (thrown) {
    throw new SessionMeshError('option_invalid', {
      expected: '--history to be a history file that can be read',
      found: messageOf(thrown),
      cause: thrown,
    });
  }
}

async function viewAt(path: string, timeMs: number): Promise<RunView> {
  const view = emptyView();
  await using file = await openFile(path);
  const { records } = await openHistory(file.createReadStream());
  for await (const record of records) {
    if (record.at > timeMs) break;
    applyRecord(view, record);
  }
  return view;
}

function memberState({ teams }: RunView, sessionId: string): string | undefined {
  const members = [...teams.values()].flatMap(({ members }) => [...members.values()]);
  return members.findLast((member) => member.sessionId === sessionId)?.state;
}

function sessionIn({ sessions }: RunView, given: string): string {
  const ids = [...sessions.keys()].filter((id) => id.startsWith(given));
  const [first, ...others] = ids.includes(given) ? [given] : ids;
  if (others.length > 0) throw invalid('the beginning of one id', `that of ${ids.length}`);
  if (first === undefined) throw new SessionMeshError('session_unknown', { sessionId: given });
  return first;
}

async function recordedState(
  machine: MachineName,
  given: string,
  { history = '', at }: ChartStateOptions,
): Promise<StateValue> {
  const view = await viewAt(history, at === undefined ? Infinity : momentOf(at));
  const sessionId = sessionIn(view, given);
  const state =
    machine === 'member' ? memberState(view, sessionId) : view.sessions.get(sessionId)?.state;
  const value = parseStateValue(state);
  if (value !== null) return value;
  throw new SessionMeshError('session_unknown', {
    sessionId,
    expected: `a state of the ${machine} machine at that moment`,
  });
}

/** The state in a frame of the inspection feed; undefined for a frame about something else. */
function stateInFrame(text: string, sessionId: string): StateValue | null | undefined {
  const frame: unknown = JSON.parse(text);
  if (!isRecord(frame) || frame.type !== 'session' || frame.sessionId !== sessionId)
    return undefined;
  return isRecord(frame.facts) ? parseStateValue(frame.facts.state) : null;
}

/** Asks the feed that the dashboard is made of: what it says first of a session is its state. */
async function askFeed(
  service: FoundService,
  sessionId: string,
  signal: AbortSignal,
): Promise<StateValue | null> {
  await using connection = connectTo(service);
  const { limits } = connection;
  const { origin, prefix } = checkOptions({ url: service.url });
  const { token } = await new Credentials(service.token).current();
  const url = `${origin.replace(/^http/, 'ws')}${prefix}/inspect?watch=${encodeURIComponent(sessionId)}`;
  const given = token === null ? {} : { token };
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(limits.requestTimeoutMs)]);
  const transport = await connectWebSocket({ url, ...given, env: systemEnv, limits }, deadline);
  const answer = Promise.withResolvers<StateValue | null>();
  deadline.addEventListener('abort', () => answer.reject(deadline.reason), { once: true });
  transport.start({
    onFrame: (text) => {
      const state = stateInFrame(text, sessionId);
      if (state !== undefined) answer.resolve(state);
    },
    onGarbage: () => {},
    onClose: answer.reject,
  });
  try {
    return await answer.promise;
  } finally {
    await transport.close();
  }
}

async function liveState(
  given: string,
  options: AddressOptions,
  signal: AbortSignal,
): Promise<StateValue> {
  const service = await findService(options, process.env);
  await using connection = connectTo(service);
  const sessionId = await resolveSessionId(connection, given, signal);
  const state = await askFeed(service, sessionId, signal);
  if (state !== null) return state;
  const fix =
    'a session has a state while the service holds it open; see `sessionmesh sessions ls`';
  throw new SessionMeshError('session_unknown', { sessionId, fix });
}

function checkTogether(machine: MachineName, options: ChartStateOptions): void {
  const { state, session, history, at } = options;
  if (at !== undefined && history === undefined) throw invalid('--history FILE with --at');
  if (history !== undefined && session === undefined) throw invalid('--session ID with --history');
  if (state !== undefined && session !== undefined) throw invalid('either --state or --session');
  const known = history === undefined ? ['session'] : ['session', 'member'];
  if (session !== undefined && !known.includes(machine)) {
    throw invalid(`--session with the machine ${known.join(' or ')}`, machine);
  }
}

/**
 * The state to light, or null for none.
 * @throws SessionMeshError `option_invalid`, `session_unknown`; `history_invalid`; as `findService` and
 * `connectWebSocket`; the reason of `signal`
 */
export async function chosenState(
  machine: MachineName,
  options: ChartStateOptions,
  signal: AbortSignal,
): Promise<StateValue | null> {
  checkTogether(machine, options);
  const { state, session, history } = options;
  if (state !== undefined) return parsedState(state);
  if (session === undefined) return null;
  if (history !== undefined) return recordedState(machine, session, options);
  return liveState(session, options, signal);
}
