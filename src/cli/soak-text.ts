/** What `sessionmesh soak` prints. */
import { invariants } from '../soak/check/verdict.ts';
import { countText, timeText } from '../soak/report/words.ts';
import type { SimulationResult } from '../soak/sim/simulate.ts';
import { hasHeld, type SimSoakReport, type SoakProgress } from '../soak/soak.ts';
import { tableLines } from './plain-text.ts';

/** Names and what there is to say of each, as two columns of indented lines. */
export function rowsText(rows: readonly (readonly [string, string])[]): string {
  return tableLines(rows)
    .map((line) => `  ${line}\n`)
    .join('');
}

/** The line that is shown while it runs. */
export function formatSoakProgress(progress: SoakProgress | undefined, seeds: number): string {
  if (!progress) return `0 of ${countText(seeds)} seeds`;
  const { seedsDone, calls, faults, virtualMs, realMs, leftMs, failures } = progress;
  const time = `${timeText(virtualMs)} simulated in ${timeText(realMs)}, ${timeText(leftMs)} left`;
  const bad = failures === 0 ? '' : `, ${failures} FAILED`;
  return `${countText(seedsDone)} of ${countText(seeds)} seeds, ${countText(calls)} calls, ${countText(faults)} faults, ${time}${bad}`;
}

function verdictText(report: SimSoakReport): string {
  if (hasHeld(report)) return 'Everything that was promised held.';
  const { failures, seedsDone, seeds } = report;
  if (failures > 0) return `It did not hold: ${failures} of ${countText(seedsDone)} seeds failed.`;
  return seedsDone < seeds
    ? `Nothing was broken, but only ${countText(seedsDone)} of ${countText(seeds)} seeds were run.`
    : 'Nothing was broken, but not everything that was planned happened: take more seeds.';
}

/** The tables at the end. */
export function formatSoak(report: SimSoakReport): string {
  const { seedsDone, calls, events, virtualMs, realMs, traceHash, missing } = report;
  const speed =
    realMs > 0 ? `${countText((events / realMs) * 1_000)} events a second` : 'no time at all';
  const run = rowsText([
    ['seeds', countText(seedsDone)],
    ['calls', countText(calls)],
    ['events', `${countText(events)}, ${speed}`],
    ['time', `${timeText(virtualMs)} simulated in ${timeText(realMs)}`],
    ['trace', traceHash],
  ]);
  const faults = Object.entries(report.faultCounts).map(
    ([name, times]) => [name, `${countText(times)} times`] as const,
  );
  const checks = Object.entries(invariants).map(([name, title]) => {
    const times = report.checked[name] ?? 0;
    return [
      name,
      `${title}: ${times === 0 ? 'not seen' : `looked at ${countText(times)} times`}`,
    ] as const;
  });
  const never =
    missing.length === 0 ? '' : `\nplanned, and never happened: ${missing.join(', ')}\n`;
  const verdict = verdictText(report);
  const happened = faults.length === 0 ? '  none\n' : rowsText(faults);
  return `run\n${run}\nfaults\n${happened}\ninvariants\n${rowsText(checks)}${never}\n${verdict}\n`;
}

/** What is said of one simulation that failed. */
export function formatSoakFailure(
  { scenario, findings }: SimulationResult,
  repeat: string,
): string {
  const { seed, topology, ledger } = scenario;
  const shown = findings.slice(0, 5).map(({ invariant, what }) => `  ${invariant}: ${what}\n`);
  const more = findings.length > 5 ? `  and ${findings.length - 5} more\n` : '';
  const where = `seed 0x${seed.toString(16)} (${topology}, ledger ${ledger})`;
  return `\n${where}\n${shown.join('')}${more}  again: ${repeat}\n`;
}
