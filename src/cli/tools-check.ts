/** `sessionmesh tools check`: what Codex will accept of a catalog, and what a model will see of it. */
import { isSessionMeshError, messageOf } from '../errors.ts';
import { decodeDynamicTools, type DynamicTool, type JsonValue } from '../tools/adapters/index.ts';
import { createDraft, type CatalogPart } from '../tools/catalog.ts';
import {
  reportAccepted,
  reportCatalog,
  type CatalogFinding,
  type CatalogReport,
  type CheckResult,
} from './catalog-report.ts';
import { printCatalogReport } from './catalog-text.ts';
import { interruptedExitCode, watchInterruption } from './interruption.ts';
import { compareLive, factsOf } from './live-comparison.ts';
import { askLiveCodex } from './live-request.ts';
import {
  dynamicToolsOf,
  isToolList,
  loadToolList,
  loadToolModule,
  type ModuleSelection,
} from './tool-module.ts';

/** How a catalog is checked. */
export interface ToolsCheckOptions extends ModuleSelection {
  /** Asks the real Codex as well. */
  readonly live?: boolean;
  /** With `live`: the model that Codex takes the scripted one for. */
  readonly model: string;
  /** With `live`: the Codex to ask. */
  readonly codex?: string;
  readonly json?: boolean;
}

interface CheckedList {
  readonly list: JsonValue;
  /** What a session would refuse before Codex sees it, and what inference warns of. */
  readonly findings: readonly CatalogFinding[];
}

/** What a session says to each part. That a name is taken by Codex is said elsewhere. */
function* draftFindings(parts: readonly CatalogPart[]): Generator<CatalogFinding> {
  const draft = createDraft();
  for (const part of parts) {
    try {
      draft.add(part);
    } catch (thrown) {
      if (isSessionMeshError(thrown, 'tool_name_reserved')) continue;
      yield { level: 'error', about: part.name, message: messageOf(thrown) };
    }
  }
}

async function loadList(file: string, selection: ModuleSelection): Promise<CheckedList> {
  if (isToolList(file)) return { list: await loadToolList(file), findings: [] };
  const { parts, warnings } = await loadToolModule(file, selection);
  const inferred = warnings.map((message): CatalogFinding => ({
    level: 'warning',
    about: null,
    message,
  }));
  return { list: dynamicToolsOf(parts), findings: [...inferred, ...draftFindings(parts)] };
}

function decoded(list: JsonValue): readonly DynamicTool[] {
  const tools = decodeDynamicTools(list);
  return (tools.ok ? tools.value : null) ?? [];
}

/** Asks the real Codex; what it has of its own is then known for certain. */
async function checkLive(
  list: JsonValue,
  report: CatalogReport,
  { codex, model }: ToolsCheckOptions,
  signal: AbortSignal,
) {
  const command = codex === undefined ? {} : { command: codex };
  const answer = await askLiveCodex(list, { ...command, model, signal });
  const tools = decoded(list);
  const differences = compareLive(tools, report.refusal, answer);
  const { server, bare, equipped } = answer;
  const form = bare.code === null ? 'functions' : 'code';
  const isServed = !('refusal' in equipped) && report.refusal === null;
  return {
    live: { server, model, form, differences } as const,
    report: isServed ? reportAccepted(tools, factsOf({ bare, equipped })) : report,
  };
}

async function check(
  file: string,
  options: ToolsCheckOptions,
  signal: AbortSignal,
): Promise<CheckResult> {
  const { list, findings } = await loadList(file, options);
  const expected = reportCatalog(list);
  const { live, report } = options.live
    ? await checkLive(list, expected, options, signal)
    : { live: null, report: expected };
  const all = [...findings, ...report.findings];
  const isFine = all.every(({ level }) => level !== 'error');
  return {
    ok: isFine && (live?.differences ?? []).length === 0,
    report: { ...report, findings: all },
    live,
  };
}

/**
 * Prints what Codex makes of the tools of `file`, a module or a list as JSON. The exit code is 1 if Codex
 * or a session refuses something, if a tool can never be called, or if the real Codex shows a model
 * something else than was predicted; 130 after Ctrl-C.
 * @throws SessionMeshError as `loadToolModule`, `loadToolList` and `askLiveCodex`.
 */
export async function runToolsCheckCommand(
  file: string,
  options: ToolsCheckOptions,
): Promise<void> {
  using interruption = watchInterruption();
  const { signal } = interruption;
  try {
    const result = await check(file, options, signal);
    process.exitCode = result.ok ? 0 : 1;
    if (options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else printCatalogReport(file, result);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
    process.stderr.write('interrupted\n');
    process.exitCode = interruptedExitCode;
  }
}
