/** What `sessionmesh soak` prints. */
import { invariants } from '../soak/check/verdict.ts';
import type { SimulationResult } from '../soak/sim/simulate.ts';
import { hasHeld, type SimSoakReport, type SoakProgress } from '../soak/soak.ts';

const count = (value: number): string => Math.round(value).toLocaleString('en-US');

/** A span of time as people say it. */
function span(ms: number): string {
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 7_200_000) return `${(ms / 60_000).toFixed(1)} min`;
  if (ms < 172_800_000) return `${(ms / 3_600_000).toFixed(1)} h`;
  return `${(ms / 86_400_000).toFixed(1)} days`;
}

/** The line that is shown while it runs. */
export function formatSoakProgress(progress: SoakProgress | undefined, seeds: number): string {
  if (!progress) return `0 of ${count(seeds)} seeds`;
  const { seedsDone, calls, faults, virtualMs, realMs, leftMs, failures } = progress;
  const time = `${span(virtualMs)} simulated in ${span(realMs)}, ${span(leftMs)} left`;
  const bad = failures === 0 ? '' : `, ${failures} FAILED`;
  return `${count(seedsDone)} of ${count(seeds)} seeds, ${count(calls)} calls, ${count(faults)} faults, ${time}${bad}`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`).join('');
}

function verdictText(report: SimSoakReport): string {
  if (hasHeld(report)) return 'Everything that was promised held.';
  const { failures, seedsDone } = report;
  return failures > 0
    ? `It did not hold: ${failures} of ${count(seedsDone)} seeds failed.`
    : 'Nothing was broken, but not everything that was planned happened: take more seeds.';
}

/** The tables at the end. */
export function formatSoak(report: SimSoakReport): string {
  const { seedsDone, calls, events, virtualMs, realMs, traceHash, missing } = report;
  const speed =
    realMs > 0 ? `${count((events / realMs) * 1_000)} events a second` : 'no time at all';
  const run = table([
    ['seeds', count(seedsDone)],
    ['calls', count(calls)],
    ['events', `${count(events)}, ${speed}`],
    ['time', `${span(virtualMs)} simulated in ${span(realMs)}`],
    ['trace', traceHash],
  ]);
  const faults = Object.entries(report.faultCounts).map(
    ([name, times]) => [name, `${count(times)} times`] as const,
  );
  const checks = Object.entries(invariants).map(([name, title]) => {
    const times = report.checked[name] ?? 0;
    return [
      name,
      `${title}: ${times === 0 ? 'not seen' : `looked at ${count(times)} times`}`,
    ] as const;
  });
  const never =
    missing.length === 0 ? '' : `\nplanned, and never happened: ${missing.join(', ')}\n`;
  const verdict = verdictText(report);
  const happened = faults.length === 0 ? '  none\n' : table(faults);
  return `run\n${run}\nfaults\n${happened}\ninvariants\n${table(checks)}${never}\n${verdict}\n`;
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
