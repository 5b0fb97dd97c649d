/** Sessions of a service as commands need them: page by page, and by an abbreviated id. */
import { SessionMeshError } from '../errors.ts';
import type { ServiceRequest } from '../hosts/control-service/wire.ts';
import { plainLine } from './plain-text.ts';
import type { Connection } from './service-connection.ts';
import { dataOf, readSessionRow, type SessionRow } from './service-rows.ts';

/** A whole id, which needs no looking up. */
const wholeId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const candidatesNamedMax = 5;

/** As much of an id as tells sessions apart that were not made in the same millisecond. */
export function shortId(id: string): string {
  return wholeId.test(id) ? id.slice(0, 13) : id;
}

/** Which sessions. */
export interface ListOptions {
  readonly archived?: boolean;
  readonly signal?: AbortSignal;
}

function pageRequest(cursor: string | null, archived: boolean, limit: number): ServiceRequest {
  const query = new URLSearchParams({ limit: String(limit), archived: String(archived) });
  if (cursor !== null) query.set('cursor', cursor);
  return { method: 'GET', path: `/sessions?${query.toString()}` };
}

/** All sessions, newest first, page by page as they are asked for. Throws as `Connection.ask`. */
export async function* listSessions(
  connection: Connection,
  { archived = false, signal }: ListOptions = {},
): AsyncGenerator<SessionRow, void, undefined> {
  const given = signal === undefined ? {} : { signal };
  const pageMax = connection.limits.servicePageMax;
  let cursor: string | null = null;
  do {
    const body = await connection.ask(pageRequest(cursor, archived, pageMax), given);
    for (const row of dataOf(body)) {
      const session = readSessionRow(row);
      if (session) yield session;
    }
    cursor = typeof body.nextCursor === 'string' ? body.nextCursor : null;
  } while (cursor !== null);
}

/** The newest sessions, as many as commands look through, and whether there are more. */
export async function newestSessions(
  connection: Connection,
  options: ListOptions & { readonly max?: number } = {},
): Promise<{ readonly rows: readonly SessionRow[]; readonly isCut: boolean }> {
  const { max = connection.limits.listedSessionsMax } = options;
  const rows: SessionRow[] = [];
  for await (const row of listSessions(connection, options)) {
    if (rows.length >= max) return { rows, isCut: true };
    rows.push(row);
  }
  return { rows, isCut: false };
}

/**
 * The session whose id begins with `given`; an archived one if no other does.
 * @throws SessionMeshError `session_unknown` for none, `option_invalid` for several; as `Connection.ask`
 */
export async function resolveSessionId(
  connection: Connection,
  given: string,
  signal?: AbortSignal,
): Promise<string> {
  const prefix = given.trim();
  if (wholeId.test(prefix)) return prefix.toLowerCase();
  if (prefix === '') throw new SessionMeshError('option_invalid', { expected: 'a session id' });
  const find = async (archived: boolean) => {
    const options = { archived, ...(signal === undefined ? {} : { signal }) };
    const { rows } = await newestSessions(connection, options);
    return rows.filter(({ id }) => id.startsWith(prefix));
  };
  const inUse = await find(false);
  const matching = inUse.length > 0 ? inUse : await find(true);
  const [first, ...others] = matching;
  if (!first) {
    const fix = 'see `sessionmesh sessions ls`';
    throw new SessionMeshError('session_unknown', { sessionId: prefix, fix });
  }
  if (others.length === 0 || first.id === prefix) return first.id;
  const named = matching
    .slice(0, candidatesNamedMax)
    .map(({ id, title }) => `${id} (${plainLine(title)})`)
    .join(', ');
  const more = matching.length > candidatesNamedMax ? ', …' : '';
  throw new SessionMeshError('option_invalid', {
    expected: 'the beginning of one id',
    found: `that of ${matching.length}: ${named}${more}`,
    fix: 'give more of the id',
  });
}
