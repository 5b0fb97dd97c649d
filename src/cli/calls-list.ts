/** `sessionmesh calls ls`: the calls that wait for an answer, oldest first. */
import { systemEnv } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import { toolText, valueText } from './frame-text.ts';
import { openPage } from './page.ts';
import { ageText, cut, plainLine, tableLines, tookText } from './plain-text.ts';
import { callsOfAllSessions, callsOfSession } from './pending-calls.ts';
import { readLoggedCalls, type LoggedCall } from './logged-calls.ts';
import { connectService, type Connection } from './service-connection.ts';
import type { AddressOptions } from './service-address.ts';
import type { CallRow } from './service-rows.ts';
import { resolveSessionId, shortId } from './session-list.ts';

/** Which calls, and how to show them. */
export interface CallsListOptions extends AddressOptions {
  readonly session?: readonly string[];
  /** Also those that are over; of given sessions only. */
  readonly all?: boolean;
  readonly json?: boolean;
}

const titleColumnsMax = 24;

interface Listed {
  readonly calls: readonly CallRow[];
  readonly finished: readonly LoggedCall[];
  readonly titles: ReadonlyMap<string, string>;
}

async function list(connection: Connection, options: CallsListOptions): Promise<Listed> {
  const { session: given, all = false } = options;
  if (!given) return { ...(await callsOfAllSessions(connection)), finished: [] };
  const ids = await Promise.all(given.map((id) => resolveSessionId(connection, id)));
  const calls = (await Promise.all(ids.map((id) => callsOfSession(connection, id)))).flat();
  const finished = all
    ? (await Promise.all(ids.map((id) => readLoggedCalls(connection, id)))).flat()
    : [];
  const over = finished.filter(({ outcome }) => outcome !== null);
  return { calls, finished: over, titles: new Map() };
}

function cellsOf(call: CallRow | LoggedCall, state: string, { titles }: Listed): readonly string[] {
  const { requestId, callId, sessionId, tool, namespace } = call;
  const title = titles.get(sessionId);
  return [
    plainLine(requestId ?? callId),
    plainLine(shortId(sessionId)),
    ...(titles.size > 0 ? [cut(plainLine(title ?? ''), titleColumnsMax)] : []),
    state,
    toolText(tool, namespace),
    'arguments' in call ? valueText(call.arguments) : '',
  ];
}

function endText({ outcome, success, code, createdAt, endedAt }: LoggedCall): string {
  const end = outcome === 'answered' && success === false ? 'failed' : (outcome ?? '');
  const reason = code === null ? '' : ` (${code})`;
  const isTimed = outcome === 'answered' && createdAt !== null && endedAt !== null;
  return plainLine(end + reason + (isTimed ? ` ${tookText(endedAt - createdAt)}` : ''));
}

function callTable(listed: Listed, nowMs: number, columnsMax: number): readonly string[] {
  const { calls, finished, titles } = listed;
  const head = ['call', 'session', ...(titles.size > 0 ? ['title'] : []), 'state', 'tool'];
  const over = finished.map((call) => cellsOf(call, endText(call), listed));
  const open = calls.map((call) => {
    const { createdAt } = call;
    return cellsOf(
      call,
      createdAt === null ? 'waits' : `waits ${ageText(nowMs - createdAt)}`,
      listed,
    );
  });
  return tableLines([[...head, 'arguments'], ...over, ...open], columnsMax);
}

/**
 * Prints calls.
 * @throws SessionMeshError `option_invalid` for --all without --session; as `resolveSessionId`.
 */
export async function runCallsListCommand(options: CallsListOptions): Promise<void> {
  if (options.all && !options.session) {
    const expected = '--session with --all: calls that are over are known by session';
    throw new SessionMeshError('option_invalid', { expected });
  }
  await using connection = await connectService(options);
  const listed = await list(connection, options);
  const { calls, finished } = listed;
  if (options.json) {
    const result = { calls, ...(options.all ? { finished } : {}) };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  const page = openPage(process.stdout);
  const columnsMax = process.stdout.isTTY ? process.stdout.columns : Infinity;
  const [head = '', ...lines] = callTable(listed, systemEnv.clock.now(), columnsMax);
  if (lines.length > 0) page.line(page.paint('bold', head));
  for (const line of lines) page.line(line);
  if (lines.length === 0) process.stderr.write('no call waits for an answer\n');
}
