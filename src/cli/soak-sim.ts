/** `sessionmesh soak --tier sim`: the simulator over many seeds. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemEnv } from '../env.ts';
import { openFileSink } from '../history/file-sink.ts';
import type { HistorySink } from '../history/writer.ts';
import { formatFaults } from '../soak/fault-plan.ts';
import { isSimulated, type Topology } from '../soak/sim/scenario.ts';
import { regressionOf } from '../soak/sim/regression.ts';
import { shrink } from '../soak/sim/shrink.ts';
import type { FailureWatch, SimulationResult } from '../soak/sim/simulate.ts';
import { hasHeld, soakSimulated, type SimSoakReport, type SoakProgress } from '../soak/soak.ts';
import { createReporter } from '../soak/report/reporter.ts';
import { wishesOf, type SoakOptions } from './soak-options.ts';
import { checkPlan, type FaultPlace } from './soak-plan.ts';
import { checkPage, writePage } from './soak-report.ts';
import { formatSoak, formatSoakFailure, formatSoakProgress } from './soak-text.ts';
import { openTerminal } from './terminal.ts';

/** The options of the command, as they are read. */
export interface SoakSimOptions extends SoakOptions<Topology> {
  readonly seeds?: number;
  readonly regressions?: string;
}

/** The command that runs one simulation again. */
function repeatCommand({ scenario }: SimulationResult, { preset, faults }: SoakSimOptions): string {
  const plan = faults ? `--faults ${formatFaults(faults)}` : `--preset ${preset}`;
  return `sessionmesh soak --tier sim --seed 0x${scenario.seed.toString(16)} ${plan}`;
}

/** Where the history of one simulation goes. The file is there before the run, which may take hours. */
class HistoryPlace implements AsyncDisposable {
  readonly #path: string;
  readonly #sink: HistorySink;
  #isUsed = false;

  private constructor(path: string, sink: HistorySink) {
    this.#path = path;
    this.#sink = sink;
  }

  /** @throws SessionMeshError `history_open_failed`, also if the file exists */
  static async open(path: string): Promise<HistoryPlace> {
    return new HistoryPlace(path, await openFileSink(systemEnv.files.promises, path));
  }

  async write({ history }: SimulationResult): Promise<void> {
    this.#isUsed = true;
    const lines = [history.header, ...history.records].map((line) => JSON.stringify(line));
    await this.#sink.append(`${lines.join('\n')}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sink.close();
    // An empty file is no history, and would be in the way of the next run.
    if (!this.#isUsed) await rm(this.#path, { force: true });
  }
}

/** The page of one simulation: the first that failed, or the last. */
async function writeHtml(path: string, { history }: SimulationResult): Promise<void> {
  const reporter = createReporter(history.header);
  for (const record of history.records) reporter.push(record);
  await writePage(reporter.finish(), path);
}

/** Shrinks what failed and keeps it. Returns where. */
async function keepRegression(folder: string, failed: SimulationResult): Promise<string> {
  await mkdir(folder, { recursive: true });
  const smallest = await shrink(failed);
  const name = `${smallest.scenario.topology}-${smallest.scenario.seed.toString(16)}.json`;
  const path = join(folder, name);
  await writeFile(path, `${JSON.stringify(regressionOf(smallest), null, 2)}\n`);
  return path;
}

function jsonOf(report: SimSoakReport): object {
  const { failed, last: _, ...figures } = report;
  const failures = failed.map(({ scenario, findings, traceHash }) => ({
    scenario,
    findings,
    traceHash,
  }));
  return { tier: 'sim', held: hasHeld(report), ...figures, failed: failures };
}

/** A rejection that nobody handles belongs to the simulation that runs. */
const watchRejections: FailureWatch = (fail) => {
  process.on('unhandledRejection', fail);
  return () => void process.off('unhandledRejection', fail);
};

function placeOf(options: SoakSimOptions): FaultPlace {
  const { topology, ledger } = options;
  const where = topology === undefined ? '' : ` --topology ${topology}`;
  const kept = ledger === undefined ? '' : ` --ledger ${ledger}`;
  const wishes = wishesOf(options);
  return {
    name: `--tier sim${where}${kept}`,
    canHappen: (fault) => isSimulated(fault, wishes),
  };
}

/** 0: everything held and was put to the test; 1: something did not hold; 2: the run shows neither. */
function exitCodeOf(report: SimSoakReport): number {
  if (hasHeld(report)) return 0;
  return report.failures > 0 ? 1 : 2;
}

/**
 * Runs simulations as the options say.
 * @throws SessionMeshError `option_invalid` for faults that no seed can have; `history_open_failed`
 */
export async function runSimSoak(options: SoakSimOptions, signal?: AbortSignal): Promise<void> {
  const { seeds = options.seed === undefined ? 100 : 1, seed = 1, regressions } = options;
  checkPlan(options, placeOf(options));
  await checkPage(options.html);
  await using history =
    options.history === undefined ? null : await HistoryPlace.open(options.history);
  let latest: SoakProgress | undefined;
  const terminal = openTerminal(process.stderr, () => formatSoakProgress(latest, seeds));
  let report: SimSoakReport;
  try {
    report = await soakSimulated({
      seed,
      seeds,
      wishes: { ...wishesOf(options), isWhole: options.faults !== undefined },
      clock: systemEnv.clock,
      watch: watchRejections,
      onProgress: (progress) => {
        latest = progress;
      },
      ...(signal ? { signal } : {}),
    });
  } finally {
    terminal.close();
  }
  const shown = report.failed[0] ?? report.last;
  process.exitCode = exitCodeOf(report);
  if (shown) await history?.write(shown);
  if (options.json) process.stdout.write(`${JSON.stringify(jsonOf(report), null, 2)}\n`);
  else process.stdout.write(formatSoak(report));
  for (const failed of report.failed) {
    const lines = formatSoakFailure(failed, repeatCommand(failed, options));
    process.stderr.write(lines);
  }
  if (options.html !== undefined && shown) await writeHtml(options.html, shown);
  const [first] = report.failed;
  if (!first || regressions === undefined) return;
  process.stderr.write(`kept, as small as it got: ${await keepRegression(regressions, first)}\n`);
}
