/** What a soak of real processes prints. */
import type { MemoryTrack, RealProgress, RealResult } from '../soak/real/index.ts';
import { bytesText, countText, timeText } from '../soak/report/words.ts';
import { rowsText } from './soak-text.ts';

/** The line that is shown while it runs. */
export function formatRealProgress(progress: RealProgress | undefined): string {
  if (!progress) return 'starting the processes';
  const { phase, elapsedMs, calls, answered, part, faults, violations } = progress;
  const happened = Object.values(faults).reduce<number>((sum, times = 0) => sum + times, 0);
  const leftMs = part > 0.02 ? elapsedMs / part - elapsedMs : null;
  const left = leftMs === null ? '' : `, ${timeText(leftMs)} left`;
  const bad = violations === 0 ? '' : `, ${violations} VIOLATIONS`;
  return `${phase}: ${countText(calls)} calls, ${countText(answered)} answered, ${countText(happened)} faults, ${timeText(elapsedMs)}${left}${bad}`;
}

/** A process whose memory was followed for long enough to say something. */
function memoryRow({ process, samples, heapBytesPerMillionCalls }: MemoryTrack) {
  const last = samples.at(-1);
  if (!last || heapBytesPerMillionCalls === null) return [];
  const growth = `${bytesText(heapBytesPerMillionCalls)} for a million calls`;
  return [[process, `${bytesText(last.heapBytes)} of heap at the end, growth ${growth}`] as const];
}

/** What of a preset does not happen in such a run, so that nobody takes it for shown. */
function leftOutRows(skipped: RealResult['skipped']) {
  return skipped.length === 0
    ? []
    : [['left out', `${skipped.join(', ')}: not with this tier and topology`] as const];
}

/** What only a run on real processes shows, below the verdict. */
export function formatRealFigures(
  result: Pick<RealResult, 'starts' | 'recovery' | 'memory' | 'deaths' | 'skipped'>,
): string {
  const { starts, recovery, memory, deaths, skipped } = result;
  const { count: times, p50, p99 } = recovery;
  const recovered = `${countText(times)} times, p50 ${timeText(p50)}, p99 ${timeText(p99)}`;
  const rows = rowsText([
    ['starts', `${countText(starts.lines)}, as the handlers themselves count them`],
    ['links', times === 0 ? 'none was lost' : `came back ${recovered}`],
    ...memory.flatMap(memoryRow),
    ...leftOutRows(skipped),
  ]);
  return `${rows}${deaths.map((death) => `  ${death}\n`).join('')}`;
}
