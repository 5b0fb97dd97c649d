/** `sessionmesh sessions interrupt`, `close` and `unarchive`: turns are stopped, sessions put away or deleted. */
import { messageOf, SessionMeshError } from '../errors.ts';
import { refusalOf } from '../hosts/control-service/service-client.ts';
import { routes } from '../hosts/control-service/routes.ts';
import { isRecord } from '../tools/json.ts';
import { plainLine } from './plain-text.ts';
import { connectService, type Connection } from './service-connection.ts';
import type { AddressOptions } from './service-address.ts';
import { resolveSessionId, shortId } from './session-list.ts';

/** How to say what was done. */
export interface SessionsInterruptOptions extends AddressOptions {
  readonly json?: boolean;
}

/** What is to become of the sessions. */
export interface SessionsCloseOptions extends AddressOptions {
  readonly archive?: boolean;
  readonly delete?: boolean;
  readonly json?: boolean;
}

/**
 * Stops the turn that runs.
 * @throws SessionMeshError `turn_none` if there is none; as `resolveSessionId`.
 */
export async function runSessionsInterruptCommand(
  given: string,
  options: SessionsInterruptOptions,
): Promise<void> {
  await using connection = await connectService(options);
  const sessionId = await resolveSessionId(connection, given);
  const reply = await connection.request(routes.interrupt(sessionId));
  const { status, body } = reply;
  if (status === 409 && isRecord(body) && body.status === 'no_active_turn') {
    throw new SessionMeshError('turn_none', { sessionId, fix: 'there is nothing to stop' });
  }
  if (status !== 200) throw refusalOf(reply, sessionId);
  const turnId = isRecord(body) && typeof body.turnId === 'string' ? body.turnId : '';
  const text = options.json
    ? JSON.stringify({ sessionId, turnId, interrupted: true }, null, 2)
    : `stopped turn ${plainLine(turnId)} of session ${plainLine(shortId(sessionId))}`;
  process.stdout.write(`${text}\n`);
}

/** What may become of a session, and how it is asked for. */
const ends = {
  archived: routes.archiveSession,
  unarchived: routes.unarchiveSession,
  deleted: routes.deleteSession,
} as const;

type End = keyof typeof ends;

interface Ended {
  readonly sessionId: string;
  readonly result: End | 'failed';
  /** Why it failed, or null. */
  readonly error: string | null;
}

async function endOne(connection: Connection, given: string, result: End): Promise<Ended> {
  try {
    const sessionId = await resolveSessionId(connection, given);
    await connection.ask(ends[result](sessionId), { sessionId });
    return { sessionId, result, error: null };
  } catch (thrown) {
    return { sessionId: given, result: 'failed', error: messageOf(thrown) };
  }
}

async function endAll(
  ids: readonly string[],
  result: End,
  options: SessionsInterruptOptions,
): Promise<void> {
  await using connection = await connectService(options);
  const all: Ended[] = [];
  for (const id of ids) {
    const ended = await endOne(connection, id, result);
    all.push(ended);
    if (ended.error !== null) process.exitCode = 1;
    if (options.json) continue;
    if (ended.error === null) process.stdout.write(`${result} ${plainLine(ended.sessionId)}\n`);
    else process.stderr.write(`sessionmesh: ${plainLine(ended.error)}\n`);
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ sessions: all }, null, 2)}\n`);
}

/**
 * Archives or deletes sessions, one after the other. What fails is told, and the exit code is 1.
 * @throws SessionMeshError `option_invalid` unless one of both is said.
 */
export async function runSessionsCloseCommand(
  ids: readonly string[],
  options: SessionsCloseOptions,
): Promise<void> {
  if (!options.archive && !options.delete) {
    const expected = '--archive or --delete, to say what is to become of it';
    throw new SessionMeshError('option_invalid', { expected, found: 'neither' });
  }
  await endAll(ids, options.delete ? 'deleted' : 'archived', options);
}

/** Takes sessions out of the archive, one after the other. What fails is told, and the exit code is 1. */
export function runSessionsUnarchiveCommand(
  ids: readonly string[],
  options: SessionsInterruptOptions,
): Promise<void> {
  return endAll(ids, 'unarchived', options);
}
