/**
 * `sessionmesh soak`: breaks whatever can break and says whether anything that was promised did. Names the
 * commands and reads their options; what runs is loaded when it is asked for.
 */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { messageOf, SessionMeshError } from '../errors.ts';
import { parseDuration, parseFaults, presets } from '../soak/fault-plan.ts';
import { jsonOption, parseCount } from './command-options.ts';
import { ending } from './process-end.ts';
import { exitForUsage, runToVerdict } from './soak-ending.ts';
import { checkOptions, soakModeOf } from './soak-mode.ts';
import type { SoakRealOptions } from './soak-real.ts';
import type { RealTopology } from '../soak/real/index.ts';
import type { Topology } from '../soak/sim/scenario.ts';
import type { SoakSimOptions } from './soak-sim.ts';
import type { SoakToolsOptions } from './soak-tools.ts';

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

function readSeed(text: string): number {
  const seed = Number(text);
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return seed;
  const expected = 'a seed such as 0x2a, of at most 32 bits';
  throw new SessionMeshError('option_invalid', { expected, found: text });
}

const time = reading(parseDuration);

interface SoakCommandOptions
  extends Omit<SoakSimOptions, 'topology'>, Omit<SoakRealOptions, 'topology'> {
  readonly topology?: Topology | RealTopology;
  readonly tier: 'sim' | 'real';
  /** Of a person's own tools: how long a handler may take, which, a file with arguments, those that ask. */
  readonly timeout?: number;
  readonly only?: readonly string[];
  readonly arguments?: string;
  readonly approve?: boolean;
}

/** What a person's own tools are soaked with, where the options do not say. Times are milliseconds. */
const toolDefaults = { calls: 400, durationMs: 30_000, timeoutMs: 10_000, seed: 1 };

async function runTools(
  module: string,
  options: SoakCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const { calls, duration, timeout, seed, only, arguments: file, approve, json } = options;
  const { runSoakToolsCommand } = await import('./soak-tools.ts');
  const wishes: SoakToolsOptions = {
    ...toolDefaults,
    ...(calls === undefined ? {} : { calls }),
    ...(duration === undefined ? {} : { durationMs: duration }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    ...(seed === undefined ? {} : { seed }),
    ...(only === undefined ? {} : { only }),
    ...(file === undefined ? {} : { arguments: file }),
    ...(approve === undefined ? {} : { approve }),
    ...(json === undefined ? {} : { json }),
  };
  await runSoakToolsCommand(module, wishes, signal);
}

function misplaced(topology: string, tier: string): SessionMeshError {
  const found = `--topology ${topology} with --tier ${tier}`;
  const expected =
    'child, socket, service or manager in a simulation; app-server or service for real';
  return new SessionMeshError('option_invalid', { expected, found });
}

async function runSim(
  { topology, ...options }: SoakCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  if (topology === 'app-server') throw misplaced(topology, 'sim');
  const { runSimSoak } = await import('./soak-sim.ts');
  await runSimSoak({ ...options, ...(topology === undefined ? {} : { topology }) }, signal);
}

async function runReal(
  { topology, ...options }: SoakCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const isKnown = topology === undefined || topology === 'app-server' || topology === 'service';
  if (!isKnown) throw misplaced(topology, 'real');
  const { runSoakReal } = await import('./soak-real.ts');
  await runSoakReal({ ...options, ...(topology === undefined ? {} : { topology }) }, signal);
}

async function run(
  module: string | undefined,
  options: SoakCommandOptions,
  command: Command,
): Promise<void> {
  const mode = soakModeOf(module, options);
  const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli';
  await runToVerdict(async (signal) => {
    checkOptions(mode, Object.keys(options).filter(isGiven));
    if (module !== undefined) await ending(runTools)(module, options, signal);
    else if (mode === 'sim') await runSim(options, signal);
    else await runReal(options, signal);
  });
}

const examples = `
Examples:
  $ sessionmesh soak --seeds 1000                          a thousand simulations, each another seed
  $ sessionmesh soak --preset split-brain --seed 0x2a      one of them again
  $ sessionmesh soak --tier real --preset harsh --duration 60s --html report.html
  $ sessionmesh soak --tier real --kills 200               kill -9 of a runtime with a ledger
  $ sessionmesh soak ./tools.ts                            your own tools, under faults; they really run
  $ sessionmesh soak check history.jsonl                   the verdict on a history, whoever wrote it

Exit code: 0 if all held and all that was planned happened (of your own tools: nothing was found), 1 if
an invariant was broken (of your own tools: something was found), 2 if the run shows neither or could
not be made, 130 if it was interrupted.`;

function addRunOptions(soak: Command): void {
  soak
    .addOption(
      new Option('--tier <tier>', 'in a simulation, or on real processes')
        .choices(['sim', 'real'])
        .default('sim'),
    )
    .addOption(
      new Option('--preset <name>', 'a plan of faults')
        .choices(Object.keys(presets))
        .default('default'),
    )
    .addOption(
      new Option('--faults <list>', 'such as drop=0.05,restart=30s').argParser(
        reading(parseFaults),
      ),
    )
    .addOption(
      new Option('--seed <seed>', 'the first seed; alone: only it').argParser(reading(readSeed)),
    )
    .addOption(new Option('--seeds <number>', 'sim: how many (default: 100)').argParser(parseCount))
    .addOption(new Option('--sessions <number>', 'sessions at once').argParser(parseCount))
    .addOption(
      new Option('--calls <number>', 'tool calls: sim of each session, real of all').argParser(
        parseCount,
      ),
    )
    .addOption(new Option('--duration <time>', 'how long things go wrong: 30s, 1h').argParser(time))
    .addOption(
      new Option('--topology <kind>', 'what the runtimes talk to; app-server is for real').choices([
        'child',
        'socket',
        'service',
        'manager',
        'app-server',
      ]),
    )
    .addOption(
      new Option('--ledger <kind>', 'how claims are kept').choices(['none', 'sync', 'async']),
    )
    .addOption(
      new Option(
        '--codex <kind>',
        'real: Codex itself, or a program that plays it (default)',
      ).choices(['real', 'scripted']),
    )
    .addOption(
      new Option('--kills <number>', 'real: only kill -9 of a runtime, so often').argParser(
        parseCount,
      ),
    )
    .addOption(new Option('--history <file>', 'write the history of the run, as JSON lines'))
    .addOption(new Option('--html <file>', 'write a page with plots, which opens without network'))
    .addOption(new Option('--regressions <folder>', 'sim: keep what fails there, made small'))
    .addOption(
      new Option(
        '--timeout <time>',
        'own tools: how long a handler may take (default: 10s)',
      ).argParser(time),
    )
    .addOption(new Option('--only <names...>', 'own tools: only these'))
    .addOption(
      new Option('--arguments <file>', 'own tools: JSON with a list of arguments for each by name'),
    )
    .addOption(new Option('--approve', 'own tools: call also those that ask for approval'))
    .addOption(jsonOption())
    .addHelpText('after', examples);
}

/** Adds `soak` and the commands below it. */
export function addSoakCommand(program: Command): void {
  // So that options after `check` are its own, although `soak` has some of the same name.
  program.enablePositionalOptions();
  const soak = program
    .command('soak')
    .description('inject every fault there is and check that nothing is lost, run twice or crossed')
    .argument('[module]', 'your own tools, to be soaked instead of the runtime')
    .action(run);
  soak.enablePositionalOptions();
  // Before the command below it is made, which takes it over.
  soak.exitOverride(exitForUsage);
  addRunOptions(soak);
  soak
    .command('check <file>')
    .description('check a history file: exit code 0 if all held, 1 if not, 2 if it cannot tell')
    .addOption(jsonOption())
    .addOption(new Option('--html <file>', 'write a page with plots, which opens without network'))
    .action((file, options) =>
      runToVerdict(async (signal) =>
        (await import('./soak-check.ts')).runSoakCheck(file, options, signal),
      ),
    );
}
