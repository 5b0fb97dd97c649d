/**
 * The inspection feed of a run that goes on: its overview to everybody who looks, and of the sessions that
 * somebody watches everything that happens.
 *
 * - F1 While nobody looks, nothing is observed, folded or kept. What was observed is let go
 *   `inspectionLingerMs` after the last viewer went, so that a connection that broke can go on.
 * - F2 A viewer that comes back with the number and the epoch it has seen is told exactly what it missed;
 *   where that is not known any more, `lagged` and a snapshot take its place.
 * - F3 A viewer that does not keep up costs no memory: it is told nothing until it has caught up, and then
 *   `lagged` and a snapshot.
 */
import type { WebSocket } from 'ws';
import type { Env, Timer } from '../../env.ts';
import type { Limits } from '../../limits.ts';
import { feedVersion, type FeedFrame, type OverviewView, type ViewerCommand } from './frame.ts';
import { Observation } from './observation.ts';
import type { InspectionSource } from './source.ts';
import { ViewerSocket } from './viewer-socket.ts';
import { Viewers } from './viewers.ts';

/** How a viewer begins. */
export interface ViewerStart {
  readonly socket: WebSocket;
  /** What it has seen already, or null if it is new. */
  readonly position: { readonly epoch: string | null; readonly seq: number } | null;
  /** The sessions it watches from the beginning. */
  readonly watch: readonly string[];
}

interface Viewer {
  readonly socket: ViewerSocket;
  /** The last event it was told the consequences of. */
  seq: number;
  watched: ReadonlySet<string>;
  /** It does not keep up, and is told nothing for the moment. */
  isBehind: boolean;
}

/** What the feed needs. */
export interface InspectionFeedOptions {
  readonly source: InspectionSource;
  readonly env: Env;
  readonly limits: Limits;
}

/** The feed of one run. */
export class InspectionFeed {
  /** Names this life of the feed. */
  readonly epoch: string;
  readonly #options: InspectionFeedOptions;
  readonly #viewers: Viewers<Viewer>;
  #observation: Observation | null = null;
  /** The last event that was observed. It goes on counting over pauses, so that no number is used twice. */
  #seq = 0;
  #timer: Timer | undefined;
  /** When nobody looked any more, in monotonic milliseconds. */
  #idleSinceMs = 0;

  constructor(options: InspectionFeedOptions) {
    this.#options = options;
    const { env, limits } = options;
    this.epoch = env.id();
    this.#viewers = new Viewers(limits, (viewer) => this.#onGone(viewer));
  }

  /** Those who look. */
  get size(): number {
    return this.#viewers.size;
  }

  /** Whether the run is observed right now. */
  get isObserving(): boolean {
    return this.#observation !== null;
  }

  /** Whether one more viewer is too many. */
  get isFull(): boolean {
    return this.#viewers.isFull;
  }

  /** Takes a viewer in whose connection was upgraded. */
  open({ socket, position, watch }: ViewerStart): void {
    const { limits, source, env } = this.#options;
    const onCommand = (command: ViewerCommand) => this.#obey(viewer, command);
    const opened = new ViewerSocket({ socket, limits, onCommand });
    const viewer: Viewer = { socket: opened, seq: 0, watched: new Set(), isBehind: false };
    const observation = this.#observe();
    // What others have not been told yet would otherwise reach this one twice.
    this.#tell(observation);
    const isKnown = position?.epoch === this.epoch && position.seq <= this.#seq;
    const about = source.about;
    const { epoch } = this;
    const at = env.clock.now();
    opened.tell({ type: 'hello', version: feedVersion, epoch, seq: this.#seq, at, about });
    this.#viewers.add(viewer);
    if (isKnown && position.seq >= observation.from) this.#resume(viewer, position.seq, watch);
    else {
      if (position) opened.tell({ type: 'lagged', from: position.seq + 1, to: this.#seq });
      this.#begin(viewer, watch);
    }
  }

  /** Observes nothing any more. Idempotent. */
  close(): void {
    this.#stop();
  }

  /** The run, observed from now on if it was not before. */
  #observe(): Observation {
    if (this.#observation) return this.#observation;
    const { source, limits, env } = this.#options;
    this.#seq += 1;
    const observation = new Observation({ source, limits, seq: this.#seq, at: env.clock.now() });
    observation.start({
      onEvent: (event, at) => {
        this.#seq += 1;
        observation.apply(event, at, this.#seq);
      },
      onTitle: (sessionId, title) => {
        this.#seq += 1;
        observation.rename(sessionId, title, this.#seq);
      },
    });
    this.#observation = observation;
    this.#tickLater();
    return observation;
  }

  #stop(): void {
    this.#observation?.stop();
    this.#observation = null;
    if (this.#timer !== undefined) this.#options.env.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #onGone(viewer: Viewer): void {
    const nowMs = this.#options.env.clock.monotonic();
    this.#observation?.unwatch(viewer.watched, nowMs);
    if (this.#viewers.size === 0) this.#idleSinceMs = nowMs;
  }

  #tickLater(): void {
    const { env, limits } = this.#options;
    this.#timer = env.clock.setTimeout(() => this.#tick(), limits.inspectionTickMs);
  }

  #tick(): void {
    const { env, limits } = this.#options;
    const nowMs = env.clock.monotonic();
    if (!this.#observation) return;
    const idleMs = nowMs - this.#idleSinceMs;
    if (this.#viewers.size === 0 && idleMs >= limits.inspectionLingerMs) {
      this.#stop();
      return;
    }
    this.#observation.forgetUnwatched(nowMs);
    this.#tell(this.#observation);
    this.#tickLater();
  }

  /** Tells everybody who keeps up what changed since the last time. */
  #tell(observation: Observation): void {
    const at = this.#options.env.clock.now();
    const update = observation.takeUpdate(at, this.#seq);
    for (const viewer of this.#viewers) {
      const { socket } = viewer;
      viewer.isBehind ||= socket.isFull;
      if (viewer.isBehind) {
        if (socket.hasRoom) this.#catchUp(viewer);
        continue;
      }
      const records = observation.recordsText(viewer.watched, viewer.seq);
      if (update === null && records === '') continue;
      const text = update ?? this.#emptyUpdate(at);
      socket.send(records === '' ? text : `${text.slice(0, -1)},"records":[${records}]}`);
      viewer.seq = this.#seq;
    }
    observation.forgetTexts();
  }

  #emptyUpdate(at: number): string {
    return JSON.stringify({ type: 'update', seq: this.#seq, at } satisfies FeedFrame);
  }

  #catchUp(viewer: Viewer): void {
    viewer.isBehind = false;
    viewer.socket.tell({ type: 'lagged', from: viewer.seq + 1, to: this.#seq });
    const watched = [...viewer.watched];
    this.#observation?.unwatch(viewer.watched, this.#options.env.clock.monotonic());
    viewer.watched = new Set();
    this.#begin(viewer, watched);
  }

  /** Everything, for one who knows nothing. */
  #begin(viewer: Viewer, watch: readonly string[]): void {
    const at = this.#options.env.clock.now();
    const overview: OverviewView | undefined = this.#observation?.view(at);
    if (!overview) return;
    viewer.socket.tell({ type: 'snapshot', seq: this.#seq, at, overview });
    viewer.seq = this.#seq;
    this.#watch(viewer, watch);
  }

  /** What one has missed who was here before. */
  #resume(viewer: Viewer, since: number, watch: readonly string[]): void {
    const observation = this.#observation;
    if (!observation) return;
    const at = this.#options.env.clock.now();
    viewer.seq = since;
    const kept = watch.filter((id) => observation.isComplete(id, since));
    viewer.watched = new Set(kept);
    observation.watch(kept, this.#seq);
    const records = kept.flatMap((id) => observation.records(id, since));
    const changes = observation.changesSince(since, at);
    viewer.socket.tell({ type: 'update', seq: this.#seq, at, ...changes, records });
    viewer.seq = this.#seq;
    this.#watch(viewer, watch);
  }

  #obey(viewer: Viewer, command: ViewerCommand): void {
    switch (command.type) {
      case 'watch':
        // One that is behind is told of its sessions when it has caught up.
        if (viewer.isBehind) viewer.watched = this.#exchange(viewer, command.sessionIds);
        else this.#watch(viewer, command.sessionIds);
        return;
      case 'seek':
        viewer.socket.tell({ type: 'error', message: 'what goes on cannot be wound back' });
        return;
      case 'ping':
    }
  }

  #exchange(viewer: Viewer, sessionIds: readonly string[]): ReadonlySet<string> {
    const next = new Set(sessionIds);
    this.#observation?.watch(sessionIds, this.#seq);
    this.#observation?.unwatch(viewer.watched, this.#options.env.clock.monotonic());
    return next;
  }

  /** From now on these sessions are watched; each that was not before is told of as it is. */
  #watch(viewer: Viewer, sessionIds: readonly string[]): void {
    const observation = this.#observation;
    if (!observation) return;
    // Records that are waiting to be told belong to what is told now.
    this.#tell(observation);
    const before = viewer.watched;
    viewer.watched = this.#exchange(viewer, sessionIds);
    const at = this.#options.env.clock.now();
    for (const sessionId of viewer.watched) {
      if (before.has(sessionId)) continue;
      const frame = observation.sessionFrame(sessionId, this.#seq, at);
      viewer.socket.tell(frame);
    }
  }
}
