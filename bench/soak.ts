/** How fast the simulator is: events of simulated worlds per second of CPU, under the default plan of faults. */
import { systemEnv } from '../src/env.ts';
import { presets } from '../src/soak/fault-plan.ts';
import { soakSimulated } from '../src/soak/soak.ts';
import { median, type Figure } from './figure.ts';

const warmUpRounds = 2;
const rounds = 5;
const seedsPerRound = 100;
const target = 200_000;

/** Events per second of CPU, and calls, of one round. */
async function measure(seed: number): Promise<{ eventsPerS: number; callsPerS: number }> {
  const cpu = process.cpuUsage();
  const { events, calls, failures } = await soakSimulated({
    seed,
    seeds: seedsPerRound,
    wishes: { faults: presets.default },
    clock: systemEnv.clock,
  });
  if (failures > 0) throw new Error(`${failures} simulations from seed ${seed} on failed`);
  const { user, system } = process.cpuUsage(cpu);
  const cpuS = (user + system) / 1e6;
  return { eventsPerS: events / cpuS, callsPerS: calls / cpuS };
}

export async function benchSoak(): Promise<Figure[]> {
  // Warm-up: the compiler goes on through the first two hundred seeds.
  for (let round = 0; round < warmUpRounds; round += 1) await measure(round * 1_000 + 1);
  const samples = [];
  for (let round = 1; round <= rounds; round += 1) samples.push(await measure(round * 1_000));
  const eventsPerS = median(samples.map((sample) => sample.eventsPerS));
  const callsPerS = median(samples.map((sample) => sample.callsPerS));
  return [
    {
      name: 'simulated events per CPU second',
      value: eventsPerS,
      unit: '/s',
      floor: `${callsPerS.toFixed(0)} calls /s`,
      target: `>= ${target}`,
      isReached: eventsPerS >= target,
    },
  ];
}
