/** What happens to a simulated host while tools work on it: its link drops, calls come twice, it restarts. */
import { sleep, type Env } from '../../env.ts';
import type { SimulatedHostControls } from '../../hosts/simulated/host.ts';
import type { Random } from '../random.ts';

/** The mean time between two faults, and how long a link stays down at most, in milliseconds. */
const faultEveryMs = 60;
const linkDownMaxMs = 50;

/** Faults so far, by name. */
export type FaultCounts = Record<'drop' | 'duplicate' | 'restart', number>;

/** What the turmoil acts on. */
export interface TurmoilOptions {
  readonly host: SimulatedHostControls;
  readonly sessionIds: readonly string[];
  readonly env: Env;
  readonly random: Random;
  readonly counts: FaultCounts;
}

async function strike({ host, sessionIds, env, random, counts }: TurmoilOptions): Promise<void> {
  if (random.chance(0.08)) {
    counts.restart += 1;
    host.restart();
  } else if (random.chance(0.5)) {
    counts.duplicate += 1;
    for (const sessionId of sessionIds) host.redeliver(sessionId);
  } else {
    counts.drop += 1;
    host.dropLink();
    // To the end in any case: a link that stays down would be a fault of ours.
    await sleep(env.clock, random.between(1, linkDownMaxMs));
    host.restoreLink();
  }
}

/** Breaks things until `signal` aborts. Resolves when everything is whole again; never rejects. */
export async function cause(options: TurmoilOptions, signal: AbortSignal): Promise<void> {
  const { env, random } = options;
  while (!signal.aborted) {
    await sleep(env.clock, random.wait(faultEveryMs), signal).catch(() => {});
    if (!signal.aborted) await strike(options);
  }
}
