/** A faulty pipe between a runtime and a Codex of its own: the stdio proxy, in a process of a run. */
import { existsSync } from 'node:fs';
import { systemEnv } from '../../env.ts';
import { parseToxic, type ToxicRequest } from '../proxy/toxic.ts';
import { startStdioProxy } from '../proxy/stdio-proxy.ts';
import { faultOfToxic } from './toxic-fault.ts';
import { openWitness } from './witness.ts';

/** How a link is set up. Plain JSON. */
export interface StdioLinkOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly toxics: readonly ToxicRequest[];
  readonly seed: number;
  /** Once this file exists, nothing is hurt any more. */
  readonly calmPath: string;
  readonly witnessPath: string;
}

/** How often it is looked whether the run is calm. */
const calmLookMs = 200;

/** Runs until the child ends, and ends as it does. */
export async function runStdioLink(options: StdioLinkOptions): Promise<void> {
  const { name, command, args, toxics, seed, calmPath, witnessPath } = options;
  const { clock } = systemEnv;
  const witness = openWitness(witnessPath, systemEnv);
  let count = 0;
  const proxy = await startStdioProxy({
    name,
    command,
    args,
    input: process.stdin,
    output: process.stdout,
    toxics: existsSync(calmPath) ? [] : toxics.map(parseToxic),
    seed,
    onFault: ({ type, detail }) => {
      const fault = faultOfToxic[type];
      if (fault === null) return;
      count += 1;
      const faultId = `${name} ${process.pid} ${count}`;
      const target = `link ${name}`;
      witness.write({ type: 'world.fault.began', fault, faultId, target, lasts: false, detail });
    },
  });
  const look = () => {
    if (existsSync(calmPath)) proxy.line.toxics.clear();
    else timer = clock.setTimeout(look, calmLookMs);
  };
  let timer = clock.setTimeout(look, calmLookMs);
  const { code } = await proxy.exited;
  clock.clearTimeout(timer);
  witness.close();
  process.stdin.destroy();
  process.exitCode = code ?? 1;
}
