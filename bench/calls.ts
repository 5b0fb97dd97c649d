/**
 * Tool calls through the whole runtime against a bare loop over the same child, turn about. CPU of this
 * process per call is the figure: wall-clock flaps on shared machines, ratios of CPU hardly do.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBareLoop } from './bare-loop.ts';
import { median, type Figure } from './figure.ts';
import { startRuntime } from './runtime.ts';

interface Sample {
  readonly cpuUs: number;
  readonly wallUs: number;
}

const rounds = 7;

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

interface Comparison {
  readonly bare: Sample;
  readonly runtime: Sample;
  readonly ratio: number;
}

function middle(samples: readonly Sample[]): Sample {
  return {
    cpuUs: median(samples.map(({ cpuUs }) => cpuUs)),
    wallUs: median(samples.map(({ wallUs }) => wallUs)),
  };
}

interface Load {
  readonly sessions: number;
  readonly calls: number;
  readonly inFlight: number;
  readonly ledgerPath?: string;
}

async function compare({ sessions, calls, inFlight, ledgerPath }: Load): Promise<Comparison> {
  const bareLoop = startBareLoop();
  await bareLoop.open(sessions);
  const runtime = await startRuntime(sessions, ledgerPath);
  // Warm-up: both paths are compiled, and the ledger is as full as it gets.
  await bareLoop.run(calls, inFlight);
  for (let index = 0; index < 3; index += 1) await runtime.run(calls, inFlight);
  const bare: Sample[] = [];
  const ours: Sample[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await measure(calls, () => bareLoop.run(calls, inFlight)));
    ours.push(await measure(calls, () => runtime.run(calls, inFlight)));
  }
  await bareLoop.close();
  await runtime.close();
  const ratio = median(ours.map((sample, round) => sample.cpuUs / bare[round]!.cpuUs));
  return { bare: middle(bare), runtime: middle(ours), ratio };
}

export async function benchCalls(): Promise<Figure[]> {
  const sequential = await compare({ sessions: 1, calls: 4_000, inFlight: 1 });
  const parallel = await compare({ sessions: 1_000, calls: 20_000, inFlight: 64 });
  const scale = new Map<number, Comparison>();
  for (const sessions of [1, 100, 1_000, 10_000]) {
    scale.set(
      sessions,
      sessions === 1_000 ? parallel : await compare({ sessions, calls: 20_000, inFlight: 64 }),
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'sessionmesh-bench-'));
  const ledgerPath = join(folder, 'ledger.sqlite');
  const durable = await compare({ sessions: 1_000, calls: 20_000, inFlight: 64, ledgerPath });
  await rm(folder, { recursive: true });
  const one = scale.get(1)!;
  return [
    {
      name: 'sequential, added wall time per call',
      value: sequential.runtime.wallUs - sequential.bare.wallUs,
      unit: 'us',
      floor: `bare loop ${sequential.bare.wallUs.toFixed(0)} us`,
      target: '<= 60, ambitious 30',
    },
    {
      name: '64 in flight, calls per second',
      value: 1e6 / parallel.runtime.wallUs,
      unit: '/s',
      floor: `bare loop ${(1e6 / parallel.bare.wallUs).toFixed(0)} /s`,
      target: '>= 15000, ambitious 25000',
    },
    ...[...scale].map(([sessions, { ratio, runtime, bare }]) => ({
      name: `${sessions} sessions, CPU per call / bare loop`,
      value: ratio,
      unit: 'x',
      floor: `${runtime.cpuUs.toFixed(1)} us / ${bare.cpuUs.toFixed(1)} us`,
      target: sessions === 1_000 ? '<= 3, ambitious 2' : '',
    })),
    {
      name: '1000 sessions, durable ledger, CPU per call / bare loop',
      value: durable.ratio,
      unit: 'x',
      floor: `${durable.runtime.cpuUs.toFixed(1)} us / ${durable.bare.cpuUs.toFixed(1)} us`,
      target: '<= 4, ambitious 3',
    },
    {
      name: 'CPU per call at 10000 sessions / at 1',
      value: scale.get(10_000)!.runtime.cpuUs / one.runtime.cpuUs,
      unit: 'x',
      floor: `bare loop ${(scale.get(10_000)!.bare.cpuUs / one.bare.cpuUs).toFixed(2)} x`,
      target: '<= 1.5, ambitious 1.3',
    },
  ];
}
