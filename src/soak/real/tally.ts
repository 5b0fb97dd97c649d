/** Counts what a run does while it goes on: calls, faults, recovery, memory, and who is alive. */
import type { HistoryEventOf, HistoryRecord } from '../../history/record.ts';
import { defaultLimits } from '../../limits.ts';
import type { MemorySample, MemoryTrack, Times } from './real-options.ts';

/** Samples of memory that are kept of one life; then every second one is left out. */
const samplesMax = 512;

/** Recovery times that are kept. */
const timesMax = 100_000;

/** What is known of one runtime's link. */
interface LinkState {
  /** Sessions with calls that waited when the link was lost. */
  waiting: Set<string>;
  onlineAt: number | null;
}

interface Track {
  samples: MemorySample[];
  /** One in so many samples is kept. */
  stride: number;
  seen: number;
}

/** Where the sessions are: a runtime is named without the number of its life. */
const lineageOf = (runtime: string): string => runtime.replace(/\.\d+$/, '');

export class Tally {
  calls = 0;
  answered = 0;
  /** Starts of handlers. */
  starts = 0;
  /** Texts of logs that were searched. */
  logTexts = 0;
  readonly faults: Record<string, number> = {};
  /** Codex processes that live, by epoch. */
  readonly codexLives = new Set<string>();
  /** Calls that have no answer yet, by session. */
  readonly #open = new Map<string, Set<string>>();
  readonly #homes = new Map<string, string>();
  readonly #links = new Map<string, LinkState>();
  readonly #settled = new Map<string, number>();
  readonly #times: number[] = [];
  readonly #tracks = new Map<string, Track>();

  /** Takes a record in order. */
  push({ event, at }: HistoryRecord): void {
    switch (event.type) {
      case 'world.call.issued':
        this.calls += 1;
        this.#opened(event.sessionId, `${event.turnId} ${event.callId}`);
        return;
      case 'world.handler.started':
        this.starts += 1;
        return;
      case 'world.answer.taken':
        this.answered += 1;
        this.#open.get(event.sessionId)?.delete(`${event.turnId} ${event.callId}`);
        this.#progressed(event.sessionId, at);
        return;
      case 'world.turn.ended':
        this.#open.delete(event.sessionId);
        this.#progressed(event.sessionId, null);
        return;
      case 'world.fault.began':
        this.faults[event.fault] = (this.faults[event.fault] ?? 0) + 1;
        return;
      case 'world.process.began':
        if (event.kind === 'codex') this.codexLives.add(event.process);
        return;
      case 'world.process.ended':
        this.codexLives.delete(event.process);
        return;
      case 'mesh':
        this.#onMesh(event, at);
        return;
      default:
    }
  }

  /** Takes a sample of a process's memory. */
  sample(process: string, at: number, values: Readonly<Record<string, number>>): void {
    const track = this.#tracks.get(process) ?? { samples: [], stride: 1, seen: 0 };
    this.#tracks.set(process, track);
    track.seen += 1;
    if (track.seen % track.stride !== 0) return;
    track.samples.push({
      at,
      calls: this.calls,
      own: this.#settled.get(process) ?? 0,
      heapBytes: values['heap.bytes'] ?? 0,
      rssBytes: values['rss.bytes'] ?? 0,
    });
    if (track.samples.length <= samplesMax) return;
    track.samples = track.samples.filter((_, index) => index % 2 === 1);
    track.stride *= 2;
  }

  get recovery(): Times {
    const sorted = this.#times.toSorted((one, other) => one - other);
    const at = (part: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
    return { count: sorted.length, p50: at(0.5) ?? 0, p99: at(0.99) ?? 0, max: sorted.at(-1) ?? 0 };
  }

  get memory(): readonly MemoryTrack[] {
    return [...this.#tracks].map(([process, { samples }]) => ({
      process,
      samples,
      heapBytesPerMillionCalls: slopeOf(samples),
    }));
  }

  #opened(sessionId: string, call: string): void {
    const open = this.#open.get(sessionId) ?? new Set();
    this.#open.set(sessionId, open.add(call));
  }

  /** A session went on, or has nothing to go on with. */
  #progressed(sessionId: string, at: number | null): void {
    const link = this.#links.get(this.#homes.get(sessionId) ?? '');
    if (!link?.waiting.delete(sessionId) || at === null || link.onlineAt === null) return;
    if (this.#times.length < timesMax) this.#times.push(at - link.onlineAt);
  }

  #onMesh({ runtime, event }: HistoryEventOf<'mesh'>, at: number): void {
    const lineage = lineageOf(runtime);
    switch (event.type) {
      case 'session.opened':
        this.#homes.set(event.sessionId, lineage);
        return;
      case 'session.closed':
      case 'session.failed':
        this.#homes.delete(event.sessionId);
        return;
      case 'call.settled':
        this.#settled.set(runtime, (this.#settled.get(runtime) ?? 0) + 1);
        return;
      case 'host.lost': {
        const sessions = [...this.#homes].filter(([, home]) => home === lineage);
        const waiting = sessions
          .map(([id]) => id)
          .filter((id) => (this.#open.get(id)?.size ?? 0) > 0);
        this.#links.set(lineage, { waiting: new Set(waiting), onlineAt: null });
        return;
      }
      case 'host.online': {
        const link = this.#links.get(lineage);
        if (link) link.onlineAt = at;
        return;
      }
      default:
    }
  }
}

/** Until a life has settled so many calls, its memory of finished ones fills. */
const warmUpCalls = defaultLimits.ledgerCallsMax;

/** Calls that a life must have settled before a line through its samples says anything. */
const callsMin = 2 * warmUpCalls;

function slopeOf(samples: readonly MemorySample[]): number | null {
  const last = samples.at(-1);
  if (!last || last.own < callsMin) return null;
  const measured = samples.filter(({ own }) => own >= warmUpCalls);
  if (measured.length < 8) return null;
  const meanX = measured.reduce((sum, { own }) => sum + own, 0) / measured.length;
  const meanY = measured.reduce((sum, { heapBytes }) => sum + heapBytes, 0) / measured.length;
  let covariance = 0;
  let variance = 0;
  for (const { own, heapBytes } of measured) {
    covariance += (own - meanX) * (heapBytes - meanY);
    variance += (own - meanX) ** 2;
  }
  return variance === 0 ? null : Math.round((covariance / variance) * 1e6);
}
