/** `sessionmesh sessions interrupt` and `close`: stops a turn, puts sessions away, deletes them. */
import { messageOf, SessionMeshError } from '../errors.ts';
import { refusalOf } from '../hosts/control-service/service-client.ts';
import { routes } from '../hosts/control-service/routes.ts';
import type { ServiceRequest } from '../hosts/control-service/wire.ts';
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

const post = (path: string): ServiceRequest => ({ method: 'POST', path, body: '{}' });

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
  const reply = await connection.request(
    post(`/sessions/${encodeURIComponent(sessionId)}/interrupt`),
  );
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

async function archive(connection: Connection, sessionId: string): Promise<void> {
  const reply = await connection.request(
    post(`/sessions/${encodeURIComponent(sessionId)}/archive`),
  );
  if (reply.status >= 200 && reply.status < 300) return;
  // An unknown route is refused in other words than an unknown session.
  const isUnknownRoute = reply.status === 404 && isRecord(reply.body) && 'statusCode' in reply.body;
  if (!isUnknownRoute) throw refusalOf(reply, sessionId);
  const found = 'a service that cannot archive';
  throw new SessionMeshError('host_unsupported', { found, fix: 'leave it, or use --delete' });
}

interface Closed {
  readonly sessionId: string;
  readonly result: 'archived' | 'deleted' | 'failed';
  /** Why it failed, or null. */
  readonly error: string | null;
}

async function close(connection: Connection, given: string, isDeleted: boolean): Promise<Closed> {
  try {
    const sessionId = await resolveSessionId(connection, given);
    if (isDeleted) await connection.ask(routes.deleteSession(sessionId), { sessionId });
    else await archive(connection, sessionId);
    return { sessionId, result: isDeleted ? 'deleted' : 'archived', error: null };
  } catch (thrown) {
    return { sessionId: given, result: 'failed', error: messageOf(thrown) };
  }
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
  await using connection = await connectService(options);
  const all: Closed[] = [];
  for (const id of ids) {
    const closed = await close(connection, id, options.delete === true);
    all.push(closed);
    if (closed.result === 'failed') process.exitCode = 1;
    if (options.json) continue;
    const { error, result, sessionId } = closed;
    if (error === null) process.stdout.write(`${result} ${plainLine(sessionId)}\n`);
    else process.stderr.write(`sessionmesh: ${plainLine(error)}\n`);
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ sessions: all }, null, 2)}\n`);
}
