/** Threads as Codex tells of them: asked for, parsed once, and otherwise passed on as they are. */
import type { ClientMethod, ClientRequests } from '../hosts/app-server/index.ts';
import { SessionMeshError } from '../errors.ts';
import { isRecord, textOf, textOrNull } from '../tools/json.ts';

/** Asks Codex something, past the mesh. */
export type AskCodex = <Method extends ClientMethod>(
  method: Method,
  params: ClientRequests[Method],
) => Promise<unknown>;

type Json = Readonly<Record<string, unknown>>;

/** A thread. */
export interface Thread {
  readonly id: string;
  readonly name: string | null;
  /** How its first message begins, or the empty text. */
  readonly preview: string;
  readonly modelProvider: string;
  readonly cwd: string;
  /** Who made it; of those with details only that there are some. */
  readonly source: string;
  /** Seconds since the Unix epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Where Codex keeps it, or null if it does not. */
  readonly path: string | null;
  /** As it came. */
  readonly json: Json;
}

const secondsOf = (value: unknown): number => (typeof value === 'number' ? Math.trunc(value) : 0);

function invalid(method: string, expected: string): SessionMeshError {
  return new SessionMeshError('protocol_invalid', { expected: `${expected} in ${method}` });
}

function parseThread(method: string, value: unknown): Thread {
  if (!isRecord(value) || typeof value.id !== 'string') throw invalid(method, 'a thread');
  const createdAt = secondsOf(value.createdAt);
  return {
    id: value.id,
    name: textOrNull(value.name),
    preview: textOf(value.preview),
    modelProvider: textOf(value.modelProvider),
    cwd: textOf(value.cwd),
    source: typeof value.source === 'string' ? value.source : 'custom',
    createdAt,
    updatedAt: secondsOf(value.updatedAt) || createdAt,
    path: textOrNull(value.path),
    json: value,
  };
}

/** Reads a thread without its turns. Throws as `Peer.request`, and `protocol_invalid`. */
export async function readThread(ask: AskCodex, threadId: string): Promise<Thread> {
  const result = await ask('thread/read', { threadId, includeTurns: false });
  return parseThread('thread/read', isRecord(result) ? result.thread : undefined);
}

/** Reads the newest turns of a thread with all their items, oldest first. Throws as `readThread`. */
export async function readTurns(
  ask: AskCodex,
  threadId: string,
  limit: number,
): Promise<readonly Json[]> {
  const page = { limit, sortDirection: 'desc', itemsView: 'full' } as const;
  const result = await ask('thread/turns/list', { threadId, ...page });
  if (!isRecord(result) || !Array.isArray(result.data)) throw invalid('thread/turns/list', 'turns');
  return result.data.filter(isRecord).toReversed();
}

/** One page of all threads, newest first. Throws as `readThread`. */
export async function listThreads(
  ask: AskCodex,
  page: ClientRequests['thread/list'],
): Promise<{ readonly threads: readonly Thread[]; readonly nextCursor: string | null }> {
  const result = await ask('thread/list', page);
  if (!isRecord(result) || !Array.isArray(result.data)) throw invalid('thread/list', 'threads');
  const threads = result.data.map((value) => parseThread('thread/list', value));
  return { threads, nextCursor: textOrNull(result.nextCursor) };
}
