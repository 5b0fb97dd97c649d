/** `sessionmesh calls show`: one call with its arguments and, once it has one, its result. */
import { systemEnv } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import { isRecord } from '../tools/json.ts';
import { toolText, valueText } from './frame-text.ts';
import { readCallDetail, readLoggedCalls, type CallDetail } from './logged-calls.ts';
import { openPage } from './page.ts';
import { ageText, plainLine, plainLines, tookText } from './plain-text.ts';
import { callsOfAllSessions, callsOfSession, findCall } from './pending-calls.ts';
import { connectService, type Connection } from './service-connection.ts';
import type { AddressOptions } from './service-address.ts';
import type { CallRow } from './service-rows.ts';
import { newestSessions, resolveSessionId } from './session-list.ts';

/** Where to look for it, and how to show it. */
export interface CallsShowOptions extends AddressOptions {
  readonly session?: string;
  readonly json?: boolean;
}

/**
 * The call that waits and that `given` names, in `sessionId` or any session.
 * @throws SessionMeshError `option_invalid` for several; as `Connection.ask`
 */
export async function findPendingCall(
  connection: Connection,
  given: string,
  sessionId: string | null,
): Promise<CallRow | undefined> {
  const calls =
    sessionId === null
      ? (await callsOfAllSessions(connection)).calls
      : await callsOfSession(connection, sessionId);
  return findCall(calls, given);
}

/** The call that the service remembers and that `given` names; if nobody says of which session, in the newest. */
async function findLoggedCall(connection: Connection, given: string, sessionId: string | null) {
  const max = connection.limits.callSearchSessionsMax;
  const ids =
    sessionId === null
      ? (await newestSessions(connection, { max })).rows.map(({ id }) => id)
      : [sessionId];
  for (const id of ids) {
    const found = findCall(await readLoggedCalls(connection, id), given);
    if (found) return found;
  }
  return undefined;
}

async function findDetail(
  connection: Connection,
  given: string,
  sessionId: string | null,
): Promise<CallDetail | null> {
  const found =
    (await findPendingCall(connection, given, sessionId)) ??
    (await findLoggedCall(connection, given, sessionId));
  if (!found) return null;
  return readCallDetail(connection, found.sessionId, found.requestId ?? found.callId);
}

function contentLines(item: unknown): readonly string[] {
  if (!isRecord(item)) return [];
  if (typeof item.text === 'string') return plainLines(item.text);
  const url = typeof item.imageUrl === 'string' ? item.imageUrl : '';
  return [`[${plainLine(String(item.type))}, ${url.length} characters]`];
}

function printJson(write: (line: string) => void, value: unknown): void {
  for (const line of plainLines(JSON.stringify(value, null, 2) ?? 'null')) write(`  ${line}`);
}

/** What a call that is not answered in time, or not at all, comes to. */
const endings: Readonly<Record<string, string>> = {
  refused: 'Codex did not take its answer',
  expired: 'over: it took too long',
  cancelled: 'over without an answer: its turn ended first',
  abandoned: 'over: nobody waits for its answer any more',
  unknown: 'over: whether it was done is not known',
};

function stateText({ state, servedBy, createdAt, endedAt, success, code }: CallDetail): string {
  const sinceMs = (atMs: number) => (createdAt === null ? 0 : Math.max(0, atMs - createdAt));
  const waitedMs = sinceMs(systemEnv.clock.now());
  switch (state) {
    case 'waiting':
      return `waits for a free place for ${ageText(waitedMs)}`;
    case 'running':
      return `${servedBy === 'client' ? 'waits for an answer' : 'runs'} for ${ageText(waitedMs)}`;
    case 'submitting':
    case 'expiring':
      return 'answered; Codex does not have the answer yet';
    case 'answered': {
      const reason = code === null ? '' : ` (${plainLine(code)})`;
      const how = success === false ? ` with a failure${reason}` : '';
      return `answered${how}${endedAt === null ? '' : ` after ${tookText(sinceMs(endedAt))}`}`;
    }
    default:
      return endings[state] ?? plainLine(state);
  }
}

function printCall(call: CallDetail): void {
  const page = openPage(process.stdout);
  page.line(page.paint('bold', toolText(call.tool, call.namespace)));
  if (call.requestId !== null) page.line(`call      ${plainLine(call.requestId)}`);
  page.line(`session   ${plainLine(call.sessionId)}`);
  page.line(`turn      ${plainLine(call.turnId)}`);
  page.line(`to Codex  ${valueText(call.callId)}`);
  page.line(`state     ${stateText(call)}`);
  page.line(`\n${page.paint('bold', 'arguments')}`);
  if (call.isContentKept) printJson(page.line, call.arguments);
  else page.line('  not kept any more');
  if (call.outcome === null) return;
  page.line(`\n${page.paint('bold', 'result')}`);
  for (const line of call.contentItems?.flatMap(contentLines) ?? []) page.line(`  ${line}`);
  if (call.contentItems === null) page.line(call.isContentKept ? '  none' : '  not kept any more');
}

/**
 * Prints one call.
 * @throws SessionMeshError `call_unknown` if there is none; as `resolveSessionId`.
 */
export async function runCallsShowCommand(given: string, options: CallsShowOptions): Promise<void> {
  await using connection = await connectService(options);
  const { session } = options;
  const sessionId = session === undefined ? null : await resolveSessionId(connection, session);
  const call = await findDetail(connection, given, sessionId);
  if (!call) {
    const fix = 'see `sessionmesh calls ls`; of one that is over say the --session';
    throw new SessionMeshError('call_unknown', { callId: given, fix });
  }
  if (options.json) process.stdout.write(`${JSON.stringify(call, null, 2)}\n`);
  else printCall(call);
}
