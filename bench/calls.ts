/** What a tool call costs, by load. Each load is measured in a process of its own: see `call-load.ts`. */
import { runApart } from './apart.ts';
import type { CallLoad, Comparison } from './call-load.ts';
import type { Figure } from './figure.ts';

const program = new URL('./call-load.ts', import.meta.url).pathname;

const compare = (load: CallLoad) => runApart(program, JSON.stringify(load)) as Comparison;

export function benchCalls(): Figure[] {
  const inFlight = 64;
  const sequential = compare({ sessions: 1, calls: 4_000, inFlight: 1 });
  const scale = new Map<number, Comparison>();
  for (const sessions of [1, 100, 1_000, 10_000]) {
    // Every session has one turn in a run: no fewer than 20 calls each, lest turns be measured instead.
    const calls = Math.max(20_000, 20 * sessions);
    scale.set(sessions, compare({ sessions, calls, inFlight }));
  }
  const parallel = scale.get(1_000)!;
  const durable = compare({ sessions: 1_000, calls: 20_000, inFlight, isDurable: true });
  const one = scale.get(1)!;
  const addedUs = sequential.runtime.wallUs - sequential.bare.wallUs;
  const perSecond = 1e6 / parallel.runtime.wallUs;
  const growth = scale.get(10_000)!.runtime.cpuUs / one.runtime.cpuUs;
  return [
    {
      name: 'sequential, added wall time per call',
      value: addedUs,
      unit: 'us',
      floor: `bare loop ${sequential.bare.wallUs.toFixed(0)} us`,
      target: '<= 60, ambitious 30',
      isReached: addedUs <= 60,
    },
    {
      name: '64 in flight, calls per second',
      value: perSecond,
      unit: '/s',
      floor: `bare loop ${(1e6 / parallel.bare.wallUs).toFixed(0)} /s`,
      target: '>= 15000, ambitious 25000',
      isReached: perSecond >= 15_000,
    },
    ...[...scale].map(([sessions, { ratio, runtime, bare }]) => ({
      name: `${sessions} sessions, CPU per call / bare loop`,
      value: ratio,
      unit: 'x',
      floor: `${runtime.cpuUs.toFixed(1)} us / ${bare.cpuUs.toFixed(1)} us`,
      ...(sessions === 1_000
        ? { target: '<= 3, ambitious 2', isReached: ratio <= 3 }
        : { target: '' }),
    })),
    {
      name: '1000 sessions, durable ledger, CPU per call / bare loop',
      value: durable.ratio,
      unit: 'x',
      floor: `${durable.runtime.cpuUs.toFixed(1)} us / ${durable.bare.cpuUs.toFixed(1)} us`,
      target: '<= 4, ambitious 3',
      isReached: durable.ratio <= 4,
    },
    {
      name: 'CPU per call at 10000 sessions / at 1',
      value: growth,
      unit: 'x',
      floor: `bare loop ${(scale.get(10_000)!.bare.cpuUs / one.bare.cpuUs).toFixed(2)} x`,
      target: '<= 1.5, ambitious 1.3',
      isReached: growth <= 1.5,
    },
  ];
}
