/** `sessionmesh tail`: what happens on a service, as it happens. */
import { LRUCache } from 'lru-cache';
import { systemEnv } from '../env.ts';
import { callRowType, type StreamFrame } from '../hosts/control-service/frame.ts';
import { isRecord } from '../tools/json.ts';
import { frameText, isForPeople, requestOfFrame, toolText, type Tone } from './frame-text.ts';
import { watchInterruption } from './interruption.ts';
import { openPage, type Page } from './page.ts';
import { cut, fit, plainLine } from './plain-text.ts';
import { connectService, type Connection } from './service-connection.ts';
import type { AddressOptions } from './service-address.ts';
import { readCallRow } from './service-rows.ts';
import { resolveSessionId, shortId } from './session-list.ts';
import { note, streamNotices } from './stream-notices.ts';

/** Which events, and when to end. */
export interface TailOptions extends AddressOptions {
  readonly session?: readonly string[];
  /** Beginnings of types, with or without `app_server.`. */
  readonly type?: readonly string[];
  /** Ends after so many events. */
  readonly count?: number;
  /** Ends after the first event whose type begins so. */
  readonly until?: string;
  readonly json?: boolean;
}

const codexPrefix = 'app_server.';

/** Whether the type of an event begins with `prefix`; what Codex says may be named without its prefix. */
export function hasType(type: string, prefix: string): boolean {
  if (type.startsWith(prefix)) return true;
  return type.startsWith(codexPrefix) && type.slice(codexPrefix.length).startsWith(prefix);
}

function titleOf(payload: unknown): string | null {
  const session = isRecord(payload) && isRecord(payload.session) ? payload.session : null;
  return typeof session?.title === 'string' ? session.title : null;
}

/** The events that are to be shown, each once. */
export class TailFilter {
  readonly #options: TailOptions;
  readonly #sessionIds: ReadonlySet<string>;
  /** Requests that came, which are delivered again with every new stream; with the names of their tools. */
  readonly #shown: LRUCache<string, string>;
  /** What sessions are called, as far as events said so. */
  readonly #titles: LRUCache<string, string>;

  /** @param sessionIds the sessions that are wanted; none: all */
  constructor(options: TailOptions, sessionIds: readonly string[], requestsKeptMax: number) {
    this.#options = options;
    this.#sessionIds = new Set(sessionIds);
    this.#shown = new LRUCache({ max: requestsKeptMax });
    this.#titles = new LRUCache({ max: requestsKeptMax });
  }

  /** Whether `frame` is to be shown. Asked once for each frame. */
  takes(frame: StreamFrame): boolean {
    const { threadId, payload } = frame;
    const title = titleOf(payload);
    if (threadId !== null && title !== null) this.#titles.set(threadId, plainLine(title));
    const isWanted = this.#sessionIds.size === 0 || this.#sessionIds.has(threadId ?? '');
    return isWanted && this.#isNew(frame) && this.#hasWantedType(frame);
  }

  /** The tool of a request that came by. */
  readonly toolOf = (requestId: string): string | undefined =>
    this.#shown.get(`${callRowType} ${requestId}`);

  /** What a session is called, or undefined if nothing said so yet. */
  titleOf(sessionId: string): string | undefined {
    return this.#titles.get(sessionId);
  }

  #isNew(frame: StreamFrame): boolean {
    const { type, payload, redelivered = false } = frame;
    const request = requestOfFrame(frame);
    if (request === null || type.endsWith('_resolved')) return true;
    const key = `${type} ${request}`;
    if (redelivered && this.#shown.has(key)) return false;
    const row = readCallRow(payload);
    this.#shown.set(key, row ? toolText(row.tool, row.namespace) : '');
    return true;
  }

  #hasWantedType(frame: StreamFrame): boolean {
    const { type } = frame;
    const { type: wanted, until, json = false } = this.#options;
    if (until !== undefined && hasType(type, until)) return true;
    if (wanted) return wanted.some((prefix) => hasType(type, prefix));
    return json || isForPeople(frame);
  }
}

const styles = {
  good: 'green',
  bad: 'red',
  attention: 'yellow',
  plain: 'reset',
  faint: 'dim',
} as const satisfies Record<Tone, Parameters<Page['paint']>[0]>;

const whatColumns = 16;

function clockText(ms: number): string {
  return new Date(ms).toLocaleTimeString('en-GB');
}

/** Prints events for people, with the title of each session where it is known. */
function personPrinter(page: Page, filter: TailFilter) {
  let lastId: string | null = null;
  return (frame: StreamFrame): void => {
    const { threadId } = frame;
    const title = threadId === null ? undefined : filter.titleOf(threadId);
    const { what, detail, tone } = frameText(frame, filter.toolOf);
    const at = clockText(systemEnv.clock.now());
    const id = threadId === null ? '' : plainLine(shortId(threadId));
    // A title is said when the session changes, not on every line.
    if (threadId !== lastId && title !== undefined) {
      page.line(page.paint('dim', `${' '.repeat(at.length)}  ${fit(id, 13)}  ${title}`));
    }
    lastId = threadId;
    const head = `${at}  ${fit(id, 13)}  ${fit(what, whatColumns)}  `;
    const room = process.stdout.isTTY ? process.stdout.columns - head.length : Infinity;
    const text = `${page.paint('dim', at)}  ${fit(id, 13)}  ${page.paint(styles[tone], fit(what, whatColumns))}  ${cut(detail, room)}`;
    page.line(text.trimEnd());
  };
}

function programPrinter(frame: StreamFrame): void {
  const line = JSON.stringify(frame);
  // JSON escapes control characters but for those of the upper half.
  process.stdout.write(`${line.replaceAll(/[\u007f-\u009f]/g, escaped)}\n`);
}

const escaped = (char: string): string =>
  `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;

async function follow(
  connection: Connection,
  options: TailOptions,
  signal: AbortSignal,
): Promise<void> {
  const given = options.session ?? [];
  const ids = await Promise.all(given.map((id) => resolveSessionId(connection, id, signal)));
  const filter = new TailFilter(options, ids, connection.limits.tailRequestsKeptMax);
  const print = options.json ? programPrinter : personPrinter(openPage(process.stdout), filter);
  const over = Promise.withResolvers<void>();
  let printed = 0;
  let isOver = false;
  const feed = await connection.openFeed(
    {
      ...streamNotices(),
      onFrame: (frame) => {
        if (isOver || !filter.takes(frame)) return;
        print(frame);
        printed += 1;
        const { count = Infinity, until } = options;
        isOver = printed >= count || (until !== undefined && hasType(frame.type, until));
        if (isOver) over.resolve();
      },
    },
    signal,
  );
  if (ids.length === 0) feed.follow(null);
  for (const id of ids) feed.follow(id);
  if (!options.json && process.stdout.isTTY) note(`following ${connection.url}; Ctrl-C ends it`);
  signal.addEventListener('abort', () => over.resolve(), { once: true });
  // A reader that has seen enough, as `head` does, is no error.
  process.stdout.once('error', () => over.resolve());
  if (signal.aborted) over.resolve();
  try {
    await Promise.race([over.promise, feed.failed]);
  } finally {
    await feed.close();
  }
}

/**
 * Prints events until Ctrl-C, or until what the options say.
 * @throws SessionMeshError `service_not_running`, `host_unauthorized`; as `resolveSessionId`.
 */
export async function runTailCommand(options: TailOptions): Promise<void> {
  using interruption = watchInterruption();
  const { signal } = interruption;
  await using connection = await connectService(options);
  try {
    await follow(connection, options, signal);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}
