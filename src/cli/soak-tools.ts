/** `sessionmesh soak MODULE`: calls a person's own tools under faults and says what is wrong with them. */
import { readFile } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { systemEnv } from '../env.ts';
import { messageOf, SessionMeshError } from '../errors.ts';
import { findingsOf, type Finding } from '../soak/tools/finding.ts';
import { soakTools, type ToolRun } from '../soak/tools/soak-tools.ts';
import { displayName } from '../tools/name.ts';
import { isRecord } from '../tools/json.ts';
import { openTerminal } from './terminal.ts';
import { loadToolModule, toolsIn, type FoundTool, type ModuleSelection } from './tool-module.ts';

/** How to soak them. Times are milliseconds. */
export interface SoakToolsOptions extends ModuleSelection {
  readonly calls: number;
  readonly durationMs: number;
  readonly timeoutMs: number;
  readonly seed: number;
  /** Only the tools with these names. */
  readonly only?: readonly string[];
  /** A JSON file: for each tool by name, a list of arguments to call it with. */
  readonly arguments?: string;
  /** Agrees to the calls of tools that ask; without, those are left out. */
  readonly approve?: boolean;
  readonly json?: boolean;
}

/** What a handler may take to notice its signal. */
const abortGraceMs = 500;

async function readArguments(path: string | undefined): Promise<Map<string, readonly unknown[]>> {
  if (path === undefined) return new Map();
  const expected = 'a JSON file like {"tool_name": [{"id": "ENG-1"}]}';
  try {
    const given: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (!isRecord(given)) throw new SessionMeshError('option_invalid', { expected, found: path });
    return new Map(
      Object.entries(given).map(([name, list]) => [name, Array.isArray(list) ? list : [list]]),
    );
  } catch (cause) {
    if (cause instanceof SessionMeshError) throw cause;
    throw new SessionMeshError('option_invalid', { expected, found: messageOf(cause), cause });
  }
}

const nameOf = ({ namespace, tool }: FoundTool): string => displayName(namespace, tool.name);

function chosen(tools: readonly FoundTool[], only: readonly string[] = []): readonly FoundTool[] {
  const unknown = only.filter((name) => !tools.some((found) => nameOf(found) === name));
  if (unknown.length > 0) {
    throw new SessionMeshError('tool_unknown', {
      expected: 'names of tools of the module',
      found: unknown.join(', '),
      fix: `use some of ${tools.map(nameOf).join(', ')}`,
    });
  }
  return only.length === 0 ? tools : tools.filter((found) => only.includes(nameOf(found)));
}

const asks = ({ tool }: FoundTool): boolean => tool.policy.approval === 'always';

/** Without the tools that only run when somebody agrees, unless somebody does. */
function approved(tools: readonly FoundTool[], approve = false): readonly FoundTool[] {
  if (approve) return tools;
  const asking = tools.filter(asks).map(nameOf);
  if (asking.length > 0) {
    process.stderr.write(
      `left out, because they ask for approval: ${asking.join(', ')}; pass --approve to agree to all their calls\n`,
    );
  }
  return tools.filter((found) => !asks(found));
}

function quantile(durationsMs: readonly number[], share: number): number {
  const sorted = durationsMs.toSorted((one, two) => one - two);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** One tool's run as plain data. */
function summaryOf(run: ToolRun) {
  const { observation: seen, answers, ...rest } = run;
  const { durationsMs, ...counts } = seen;
  return {
    ...rest,
    ...counts,
    answers: Object.fromEntries(answers),
    p50Ms: quantile(durationsMs, 0.5),
    p99Ms: quantile(durationsMs, 0.99),
    findings: findingsOf(run),
  };
}

function describe(run: ToolRun): string {
  const { calls, repeats, answers, observation, faults } = run;
  const times = [0.5, 0.99].map((share) => quantile(observation.durationsMs, share).toFixed(1));
  const kinds = [...answers].map(([kind, count]) => `${count} ${kind}`).join(', ');
  const broken = `${faults.drop} drops, ${faults.restart} restarts, ${repeats} repeats`;
  return `${run.name}: ${calls} calls (${kinds || 'none'}), p50 ${times[0]} ms, p99 ${times[1]} ms; ${broken}`;
}

function print(runs: readonly ToolRun[], findings: readonly Finding[]): void {
  const lines = runs.flatMap((run) => [
    describe(run),
    ...findingsOf(run).map(({ kind, found, fix }) => `  ${kind}: ${found}; ${fix}`),
  ]);
  const verdict =
    findings.length === 0 ? `${runs.length} tools, nothing found` : `${findings.length} findings`;
  process.stdout.write(`${stripVTControlCharacters([...lines, verdict].join('\n'))}\n`);
}

/**
 * Soaks the tools of the module at `file`, whose handlers really run. The exit code is 1 if anything is
 * wrong with one of them, and stays as it is if none is left to be called.
 * @throws SessionMeshError `option_invalid`, `tool_unknown`; as `loadToolModule`; the reason of `signal`
 */
export async function runSoakToolsCommand(
  file: string,
  options: SoakToolsOptions,
  signal: AbortSignal,
): Promise<void> {
  const { parts } = await loadToolModule(file, options);
  const tools = approved(chosen(toolsIn(parts), options.only), options.approve);
  const given = await readArguments(options.arguments);
  if (tools.length === 0) return;
  signal.throwIfAborted();
  const progress = { name: '', calls: 0 };
  const terminal = openTerminal(
    process.stderr,
    () => `soaking ${progress.name}: ${progress.calls} of ${options.calls} calls`,
  );
  try {
    const { calls, durationMs, timeoutMs, seed } = options;
    const runs = await soakTools({
      tools,
      calls,
      durationMs,
      timeoutMs,
      seed,
      abortGraceMs,
      arguments: given,
      env: systemEnv,
      signal,
      onProgress: (name, ended) => Object.assign(progress, { name, calls: ended }),
    });
    terminal.close();
    const findings = runs.flatMap(findingsOf);
    if (options.json) process.stdout.write(`${JSON.stringify(runs.map(summaryOf), null, 2)}\n`);
    else print(runs, findings);
    process.exitCode = findings.length === 0 ? 0 : 1;
  } finally {
    terminal.close();
  }
}
