/** What a soak of real processes prints. */
import type { MemoryTrack, RealProgress, RealResult } from '../soak/real/index.ts';

const count = (value: number): string => Math.round(value).toLocaleString('en-US');
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

/** The line that is shown while it runs. */
export function formatRealProgress(progress: RealProgress | undefined): string {
  if (!progress) return 'starting the processes';
  const { phase, elapsedMs, calls, answered, part, faults, violations } = progress;
  const happened = Object.values(faults).reduce<number>((sum, times = 0) => sum + times, 0);
  const leftMs = part > 0.02 ? elapsedMs / part - elapsedMs : null;
  const left = leftMs === null ? '' : `, ${seconds(leftMs)} left`;
  const bad = violations === 0 ? '' : `, ${violations} VIOLATIONS`;
  return `${phase}: ${count(calls)} calls, ${count(answered)} answered, ${count(happened)} faults, ${seconds(elapsedMs)}${left}${bad}`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`).join('');
}

/** A process whose memory was followed for long enough to say something. */
function memoryRow({ process, samples, heapBytesPerMillionCalls }: MemoryTrack) {
  const last = samples.at(-1);
  if (!last || heapBytesPerMillionCalls === null) return [];
  const growth = `${megabytes(heapBytesPerMillionCalls)} for a million calls`;
  return [[process, `${megabytes(last.heapBytes)} of heap at the end, growth ${growth}`] as const];
}

/** What only a run on real processes shows, below the verdict. */
export function formatRealFigures(result: RealResult): string {
  const { starts, recovery, memory, deaths } = result;
  const { count: times, p50, p99 } = recovery;
  const recovered = `${count(times)} times, p50 ${count(p50)} ms, p99 ${count(p99)} ms`;
  const rows = table([
    ['starts', `${count(starts.lines)}, as the handlers themselves count them`],
    ['links', times === 0 ? 'none was lost' : `came back ${recovered}`],
    ...memory.flatMap(memoryRow),
  ]);
  return `${rows}${deaths.map((death) => `  ${death}\n`).join('')}`;
}
