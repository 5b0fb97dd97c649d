/** The feed of a recorded run: each viewer stands at a moment of its own, and goes where it likes. */
import type { Env } from '../../env.ts';
import type { RunView } from '../../history/view.ts';
import type { Limits } from '../../limits.ts';
import { feedVersion, type FeedFrame, type SessionRow, type ViewerCommand } from './frame.ts';
import type { Feed } from './feed-target.ts';
import type { ViewerStart } from './feed.ts';
import type { Replay } from './replay.ts';
import { membersOf, overviewOf, rowOf } from './replay-overview.ts';
import { ViewerSocket } from './viewer-socket.ts';
import { Viewers } from './viewers.ts';

interface Viewer {
  readonly socket: ViewerSocket;
  /** What it was shown last. */
  view: RunView;
  watched: ReadonlySet<string>;
}

/** What the feed needs. */
export interface ReplayFeedOptions {
  readonly replay: Replay;
  readonly env: Env;
  readonly limits: Limits;
}

/** The feed of one history. */
export class ReplayFeed implements Feed {
  readonly epoch: string;
  readonly #options: ReplayFeedOptions;
  readonly #viewers: Viewers<Viewer>;

  constructor(options: ReplayFeedOptions) {
    const { env, limits } = options;
    this.#options = options;
    this.epoch = env.id();
    this.#viewers = new Viewers(env, limits, () => {});
  }

  get isFull(): boolean {
    return this.#viewers.isFull;
  }

  /** Takes a viewer in whose connection was upgraded. One that comes back stands where it stood. */
  open({ socket, access, position, watch }: ViewerStart): void {
    const { limits, replay } = this.#options;
    const { lastSeq, lastAt: at } = replay.summary;
    const onCommand = (command: ViewerCommand) => this.#obey(viewer, command);
    const opened = new ViewerSocket({ socket, access, limits, onCommand });
    const isKnown = position?.epoch === this.epoch;
    const view = replay.timeline.at(isKnown ? position.seq : lastSeq);
    const viewer: Viewer = { socket: opened, view, watched: new Set() };
    this.#viewers.add(viewer);
    const { epoch } = this;
    const { about } = replay;
    opened.tell({ type: 'hello', version: feedVersion, epoch, seq: view.seq, at, about });
    const overview = overviewOf(view, replay.summary.firstAt);
    opened.tell({ type: 'snapshot', seq: view.seq, at: view.at, overview });
    this.#watch(viewer, watch);
  }

  close(): Promise<void> {
    return this.#viewers.close();
  }

  #obey(viewer: Viewer, command: ViewerCommand): void {
    if (command.type === 'watch') this.#watch(viewer, command.sessionIds);
    else if (command.type === 'seek') this.#seek(viewer, command.seq);
  }

  #seek(viewer: Viewer, seq: number): void {
    const { replay } = this.#options;
    const before = viewer.view;
    // One that does not keep up is shown the next moment it asks for.
    if (viewer.socket.isFull) return;
    viewer.view = replay.timeline.at(seq);
    viewer.socket.tell(this.#change(before, viewer.view));
  }

  /** What is different at another moment: entries that are the same object as before are the same. */
  #change(before: RunView, view: RunView): FeedFrame {
    const members = membersOf(view);
    const rows: SessionRow[] = [];
    for (const [id, session] of view.sessions) {
      if (before.sessions.get(id) !== session) rows.push(rowOf(session, members));
    }
    const gone = [...before.sessions.keys()].filter((id) => !view.sessions.has(id));
    const { host, counters, waiting, team } = overviewOf(
      view,
      this.#options.replay.summary.firstAt,
    );
    const { seq, at } = view;
    return { type: 'update', seq, at, host, counters, waiting, team, rows, gone };
  }

  #watch(viewer: Viewer, sessionIds: readonly string[]): void {
    const { replay } = this.#options;
    const before = viewer.watched;
    viewer.watched = new Set(sessionIds);
    for (const sessionId of viewer.watched) {
      if (before.has(sessionId)) continue;
      const records = replay.recordsOf(sessionId);
      const { seq, at } = viewer.view;
      const from = records[0]?.seq ?? 0;
      viewer.socket.tell({ type: 'session', sessionId, seq, at, facts: null, from, records });
    }
  }
}
