#!/usr/bin/env node
/**
 * The `sessionmesh` command. It imports nothing before it knows that this Node can run it: an older one would
 * stop with a name that it does not have, and not say why.
 */
import { nodeProblem } from './node-version.ts';

const problem = nodeProblem(process.versions.node);
if (problem === null) await import('./program.ts');
else {
  process.stderr.write(`sessionmesh: ${problem}\n`);
  process.exitCode = 1;
}
