/** `sessionmesh soak`: breaks whatever can break and says whether anything that was promised did. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { systemEnv } from '../env.ts';
import { messageOf, SessionMeshError } from '../errors.ts';
import {
  formatFaults,
  isPresetName,
  parseDuration,
  parseFaults,
  presets,
  type FaultPlan,
} from '../soak/fault-plan.ts';
import {
  topologies,
  type LedgerKind,
  type ScenarioWishes,
  type Topology,
} from '../soak/sim/scenario.ts';
import { regressionOf } from '../soak/sim/regression.ts';
import { shrink } from '../soak/sim/shrink.ts';
import type { FailureWatch, SimulationResult } from '../soak/sim/simulate.ts';
import { hasHeld, soakSimulated, type SimSoakReport, type SoakProgress } from '../soak/soak.ts';
import { watchInterruption } from './interruption.ts';
import { addSoakCheckCommand } from './soak-check.ts';
import { formatSoak, formatSoakFailure, formatSoakProgress } from './soak-text.ts';
import { openTerminal } from './terminal.ts';

/** The options of the command, as they are read. */
export interface SoakCommandOptions {
  readonly seeds?: number;
  readonly seed?: number;
  readonly sessions?: number;
  readonly calls?: number;
  readonly duration?: number;
  readonly faults?: FaultPlan;
  readonly preset: string;
  readonly topology?: Topology;
  readonly ledger?: LedgerKind;
  readonly history?: string;
  readonly regressions?: string;
  readonly json?: boolean;
}

/** Reads an option with `read`; what it throws becomes a usage error. */
function reading<Value>(read: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return read(text);
    } catch (thrown) {
      throw new InvalidArgumentError(messageOf(thrown));
    }
  };
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new SessionMeshError('option_invalid', { expected: 'a whole number above 0', found: text });
}

function readSeed(text: string): number {
  const seed = Number(text);
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return seed;
  const expected = 'a seed such as 0x2a, of at most 32 bits';
  throw new SessionMeshError('option_invalid', { expected, found: text });
}

function wishesOf(options: SoakCommandOptions): ScenarioWishes {
  const { sessions, calls, duration, faults, preset, topology, ledger } = options;
  const isWhole = faults !== undefined;
  const plan = faults ?? (isPresetName(preset) ? presets[preset] : presets.default);
  return {
    faults: plan,
    isWhole,
    ...(sessions === undefined ? {} : { sessions }),
    ...(calls === undefined ? {} : { calls }),
    ...(duration === undefined ? {} : { durationMs: duration }),
    ...(topology === undefined ? {} : { topology }),
    ...(ledger === undefined ? {} : { ledger }),
  };
}

/** The command that runs one simulation again. */
function repeatCommand(
  { scenario }: SimulationResult,
  { preset, faults }: SoakCommandOptions,
): string {
  const plan = faults ? `--faults ${formatFaults(faults)}` : `--preset ${preset}`;
  return `sessionmesh soak --tier sim --seed 0x${scenario.seed.toString(16)} ${plan}`;
}

async function writeHistory(path: string, { history }: SimulationResult): Promise<void> {
  const lines = [history.header, ...history.records].map((line) => JSON.stringify(line));
  await writeFile(path, `${lines.join('\n')}\n`);
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

/** Runs simulations as the options say; the exit code is 0 only if everything held and was put to the test. */
export async function runSimSoak(options: SoakCommandOptions): Promise<void> {
  const { seeds = options.seed === undefined ? 100 : 1, seed = 1, history, regressions } = options;
  let latest: SoakProgress | undefined;
  const terminal = openTerminal(process.stderr, () => formatSoakProgress(latest, seeds));
  const interruption = watchInterruption();
  let report: SimSoakReport;
  try {
    report = await soakSimulated({
      seed,
      seeds,
      wishes: wishesOf(options),
      clock: systemEnv.clock,
      watch: watchRejections,
      onProgress: (progress) => {
        latest = progress;
      },
      signal: interruption.signal,
    });
  } finally {
    terminal.close();
    interruption[Symbol.dispose]();
  }
  const shown = report.failed[0] ?? report.last;
  if (history !== undefined && shown) await writeHistory(history, shown);
  process.exitCode = hasHeld(report) ? 0 : 1;
  if (options.json) process.stdout.write(`${JSON.stringify(jsonOf(report), null, 2)}\n`);
  else process.stdout.write(formatSoak(report));
  for (const failed of report.failed) {
    const lines = formatSoakFailure(failed, repeatCommand(failed, options));
    process.stderr.write(lines);
  }
  const [first] = report.failed;
  if (!first || regressions === undefined) return;
  process.stderr.write(`kept, as small as it got: ${await keepRegression(regressions, first)}\n`);
}

/** Adds `soak`, which runs the simulator. Returns it, for the commands below it. */
export function addSoakCommand(program: Command): Command {
  const count = reading(readCount);
  const soak = program
    .command('soak')
    .description('inject every fault there is and check that nothing is lost, run twice or crossed')
    .addOption(new Option('--tier <tier>', 'where').choices(['sim']).default('sim'))
    .addOption(new Option('--seeds <number>', 'simulations to run (default: 100)').argParser(count))
    .addOption(
      new Option('--seed <seed>', 'the first seed; alone: only it').argParser(reading(readSeed)),
    )
    .addOption(new Option('--sessions <number>', 'sessions of each simulation').argParser(count))
    .addOption(new Option('--calls <number>', 'tool calls of each session').argParser(count))
    .addOption(
      new Option('--duration <time>', 'how long things go wrong, in simulated time').argParser(
        reading(parseDuration),
      ),
    )
    .addOption(
      new Option('--faults <list>', 'such as drop=0.05,restart=30s').argParser(
        reading(parseFaults),
      ),
    )
    .addOption(
      new Option('--preset <name>', 'a plan of faults')
        .choices(Object.keys(presets))
        .default('default'),
    )
    .addOption(
      new Option('--topology <kind>', 'what the runtimes talk to').choices([...topologies]),
    )
    .addOption(
      new Option('--ledger <kind>', 'how claims are kept').choices(['none', 'sync', 'async']),
    )
    .addOption(new Option('--history <file>', 'write the history of the run, as JSON lines'))
    .addOption(new Option('--regressions <folder>', 'keep what fails there, made small'))
    .addOption(new Option('--json', 'print JSON for programs instead of text for people'))
    .action(runSimSoak);
  addSoakCheckCommand(soak);
  return soak;
}
