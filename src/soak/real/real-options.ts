/** What a run on real processes is made of, and what it tells. */
import type { JournalMode } from '../../ledger/journal.ts';
import type { Verdict } from '../check/verdict.ts';
import type { FaultPlan } from '../fault-plan.ts';
import { faultKind, type FaultName } from '../fault.ts';

/** What the runtimes talk to: a Codex, by sockets and pipes; or a control service with a Codex behind it. */
export type RealTopology = 'app-server' | 'service';

/** How a runtime of the topology `app-server` reaches its Codex. */
export type LinkKind = 'tcp' | 'unix' | 'child';

/** One run. */
export interface RealOptions {
  /** Default: `app-server`. */
  readonly topology?: RealTopology;
  /** The real Codex with a scripted model, or a program that plays Codex at a high rate (default). */
  readonly codex?: 'real' | 'scripted';
  /** How runtimes are linked, one after the other. Default: `tcp`, `unix`, `child`. */
  readonly links?: readonly LinkKind[];
  /** Runtime processes. Default: one for each link; with a service, 2. */
  readonly runtimes?: number;
  /** Sessions of all runtimes together. Default: 20. */
  readonly sessions?: number;
  /** The run goes on until Codex has asked for so many calls, or for so long. Default: 1,000 calls. */
  readonly calls?: number;
  readonly durationMs?: number;
  /** Default: none. */
  readonly faults?: FaultPlan;
  /** Default: 1. */
  readonly seed?: number;
  /** The ledger of each runtime. Default: `sync`. */
  readonly ledger?: JournalMode | 'none';
  /** Where the history is written. Default: nowhere; it is checked all the same. */
  readonly history?: string;
  readonly onProgress?: (progress: RealProgress) => void;
  readonly signal?: AbortSignal;
}

export type RealPhase = 'starting' | 'warm-up' | 'chaos' | 'quiet' | 'idle' | 'ending';

/** How far a run is. */
export interface RealProgress {
  readonly phase: RealPhase;
  readonly elapsedMs: number;
  /** Calls that Codex asked for, and those that it has an answer to. */
  readonly calls: number;
  readonly answered: number;
  /** 0 to 1. */
  readonly part: number;
  readonly faults: Readonly<Partial<Record<string, number>>>;
  readonly violations: number;
}

/** The memory of one life of a process over time. */
export interface MemoryTrack {
  readonly process: string;
  readonly samples: readonly MemorySample[];
  /** Growth of the heap after the warm-up, as a straight line through the samples; null if too few. */
  readonly heapBytesPerMillionCalls: number | null;
}

export interface MemorySample {
  readonly at: number;
  /** Calls of the whole run, and those this life had settled, when it was taken. */
  readonly calls: number;
  readonly own: number;
  readonly heapBytes: number;
  readonly rssBytes: number;
}

/** Times in milliseconds. */
export interface Times {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What became of a run. */
export interface RealResult {
  readonly verdict: Verdict;
  readonly durationMs: number;
  readonly calls: number;
  readonly answered: number;
  /** Lines that handlers left in the file of starts, and starts that the history tells of: as many. */
  readonly starts: { readonly lines: number; readonly told: number };
  /** Faults of the plan that this topology does not know. */
  readonly skipped: readonly FaultName[];
  /** From the moment a link was up again until each waiting session went on. */
  readonly recovery: Times;
  readonly memory: readonly MemoryTrack[];
  /** Lives of processes that ended by themselves though nobody asked them to, with their last words. */
  readonly deaths: readonly string[];
}

/** Faults that only a control service can suffer. */
const serviceFaults: ReadonlySet<FaultName> = new Set(['drop', 'lose-reply', 'reorder', 'token']);

/** What only a program that plays Codex can do. */
const scriptedFaults: ReadonlySet<FaultName> = new Set(['overload']);

/** Whether a run of this kind injects the fault. */
export function isInjected(
  fault: FaultName,
  { topology = 'app-server', codex = 'scripted' }: RealOptions,
): boolean {
  if (!faultKind(fault).tiers.includes('real')) return false;
  if (serviceFaults.has(fault)) return topology === 'service';
  return codex === 'scripted' || !scriptedFaults.has(fault);
}
