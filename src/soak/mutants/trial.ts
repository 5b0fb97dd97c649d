/**
 * One planted bug in one thread: the sources are changed as they are loaded, then simulated until something
 * breaks. A thread of its own, because a module is loaded once.
 */
import { registerHooks, type ModuleSource } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { isRecord } from '../../tools/json.ts';
import { presets } from '../fault-plan.ts';
import type { ScenarioWishes } from '../sim/scenario.ts';
import { mutants, type Mutant, type PlantedText } from './mutant.ts';

/** What became of one trial. */
export interface TrialResult {
  readonly name: string;
  /** The seed that found it, counted from 1, or null. */
  readonly foundAt: number | null;
  /** What was found. */
  readonly what: string | null;
  /** Why the trial is worth nothing, or null. */
  readonly problem: string | null;
}

const sources = new URL('../../', import.meta.url);

const textOf = (source: ModuleSource | null | undefined): string =>
  typeof source === 'string' ? source : new TextDecoder().decode(source ?? new Uint8Array());

/** Changes files as they are loaded. Returns how to ask which texts did not stand there exactly once. */
function plant(texts: readonly PlantedText[]): () => readonly string[] {
  const matches = new Map<PlantedText, number>();
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const planted = texts.filter(({ file }) => new URL(file, sources).href === url);
      if (planted.length === 0) return loaded;
      let source = textOf(loaded.source);
      for (const text of planted) {
        const parts = source.split(text.find);
        matches.set(text, parts.length - 1);
        source = parts.join(text.replace);
      }
      return { ...loaded, source };
    },
  });
  return () =>
    texts.filter((text) => matches.get(text) !== 1).map(({ file, find }) => `${file}: ${find}`);
}

const watchRejections = (fail: (cause: unknown) => void) => {
  process.on('unhandledRejection', fail);
  return () => void process.off('unhandledRejection', fail);
};

/** The first seed that finds something, or null. */
async function search(seeds: number, wishes: ScenarioWishes) {
  // Loaded only now, with the bug in it.
  const { simulate } = await import('../sim/simulate.ts');
  const { drawScenario } = await import('../sim/scenario.ts');
  for (let seed = 1; seed <= seeds; seed += 1) {
    const scenario = drawScenario(seed, { faults: presets.default, ...wishes });
    const [first] = (await simulate(scenario, watchRejections)).findings;
    if (first) return { seed, what: `${first.invariant}: ${first.what.split('\n')[0]}` };
  }
  return null;
}

async function tryMutant(mutant: Mutant): Promise<TrialResult> {
  const { name, seeds, wishes = {}, also } = mutant;
  const missesOf = plant(also ? [mutant, also] : [mutant]);
  const found = await search(seeds, wishes);
  const [miss] = missesOf();
  const problem = miss === undefined ? null : `not there exactly once: ${miss}`;
  return { name, foundAt: found?.seed ?? null, what: found?.what ?? null, problem };
}

/** The same seeds without the bug, in which nothing may be found. */
async function tryControl({ name, wishes = {} }: Mutant, seeds: number): Promise<TrialResult> {
  const found = await search(seeds, wishes);
  return { name, foundAt: found?.seed ?? null, what: found?.what ?? null, problem: null };
}

const { mutant: name, control } = isRecord(workerData) ? workerData : {};
const mutant = mutants.find((known) => known.name === name);
if (mutant) {
  const trial = typeof control === 'number' ? tryControl(mutant, control) : tryMutant(mutant);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(await trial);
}
