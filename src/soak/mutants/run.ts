/**
 * Tries every planted bug, or those that are named, and prints the score: `npm run soak:mutants`. Fails if one
 * of them survives.
 */
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { systemEnv } from '../../env.ts';
import { messageOf } from '../../errors.ts';
import { isRecord } from '../../tools/json.ts';
import { mutants, type Mutant } from './mutant.ts';
import type { TrialResult } from './trial.ts';

/** A trial that takes longer goes round in circles, which counts as found. */
const trialMs = 180_000;

function readResult(name: string, message: unknown): TrialResult {
  const { foundAt, what, problem } = isRecord(message) ? message : {};
  return {
    name,
    foundAt: typeof foundAt === 'number' ? foundAt : null,
    what: typeof what === 'string' ? what : null,
    problem: typeof problem === 'string' ? problem : null,
  };
}

/** @param control run so many seeds without the bug */
function tryOne({ name }: Mutant, control?: number): Promise<TrialResult> {
  const workerData = { mutant: name, control };
  const worker = new Worker(new URL('./trial.ts', import.meta.url), { workerData });
  return new Promise((resolve) => {
    const settle = (result: TrialResult) => {
      systemEnv.clock.clearTimeout(timer);
      void worker.terminate();
      resolve(result);
    };
    const found = (what: string) => settle({ name, foundAt: 1, what, problem: null });
    const timer = systemEnv.clock.setTimeout(() => found('it does not end'), trialMs);
    worker.once('message', (message) => settle(readResult(name, message)));
    worker.once('error', (error) => {
      const problem = `the trial itself broke: ${messageOf(error)}`;
      settle({ name, foundAt: null, what: null, problem });
    });
  });
}

function lineOf({ name, foundAt, what, problem }: TrialResult, { seeds }: Mutant): string {
  const width = Math.max(...mutants.map((mutant) => mutant.name.length));
  const said =
    problem ?? (foundAt === null ? `SURVIVED ${seeds} seeds` : `seed ${foundAt}/${seeds}  ${what}`);
  return `${name.padEnd(width)}  ${said.slice(0, 160)}\n`;
}

/** A bug counts as found only if the same seeds find nothing without it. */
async function score(mutant: Mutant): Promise<TrialResult> {
  const result = await tryOne(mutant);
  if (result.problem !== null || result.foundAt === null) return result;
  const control = await tryOne(mutant, result.foundAt);
  if (control.foundAt === null) return result;
  return { ...result, problem: `found without the bug, too: ${control.what}` };
}

const { positionals: names } = parseArgs({ allowPositionals: true });
const tried = mutants.filter(({ name }) => names.length === 0 || names.includes(name));
let found = 0;
for (const mutant of tried) {
  const result = await score(mutant);
  if (result.foundAt !== null && result.problem === null) found += 1;
  process.stdout.write(lineOf(result, mutant));
}
process.stdout.write(`\n${found} of ${tried.length} planted bugs found\n`);
process.exitCode = found === tried.length ? 0 : 1;
