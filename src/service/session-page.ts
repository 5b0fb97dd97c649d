/**
 * One page of all sessions, newest first: those that Codex lists, and among them those of this start that
 * nobody has said anything in, which it does not list.
 *
 * A cursor is Codex's own as soon as there is nothing left but what Codex lists. Before, it also names the
 * last unused session that was shown: `unused.<createdAt>.<id>.<cursor>`.
 */
import { listThreads, type AskCodex, type Thread } from './thread.ts';

/** What a page is put together from. */
export interface SessionPageSources {
  readonly ask: AskCodex;
  /** The sessions that nobody has said anything in. */
  readonly unused: () => Promise<readonly Thread[]>;
}

/** Which page. */
export interface SessionPageQuery {
  readonly archived: boolean;
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** One session of a page. */
export interface PageEntry {
  readonly thread: Thread;
  readonly isUnused: boolean;
}

/** A page. */
export interface SessionPage {
  readonly entries: readonly PageEntry[];
  /** Where the next one begins, or null if this is the last. */
  readonly nextCursor: string | null;
}

type Shown = Pick<Thread, 'createdAt' | 'id'>;

/** Where a page begins. */
interface Position {
  /** The last unused session on the page before; null: none was; undefined: all were. */
  readonly lastUnused: Shown | null | undefined;
  /** Codex's cursor; null: its first page; undefined: it has no more. */
  readonly cursor: string | null | undefined;
}

/** In place of Codex's cursor where Codex has no more. */
const codexIsOver = '!';

function readPosition(text: string | undefined): Position {
  if (text === undefined) return { lastUnused: null, cursor: null };
  const [, at, id = '', cursor = ''] = /^unused\.(\d*)\.([^.]*)\.(.*)$/s.exec(text) ?? [];
  if (at === undefined) return { lastUnused: undefined, cursor: text };
  return {
    lastUnused: at === '' ? null : { createdAt: Number(at), id },
    cursor: cursor === codexIsOver ? undefined : cursor || null,
  };
}

function writePosition({ lastUnused, cursor }: Position): string | null {
  if (lastUnused === undefined) return cursor ?? null;
  const shown = lastUnused ? `${lastUnused.createdAt}.${lastUnused.id}` : '.';
  return `unused.${shown}.${cursor === undefined ? codexIsOver : (cursor ?? '')}`;
}

/** What follows `after` of the unused sessions, which are newest first. It may be one of them no more. */
function unusedAfter(unused: readonly Thread[], after: Shown | null): readonly Thread[] {
  if (after === null) return unused;
  const index = unused.findIndex(({ id }) => id === after.id);
  if (index >= 0) return unused.slice(index + 1);
  return unused.filter(({ createdAt }) => createdAt < after.createdAt);
}

/** The newest of two lists that are newest first each. */
function merge(listed: readonly Thread[], unused: readonly Thread[], limit: number): PageEntry[] {
  const entries: PageEntry[] = [];
  const [first, second] = [listed.values(), unused.values()];
  let [used, other] = [first.next().value, second.next().value];
  while (entries.length < limit) {
    if (other && (!used || other.createdAt >= used.createdAt)) {
      entries.push({ thread: other, isUnused: true });
      other = second.next().value;
    } else if (used) {
      entries.push({ thread: used, isUnused: false });
      used = first.next().value;
    } else break;
  }
  return entries;
}

/** One page. Throws as `listThreads`. */
export async function sessionPage(
  { ask, unused }: SessionPageSources,
  { archived, limit, cursor: text }: SessionPageQuery,
): Promise<SessionPage> {
  const at = readPosition(text);
  const list = async (count: number) => {
    const { cursor } = at;
    if (cursor === undefined) return { threads: [], nextCursor: null };
    const page = { archived, limit: count };
    return listThreads(ask, cursor === null ? page : { ...page, cursor });
  };
  const listed = await list(limit);
  const ids = new Set(listed.threads.map(({ id }) => id));
  const candidates = archived || at.lastUnused === undefined ? [] : await unused();
  const waiting = unusedAfter(candidates, at.lastUnused ?? null).filter(({ id }) => !ids.has(id));
  const entries = merge(listed.threads, waiting, limit);

  const shown = entries.filter(({ isUnused }) => isUnused);
  const used = entries.length - shown.length;
  const isCut = used < listed.threads.length;
  // Codex is asked for exactly as many as there was room for: its cursor goes on after those.
  const next = isCut && used > 0 ? await list(used) : listed;
  const cursor = isCut && used === 0 ? at.cursor : (next.nextCursor ?? undefined);
  const isThrough = shown.length === waiting.length && cursor !== null;
  const lastUnused = isThrough ? undefined : (shown.at(-1)?.thread ?? at.lastUnused ?? null);
  return { entries, nextCursor: writePosition({ lastUnused, cursor }) };
}
