/** Whether faults are over: a file says so, which every process of a run can see. */
import { existsSync } from 'node:fs';
import type { Env } from '../../env.ts';
import { seededRandom } from '../random.ts';
import { Mind, type MindOptions } from './model-mind.ts';

/** How often it is looked. */
const lookMs = 200;

/** Says whether the run is calm; once it is, it stays so. */
export function watchCalm(path: string, { clock }: Pick<Env, 'clock'>): () => boolean {
  let isCalm = false;
  let lookedAtMs = -Infinity;
  return () => {
    const nowMs = clock.monotonic();
    if (!isCalm && nowMs - lookedAtMs > lookMs) {
      lookedAtMs = nowMs;
      isCalm = existsSync(path);
    }
    return isCalm;
  };
}

/** A mind that asks for nothing odd once the run is calm. */
export function calmableMind(
  options: MindOptions,
  { isCalm, seed, name }: { isCalm: () => boolean; seed: number; name: string },
): Pick<Mind, 'step'> {
  const none = { burst: 0, handlerThrow: 0, handlerHang: 0, stranger: 0 };
  const mind = new Mind(options, seededRandom(seed).fork(name).next);
  const calm = new Mind({ ...options, ...none }, seededRandom(seed).fork(`calm ${name}`).next);
  return { step: (made) => (isCalm() ? calm : mind).step(made) };
}
