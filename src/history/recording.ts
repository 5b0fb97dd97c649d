/** Switching a history on: for a mesh that runs, or from the first event of one that is about to. */
import type { Observable, Subscription } from 'rxjs';
import { systemEnv, type Env } from '../env.ts';
import { defaultLimits, resolveLimits, type Limits } from '../limits.ts';
import { silentLogger, type Logger } from '../logger.ts';
import type { MeshEvent, Occurrence } from '../mesh/event.ts';
import type { TeamEvent } from '../team/event.ts';
import { openFileSink } from './file-sink.ts';
import { historyVersion, type WorldEvent } from './record.ts';
import { HistoryWriter, type HistorySink, type HistoryStats } from './writer.ts';

/** Where a history goes and what it says of itself. */
export interface RecordHistoryOptions {
  /** The file to create, or a sink of your own. An existing file is never overwritten. */
  readonly to: string | HistorySink;
  /** Names the runtime whose events these are. Default: `mesh`. */
  readonly runtime?: string;
  /** What writes it, as its header says. Default: `mesh`. */
  readonly source?: string;
  /** Whatever else a reader may want to know of the run. Plain JSON. */
  readonly about?: Readonly<Record<string, unknown>>;
  readonly limits?: Partial<Limits>;
  readonly logger?: Logger;
  readonly env?: Env;
}

/** A history that is being written. Close it, or let `await using` do so. */
export interface HistoryRecording extends AsyncDisposable {
  readonly stats: HistoryStats;
  /** Takes an event of a mesh; pass it as the `onEvent` of `createMesh`. Never throws. */
  readonly onMeshEvent: (event: MeshEvent) => void;
  /** Takes an event of a team; pass it as the `onEvent` of `createTeam`. Never throws. */
  readonly onTeamEvent: (event: TeamEvent) => void;
  /** Takes what a harness saw from outside. Never throws. */
  readonly write: (event: WorldEvent) => void;
  /** Resolves once everything so far is with the sink. */
  flush(): Promise<void>;
  /** Writes what is left. Never rejects: `failure` says what went wrong. Idempotent. */
  close(): Promise<HistoryStats>;
}

/** What is asked of a mesh that is recorded. */
export interface RecordedMesh {
  readonly events$: Observable<MeshEvent>;
  sessions(): readonly RecordedSession[];
}

interface RecordedSession {
  readonly id: string;
  readonly state: unknown;
  readonly dispatchMode: 'neutral' | 'signal' | 'polling';
  readonly tools: readonly { readonly name: string }[];
}

/**
 * Begins a history for a mesh that does not exist yet, so that it holds every event.
 * @throws SessionMeshError `history_open_failed`, `limit_invalid`.
 */
export async function startHistory(options: RecordHistoryOptions): Promise<HistoryRecording> {
  const { to, runtime = 'mesh', source = 'mesh', about = {}, env = systemEnv } = options;
  const limits = options.limits ? resolveLimits(options.limits) : defaultLimits;
  const sink = typeof to === 'string' ? await openFileSink(env.files.promises, to) : to;
  const writer = new HistoryWriter({
    sink,
    header: {
      type: 'history.began',
      version: historyVersion,
      source,
      runId: env.id(),
      time: 'wall',
      seed: null,
      about,
    },
    clock: env.clock,
    limits,
    logger: options.logger ?? silentLogger,
  });
  return {
    get stats() {
      return writer.stats;
    },
    onMeshEvent: ({ at, ...event }) => writer.write({ type: 'mesh', runtime, event }, at),
    onTeamEvent: (event) => writer.write({ type: 'team', runtime, event }, event.at),
    write: (event) => writer.write(event),
    flush: () => writer.flush(),
    close: () => writer.close(),
    [Symbol.asyncDispose]: async () => void (await writer.close()),
  };
}

/** What a history that begins late has to know of a session that is open already. */
function occurrencesOf(session: RecordedSession): Occurrence[] {
  const { id: sessionId, state, dispatchMode } = session;
  const tools = session.tools.map(({ name }) => name);
  return [
    { type: 'session.opened', sessionId, title: null, tools, resumed: true },
    { type: 'session.changed', sessionId, state, dispatchMode },
  ];
}

/**
 * Writes down everything that happens in `mesh` from now on, beginning with the sessions it has. The
 * history ends when the mesh is closed, or when the recording is.
 * @throws SessionMeshError `history_open_failed`, `limit_invalid`.
 */
export async function recordHistory(
  mesh: RecordedMesh,
  options: RecordHistoryOptions,
): Promise<HistoryRecording> {
  const recording = await startHistory(options);
  const { clock } = options.env ?? systemEnv;
  for (const session of mesh.sessions()) {
    const at = clock.now();
    for (const event of occurrencesOf(session)) recording.onMeshEvent({ ...event, at });
  }
  const subscription: Subscription = mesh.events$.subscribe({
    next: recording.onMeshEvent,
    complete: () => void recording.close(),
  });
  const close = () => {
    subscription.unsubscribe();
    return recording.close();
  };
  const { onMeshEvent, onTeamEvent, write } = recording;
  return {
    get stats() {
      return recording.stats;
    },
    onMeshEvent,
    onTeamEvent,
    write,
    flush: () => recording.flush(),
    close,
    [Symbol.asyncDispose]: async () => void (await close()),
  };
}
