/** `sessionmesh top`: the sessions and calls of a service, live, in the terminal. */
import { sleep, systemEnv } from '../env.ts';
import { routes } from '../hosts/control-service/routes.ts';
import { isRecord } from '../tools/json.ts';
import { watchInterruption } from './interruption.ts';
import { openPage } from './page.ts';
import { connectService, type Connection, type Feed } from './service-connection.ts';
import type { AddressOptions } from './service-address.ts';
import { readSessionDetail } from './service-rows.ts';
import { newestSessions } from './session-list.ts';
import { transcriptLines } from './sessions-show.ts';
import { figuresOf } from './top-figures.ts';
import { emptyPicture, fold, type Picture, type Sighting } from './top-picture.ts';
import { stateOf } from './top-session.ts';
import { openScreen } from './top-screen.ts';
import { pageRows, topLines, type Scene } from './top-text.ts';
import { afterKey, firstView, type Key, type View } from './top-view.ts';

/** How to show it. */
export interface TopOptions extends AddressOptions {
  /** One picture, and that is it. */
  readonly once?: boolean;
  readonly json?: boolean;
}

/** What is known of a service, kept up to date by its stream. */
class Watch {
  readonly #connection: Connection;
  readonly #signal: AbortSignal;
  #picture: Picture = emptyPicture(systemEnv.clock.now());
  #waiting: Sighting[] = [];
  #listing: Promise<void> = Promise.resolve();
  #feed: Feed | null = null;

  constructor(connection: Connection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  /** Opens the stream; what waits and which sessions there are becomes known in time. */
  async open(): Promise<Feed> {
    const feed = await this.#connection.openFeed(
      {
        onFrame: (frame) => this.#see({ type: 'frame', frame, atMs: systemEnv.clock.now() }),
        onOnline: (isSeamless) => {
          this.#see({ type: 'online', isSeamless });
          if (!isSeamless && this.#feed) this.#listAnew();
        },
        onLagged: () => {
          this.#see({ type: 'lagged' });
          this.#listAnew();
        },
        onLost: () => this.#see({ type: 'lost' }),
      },
      this.#signal,
    );
    this.#feed = feed;
    feed.follow(null);
    this.#listAnew();
    return feed;
  }

  /** Resolves once everything that waits and all sessions are known. Never rejects. */
  listed(): Promise<void> {
    return this.#listing;
  }

  /** Everything that was seen so far. */
  get picture(): Picture {
    this.#picture = fold(this.#picture, this.#waiting, this.#connection.limits);
    this.#waiting = [];
    return this.#picture;
  }

  /** Reads what was said in a session. Never rejects. */
  async read(sessionId: string): Promise<void> {
    const { signal } = this;
    try {
      const body = await this.#connection.ask(routes.readSession(sessionId), { signal });
      const { transcript = [] } = readSessionDetail(body) ?? {};
      const max = this.#connection.limits.topSessionEventsMax;
      const history = transcript.flatMap(transcriptLines).slice(-max);
      this.#see({ type: 'read', sessionId, history });
    } catch {
      // What happens from now on is shown all the same.
    }
  }

  /** Asks how the service is. Never rejects. */
  async look(): Promise<void> {
    const { signal } = this;
    try {
      const { codex } = await this.#connection.ask(routes.health(), { signal });
      if (!isRecord(codex)) return;
      const version = typeof codex.version === 'string' ? codex.version : null;
      this.#see({ type: 'health', codex: { version, isRunning: codex.running === true } });
    } catch {
      // The stream says that the service is gone.
    }
  }

  get signal(): AbortSignal {
    return this.#signal;
  }

  #see(sighting: Sighting): void {
    this.#waiting.push(sighting);
    // Nobody draws that often; what waits must not grow meanwhile.
    if (this.#waiting.length > this.#connection.limits.topFramesWaitingMax) void this.picture;
  }

  /** One listing after the other; the last one wins. */
  #listAnew(): void {
    this.#listing = this.#listing.then(() => this.#list());
  }

  async #list(): Promise<void> {
    const { signal } = this;
    const askedAtMs = systemEnv.clock.now();
    await Promise.all([this.#feed?.settled(), this.look()]);
    this.#see({ type: 'settled' });
    try {
      const { rows, isCut } = await newestSessions(this.#connection, { signal });
      this.#see({ type: 'listed', rows, isWhole: !isCut, askedAtMs });
    } catch {
      // Sessions in which something happens are seen all the same; the next stream lists again.
    }
  }
}

function sceneOf(picture: Picture, { url, limits }: Connection, view: View): Scene {
  const nowMs = systemEnv.clock.now();
  return { picture, view, url, nowMs, limits, columns: Infinity, rows: Infinity };
}

/** One picture as plain data. */
function snapshotOf(picture: Picture, { url, limits }: Connection): object {
  const nowMs = systemEnv.clock.now();
  const { link, codex, isCut } = picture;
  const sessions = [...picture.sessions.values()].map((session) => ({
    id: session.id,
    title: session.title,
    state: stateOf(session),
    turnId: session.turnId,
    calls: [...session.calls.values()],
    questions: [...session.questions],
  }));
  const figures = figuresOf(picture, nowMs, limits);
  const at = new Date(nowMs).toISOString();
  return { at, url, link, codex, figures, sessions, complete: !isCut };
}

async function printOnce(watch: Watch, connection: Connection, json: boolean): Promise<void> {
  const feed = await watch.open();
  await watch.listed();
  const { picture } = watch;
  await feed.close();
  if (json) {
    process.stdout.write(`${JSON.stringify(snapshotOf(picture, connection), null, 2)}\n`);
    return;
  }
  const page = openPage(process.stdout);
  const columns = process.stdout.isTTY ? process.stdout.columns : Infinity;
  const scene = sceneOf(picture, connection, { ...firstView, showsStored: true });
  for (const { text, style } of topLines({ ...scene, columns })) {
    page.line((style === 'bold' ? page.paint('bold', text) : text).trimEnd());
  }
}

async function showLive(watch: Watch, connection: Connection): Promise<void> {
  const over = new AbortController();
  const ended = AbortSignal.any([watch.signal, over.signal]);
  const { limits } = connection;
  let view = firstView;
  const feed = await watch.open();
  feed.failed.catch((thrown: unknown) => over.abort(thrown));
  using screen = openScreen(process.stdin, process.stdout, { onKey, onResize: draw });
  function draw(): void {
    const { columns, rows } = screen;
    const { picture } = watch;
    screen.draw(topLines({ ...sceneOf(picture, connection, view), columns, rows }));
  }
  function onKey(key: Key): void {
    const before = view.sessionId;
    view = afterKey(view, key, watch.picture, pageRows(screen.rows));
    if (view.sessionId !== null && view.sessionId !== before) void watch.read(view.sessionId);
    if (view.isOver) over.abort();
    else draw();
  }
  let looked = 0;
  try {
    while (!ended.aborted) {
      draw();
      await sleep(systemEnv.clock, limits.topDrawMs, ended).catch(() => {});
      looked += limits.topDrawMs;
      if (looked >= limits.topHealthMs) {
        looked = 0;
        void watch.look();
      }
    }
  } finally {
    await feed.close();
  }
  // A person who ends it gives no reason; a stream that failed for good does.
  if (!watch.signal.aborted && !view.isOver) throw over.signal.reason;
}

/**
 * Shows the service until `q` or Ctrl-C; prints one picture instead if that is wanted, or where nobody sees
 * a screen.
 * @throws SessionMeshError `service_not_running`, `host_unauthorized`.
 */
export async function runTopCommand(options: TopOptions): Promise<void> {
  const { once = false, json = false } = options;
  using interruption = watchInterruption();
  await using connection = await connectService(options);
  const watch = new Watch(connection, interruption.signal);
  const isLive = process.stdout.isTTY && process.stdin.isTTY && !once && !json;
  try {
    if (isLive) await showLive(watch, connection);
    else await printOnce(watch, connection, json);
  } catch (thrown) {
    if (!interruption.signal.aborted) throw thrown;
  }
}
