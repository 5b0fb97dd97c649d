/**
 * The feed of a recorded run: each viewer stands at a moment of its own, and goes where it likes. Of a run
 * that is still being written, whoever stands at its end moves on with it.
 */
import type { Env, Timer } from '../../env.ts';
import type { HistoryRecord } from '../../history/record.ts';
import type { RunView } from '../../history/view.ts';
import type { Limits } from '../../limits.ts';
import {
  feedVersion,
  type FeedFrame,
  type OverviewView,
  type SessionRow,
  type ViewerCommand,
} from './frame.ts';
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
  /** Whether it moves on as the run does. */
  isFollowing: boolean;
  /** The last record that it was told the run had. */
  knownSeq: number;
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
  readonly #unobserve: () => void;
  #timer: Timer | undefined;

  constructor(options: ReplayFeedOptions) {
    const { env, limits, replay } = options;
    this.#options = options;
    this.epoch = env.id();
    this.#viewers = new Viewers(limits, () => {});
    this.#unobserve = replay.observe(() => this.#growLater());
  }

  get isFull(): boolean {
    return this.#viewers.isFull;
  }

  /** Takes a viewer in whose connection was upgraded. One that comes back stands where it stood. */
  open({ socket, position, watch }: ViewerStart): void {
    const { limits, replay } = this.#options;
    const { lastSeq, lastAt: at } = replay.span;
    const onCommand = (command: ViewerCommand) => this.#obey(viewer, command);
    const opened = new ViewerSocket({ socket, limits, onCommand });
    const isKnown = position?.epoch === this.epoch;
    const view = replay.timeline.at(isKnown ? position.seq : lastSeq);
    const isFollowing = !replay.isOver && view.seq === lastSeq;
    const viewer: Viewer = {
      socket: opened,
      view,
      watched: new Set(),
      isFollowing,
      knownSeq: lastSeq,
    };
    this.#viewers.add(viewer);
    const { epoch } = this;
    const { about } = replay;
    opened.tell({ type: 'hello', version: feedVersion, epoch, seq: view.seq, at, about });
    if (!replay.isOver) opened.tell(this.#grown());
    const overview = this.#overview(view);
    opened.tell({ type: 'snapshot', seq: view.seq, at: view.at, overview });
    this.#watch(viewer, watch);
  }

  close(): void {
    this.#unobserve();
    if (this.#timer !== undefined) this.#options.env.clock.clearTimeout(this.#timer);
  }

  #obey(viewer: Viewer, command: ViewerCommand): void {
    if (command.type === 'watch') this.#watch(viewer, command.sessionIds);
    else if (command.type === 'seek') this.#seek(viewer, command.seq);
  }

  #seek(viewer: Viewer, seq: number): void {
    const { replay } = this.#options;
    viewer.isFollowing = !replay.isOver && seq >= replay.span.lastSeq;
    // One that does not keep up is shown the next moment it asks for.
    if (!viewer.socket.isFull) this.#show(viewer, replay.timeline.at(seq));
  }

  #show(viewer: Viewer, view: RunView, records: readonly HistoryRecord[] = []): void {
    const change = this.#change(viewer.view, view);
    viewer.view = view;
    viewer.socket.tell(records.length === 0 ? change : { ...change, records });
  }

  /** What is different at another moment: entries that are the same object as before are the same. */
  #change(before: RunView, view: RunView): Extract<FeedFrame, { type: 'update' }> {
    const members = membersOf(view);
    const rows: SessionRow[] = [];
    for (const [id, session] of view.sessions) {
      if (before.sessions.get(id) !== session) rows.push(rowOf(session, members));
    }
    const gone = [...before.sessions.keys()].filter((id) => !view.sessions.has(id));
    const { host, counters, waiting, team } = this.#overview(view);
    const { seq, at } = view;
    return { type: 'update', seq, at, host, counters, waiting, team, rows, gone };
  }

  #overview(view: RunView): OverviewView {
    const { span, budgets } = this.#options.replay;
    return overviewOf(view, { firstAt: span.firstAt, budgets });
  }

  // A run that goes on

  #grown(): FeedFrame {
    const { isOver, span } = this.#options.replay;
    const { lastSeq, lastAt } = span;
    return { type: 'grown', lastSeq, lastAt, isOver };
  }

  #growLater(): void {
    const { env, limits } = this.#options;
    this.#timer ??= env.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#grow();
    }, limits.inspectionTickMs);
  }

  /** Tells everybody that the run has gone on; whoever does not keep up is told the next time. */
  #grow(): void {
    const { timeline, span } = this.#options.replay;
    const grown = this.#grown();
    let latest: RunView | null = null;
    for (const viewer of this.#viewers) {
      if (viewer.socket.isFull) {
        this.#growLater();
        continue;
      }
      const records = this.#newRecords(viewer);
      viewer.knownSeq = span.lastSeq;
      viewer.socket.tell(grown);
      if (viewer.isFollowing) this.#show(viewer, (latest ??= timeline.at(span.lastSeq)), records);
      else if (records.length > 0) {
        const { seq, at } = viewer.view;
        viewer.socket.tell({ type: 'update', seq, at, records });
      }
    }
  }

  /** What has happened in the sessions that a viewer watches since it was told last. */
  #newRecords({ watched, knownSeq }: Viewer): readonly HistoryRecord[] {
    return [...watched].flatMap((sessionId) => {
      const records = this.#options.replay.recordsOf(sessionId);
      return records.slice(records.findLastIndex(({ seq }) => seq <= knownSeq) + 1);
    });
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
