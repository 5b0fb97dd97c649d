/** `sessionmesh calls show`: one call with its arguments and, once it has one, its result. */
import { systemEnv } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import { isRecord } from '../tools/json.ts';
import { readFinishedCalls, type FinishedCall } from './finished-calls.ts';
import { toolText, valueText } from './frame-text.ts';
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

/** A call as it stands. */
export type ShownCall =
  ({ readonly state: 'waiting' } & CallRow) | ({ readonly state: 'over' } & FinishedCall);

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

/** The newest sessions that are searched for a call that is over, if nobody says which one it is of. */
async function findFinishedCall(
  connection: Connection,
  given: string,
  sessionId: string | null,
): Promise<FinishedCall | undefined> {
  const max = connection.limits.topSessionsReadMax;
  const ids =
    sessionId === null
      ? (await newestSessions(connection, { max })).rows.map(({ id }) => id)
      : [sessionId];
  for (const id of ids) {
    const calls = await readFinishedCalls(connection, id).catch((thrown: unknown) => {
      if (sessionId !== null) throw thrown;
      return [];
    });
    const found = findCall(calls, given);
    if (found) return found;
  }
  return undefined;
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

function stateText(call: ShownCall): string {
  if (call.state === 'waiting') {
    const { createdAt } = call;
    const age = createdAt === null ? '' : ` for ${ageText(systemEnv.clock.now() - createdAt)}`;
    return `waits${age}`;
  }
  const took = call.durationMs === null ? '' : ` after ${tookText(call.durationMs)}`;
  switch (call.outcome) {
    case 'answered':
      return `answered${took}`;
    case 'failed':
      return `answered with a failure${took}`;
    case 'expired':
      return 'over without an answer: its turn ended first';
  }
}

function printCall(call: ShownCall): void {
  const page = openPage(process.stdout);
  page.line(page.paint('bold', toolText(call.tool, call.namespace)));
  page.line(`call      ${plainLine(call.requestId)}`);
  page.line(`session   ${plainLine(call.sessionId)}`);
  page.line(`turn      ${plainLine(call.turnId)}`);
  page.line(`to Codex  ${valueText(call.callId)}`);
  page.line(`state     ${stateText(call)}`);
  page.line(`\n${page.paint('bold', 'arguments')}`);
  printJson(page.line, call.arguments);
  if (call.state === 'waiting') return;
  page.line(`\n${page.paint('bold', 'result')}`);
  const lines = call.contentItems.flatMap(contentLines);
  for (const line of lines) page.line(`  ${line}`);
  if (lines.length === 0) page.line('  nothing is known of it');
}

/**
 * Prints one call.
 * @throws SessionMeshError `call_unknown` if there is none; as `resolveSessionId`.
 */
export async function runCallsShowCommand(given: string, options: CallsShowOptions): Promise<void> {
  await using connection = await connectService(options);
  const { session } = options;
  const sessionId = session === undefined ? null : await resolveSessionId(connection, session);
  const pending = await findPendingCall(connection, given, sessionId);
  const finished = pending ? undefined : await findFinishedCall(connection, given, sessionId);
  const call: ShownCall | null = pending
    ? { state: 'waiting', ...pending }
    : finished
      ? { state: 'over', ...finished }
      : null;
  if (!call) {
    const fix = 'see `sessionmesh calls ls`; of one that is over say the --session';
    throw new SessionMeshError('call_unknown', { callId: given, fix });
  }
  if (options.json) process.stdout.write(`${JSON.stringify(call, null, 2)}\n`);
  else printCall(call);
}
