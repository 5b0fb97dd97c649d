/**
 * The public door `sessionmesh/testing`: what tests of tools, meshes and teams are made of, and the simulator
 * of the soak for tests of a person's own. It stands here because the soak itself is made of `testing`.
 */
import type { ScenarioWishes } from './sim/scenario.ts';
import type { SimulationResult } from './sim/simulate.ts';

export * from '../testing/index.ts';
export type { Scenario, ScenarioWishes } from './sim/scenario.ts';
export type { Finding, SimulationResult } from './sim/simulate.ts';

/**
 * Plays one simulated world: runtimes, Codex, network and disk over virtual time, while whatever `wishes.faults`
 * names goes wrong; then calm, in which all has to finish. What `wishes` leaves open is drawn from the seed.
 * The simulator is loaded when this is first called.
 * @param seed a whole number of at most 32 bits; the same seed and wishes give the same trace
 * @returns `findings`: each broken promise, none if all held
 * @throws SessionMeshError `option_invalid` for wishes that contradict each other
 */
export async function simulateSeed(
  seed: number,
  wishes: ScenarioWishes = {},
): Promise<SimulationResult> {
  const { drawScenario } = await import('./sim/scenario.ts');
  const { simulate } = await import('./sim/simulate.ts');
  return simulate(drawScenario(seed, wishes));
}
