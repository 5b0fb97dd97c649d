/** `sessionmesh soak --tier real`: real processes, real links, and everything that can happen to them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  isInjected,
  runKillLoop,
  runReal,
  type RealOptions,
  type RealProgress,
  type RealResult,
  type RealTopology,
} from '../soak/real/index.ts';
import { UndoStack } from '../undo-stack.ts';
import { verdictExitCodes } from './soak-ending.ts';
import { wishesOf, type SoakOptions } from './soak-options.ts';
import { checkPlan, type FaultPlace } from './soak-plan.ts';
import { formatRealFigures, formatRealProgress } from './soak-real-text.ts';
import { checkPage, printReport, reportOf, writePage } from './soak-report.ts';
import { openTerminal } from './terminal.ts';

/** The options of the tier. */
export interface SoakRealOptions extends SoakOptions<RealTopology> {
  readonly codex?: 'real' | 'scripted';
  /** Only kill -9 of the runtime, so many times. */
  readonly kills?: number;
}

/** Where the history goes: the page with the plots is made from it. */
async function historyPlace({ history, html }: SoakRealOptions, resources: UndoStack) {
  if (history !== undefined || html === undefined) return history;
  const folder = await mkdtemp(join(tmpdir(), 'sessionmesh-soak-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'history.jsonl');
}

function placeOf({ topology = 'app-server', codex = 'scripted' }: SoakRealOptions): FaultPlace {
  return {
    name: `--tier real --topology ${topology} --codex ${codex}`,
    canHappen: (fault) => isInjected(fault, { topology, codex }),
  };
}

/** Of such a run without the faults of a plan: the kills are all that goes wrong. */
function killsOnly({ faults: _, ...rest }: RealOptions): RealOptions {
  return rest;
}

function print(result: RealResult, { json }: SoakRealOptions): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  const { verdict, durationMs } = result;
  printReport({ verdict, durationMs, isTorn: false });
  process.stdout.write(formatRealFigures(result));
}

/**
 * Runs real processes as the options say. The exit code is 0 if every invariant held and every planned
 * fault happened, 1 if an invariant was broken, 2 if the run shows neither.
 * @throws SessionMeshError `option_invalid` for faults that such a run does not inject; as `runReal`; the reason of `signal`
 */
export async function runSoakReal(options: SoakRealOptions, signal: AbortSignal): Promise<void> {
  if (options.kills === undefined) checkPlan(options, placeOf(options));
  await checkPage(options.html);
  await using resources = new UndoStack();
  const history = await historyPlace(options, resources);
  let latest: RealProgress | undefined;
  const terminal = openTerminal(process.stderr, () => formatRealProgress(latest));
  resources.defer(() => terminal.close());
  const { codex, seed, kills: rounds } = options;
  const common: RealOptions = {
    ...wishesOf(options),
    ...(codex === undefined ? {} : { codex }),
    ...(seed === undefined ? {} : { seed }),
    ...(history === undefined ? {} : { history }),
    signal,
    onProgress: (progress) => {
      latest = progress;
    },
  };
  const result: RealResult = await (rounds === undefined
    ? runReal(common)
    : runKillLoop({ ...killsOnly(common), rounds }));
  terminal.close();
  process.exitCode = verdictExitCodes[result.verdict.result];
  print(result, options);
  if (options.html !== undefined && history !== undefined) {
    await writePage(await reportOf(history), options.html);
  }
}
