/**
 * Tool calls of one load through the whole runtime against a bare loop over the same child, turn about.
 * CPU of this process per call is the figure: wall-clock flaps on shared machines, ratios of CPU hardly
 * do. A program: its argument is the load, its output the comparison, both as JSON.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBareLoop } from './bare-loop.ts';
import { median } from './figure.ts';
import { startRuntime } from './runtime.ts';

export interface CallLoad {
  readonly sessions: number;
  readonly calls: number;
  readonly inFlight: number;
  readonly isDurable?: boolean;
}

export interface Sample {
  readonly cpuUs: number;
  readonly wallUs: number;
}

export interface Comparison {
  readonly bare: Sample;
  readonly runtime: Sample;
  readonly ratio: number;
}

/** Calls until the compiler is through with both paths, and the cache of finished calls is full. */
const warmUpCalls = 120_000;
const measuredCalls = 180_000;

const roundsOf = (all: number, calls: number, min: number, max: number): number =>
  Math.min(Math.max(Math.round(all / calls), min), max);

async function measure(calls: number, run: () => Promise<void>): Promise<Sample> {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  await run();
  const { user, system } = process.cpuUsage(cpu);
  return {
    cpuUs: (user + system) / calls,
    wallUs: ((performance.now() - startedMs) * 1000) / calls,
  };
}

function middle(samples: readonly Sample[]): Sample {
  return {
    cpuUs: median(samples.map(({ cpuUs }) => cpuUs)),
    wallUs: median(samples.map(({ wallUs }) => wallUs)),
  };
}

async function compare(load: CallLoad, ledgerPath: string | undefined): Promise<Comparison> {
  const { sessions, calls, inFlight } = load;
  const warmUpRounds = roundsOf(warmUpCalls, calls, 1, 6);
  const rounds = roundsOf(measuredCalls, calls, 3, 9);
  const bareLoop = startBareLoop();
  await bareLoop.open(sessions);
  const runtime = await startRuntime(sessions, ledgerPath);
  const bare: Sample[] = [];
  const ours: Sample[] = [];
  for (let round = 0; round < warmUpRounds + rounds; round += 1) {
    bare.push(await measure(calls, () => bareLoop.run(calls, inFlight)));
    ours.push(await measure(calls, () => runtime.run(calls, inFlight)));
  }
  await bareLoop.close();
  await runtime.close();
  bare.splice(0, warmUpRounds);
  ours.splice(0, warmUpRounds);
  const ratio = median(ours.map((sample, round) => sample.cpuUs / bare[round]!.cpuUs));
  return { bare: middle(bare), runtime: middle(ours), ratio };
}

const load: CallLoad = JSON.parse(process.argv[2] ?? '');
const folder = await mkdtemp(join(tmpdir(), 'sessionmesh-bench-'));
const ledgerPath = load.isDurable ? join(folder, 'ledger.sqlite') : undefined;
console.log(JSON.stringify(await compare(load, ledgerPath)));
await rm(folder, { recursive: true });
