/** `sessionmesh sessions ls`: the newest sessions, one a line. */
import { homedir } from 'node:os';
import { systemEnv } from '../env.ts';
import { openPage } from './page.ts';
import { ageText, plainLine, tableLines } from './plain-text.ts';
import { connectService, type Connection } from './service-connection.ts';
import type { AddressOptions } from './service-address.ts';
import { newestSessions, shortId } from './session-list.ts';
import type { SessionRow, SessionState } from './service-rows.ts';

/** Which sessions, and how to show them. */
export interface SessionsListOptions extends AddressOptions {
  readonly search?: string;
  readonly state?: readonly SessionState[];
  readonly archived?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

const folderColumnsMax = 32;

/** Whether `text` is in its title, its folder or its id, whatever its case. */
export function matchesSearch({ title, cwd, id }: SessionRow, text: string): boolean {
  const wanted = text.toLowerCase();
  return [title, cwd, id].some((part) => part.toLowerCase().includes(wanted));
}

/** A folder as people write it, from its end if it is long. */
export function folderText(cwd: string, columnsMax = folderColumnsMax): string {
  const home = homedir();
  const isBelow = cwd === home || cwd.startsWith(`${home}/`);
  const shown = plainLine(isBelow ? `~${cwd.slice(home.length)}` : cwd);
  return shown.length > columnsMax ? `…${shown.slice(1 - columnsMax)}` : shown;
}

/** A table of sessions; the first line is the heading. */
export function sessionTable(
  rows: readonly SessionRow[],
  nowMs: number,
  columnsMax: number,
): readonly string[] {
  const cells = rows.map(({ id, state, updatedAt, cwd, title }) => [
    plainLine(shortId(id)),
    state === 'unknown' ? '-' : state,
    updatedAt === 0 ? '-' : ageText(nowMs - updatedAt),
    folderText(cwd),
    plainLine(title),
  ]);
  return tableLines([['session', 'state', 'age', 'folder', 'title'], ...cells], columnsMax);
}

interface Listed {
  readonly sessions: readonly SessionRow[];
  /** How many more would fit. */
  readonly others: number;
  /** Whether older sessions were not looked at. */
  readonly isCut: boolean;
}

async function list(connection: Connection, options: SessionsListOptions): Promise<Listed> {
  const { search, state, archived = false, limit } = options;
  const { rows, isCut } = await newestSessions(connection, { archived });
  const wanted = rows.filter(
    (row) =>
      (search === undefined || matchesSearch(row, search)) &&
      (state === undefined || state.includes(row.state)),
  );
  const sessions = wanted.slice(0, limit);
  return { sessions, others: wanted.length - sessions.length, isCut };
}

/** How many are left out, or why there are none. */
function restText({ sessions, others, isCut }: Listed, options: SessionsListOptions): string {
  const isFiltered = options.search !== undefined || options.state !== undefined;
  if (sessions.length === 0) {
    if (options.archived) return 'no archived session' + (isFiltered ? ' is like that' : '');
    return isFiltered
      ? 'no session is like that'
      : 'no sessions yet; `sessionmesh sessions create` makes one';
  }
  if (others === 0) return isCut ? 'older sessions were not looked at' : '';
  return `${others}${isCut ? ' and more' : ''} not shown; see --limit and --search`;
}

/** Prints the newest sessions. */
export async function runSessionsListCommand(options: SessionsListOptions): Promise<void> {
  await using connection = await connectService(options);
  const listed = await list(connection, options);
  if (options.json) {
    const { sessions, others, isCut } = listed;
    const result = { sessions, others, complete: !isCut };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  const page = openPage(process.stdout);
  const columnsMax = process.stdout.isTTY ? process.stdout.columns : Infinity;
  const [head = '', ...lines] = sessionTable(listed.sessions, systemEnv.clock.now(), columnsMax);
  if (lines.length > 0) page.line(page.paint('bold', head));
  for (const line of lines) page.line(line);
  const rest = restText(listed, options);
  if (rest !== '') process.stderr.write(`${rest}\n`);
}
