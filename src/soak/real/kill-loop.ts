/**
 * Kills a runtime with a durable ledger again and again, at any moment: nothing that was acknowledged may
 * be missing in its ledger then, and nothing may run twice.
 */
import { sleep } from '../../env.ts';
import { seededRandom } from '../random.ts';
import type { RealOptions, RealResult } from './real-options.ts';
import { playWithFaults } from './run-real.ts';
import { stage, type Crew } from './stage.ts';

/** How often, and on what. */
export interface KillLoopOptions extends Pick<
  RealOptions,
  'seed' | 'ledger' | 'history' | 'onProgress' | 'signal'
> {
  /** Default: 200. */
  readonly rounds?: number;
  /** Default: 8. */
  readonly sessions?: number;
  readonly onRound?: (round: number) => void;
}

/** The longest that a life goes on before it is killed, once it is at work. */
const lifeMsMax = 400;

/**
 * Runs the loop; `verdict.invariants` has I1 and I8, which it is about.
 * @throws SessionMeshError as `runReal`, and `ledger_damaged` for a ledger that a kill has broken
 */
export function runKillLoop(options: KillLoopOptions = {}): Promise<RealResult> {
  const { rounds = 200, sessions = 8, onRound, ...common } = options;
  const real: RealOptions = {
    ...common,
    topology: 'app-server',
    links: ['tcp'],
    runtimes: 1,
    sessions,
    calls: Infinity,
  };
  return stage(real, (crew) =>
    playWithFaults(crew, (inner) => killRepeatedly(inner, rounds, onRound)),
  );
}

async function killRepeatedly(
  crew: Crew,
  rounds: number,
  onRound: KillLoopOptions['onRound'],
): Promise<void> {
  const { cast, desk, env, options } = crew;
  const random = seededRandom(options.seed ?? 1).fork('kills').next;
  const [part] = cast.runtimes;
  if (!part) return;
  await desk.note({ type: 'world.fault.planned', fault: 'crash' });
  for (let round = 1; round <= rounds; round += 1) {
    await untilAtWork(crew);
    await sleep(env.clock, random() * lifeMsMax, options.signal);
    part.isBusy = true;
    const faultId = `crash ${round}`;
    const target = part.life?.name ?? part.name;
    const fault = { fault: 'crash', faultId } as const;
    await desk.note({ type: 'world.fault.began', ...fault, target, lasts: true, detail: null });
    await cast.kill(part);
    await cast.start(part);
    await desk.note({ type: 'world.fault.ended', ...fault });
    part.isBusy = false;
    onRound?.(round);
  }
}

/** Until Codex has got an answer since now. */
async function untilAtWork({ tally, env, options }: Crew): Promise<void> {
  const before = tally.answered;
  const deadline = env.clock.monotonic() + 30_000;
  while (tally.answered === before && env.clock.monotonic() < deadline) {
    await sleep(env.clock, 5, options.signal);
  }
}
