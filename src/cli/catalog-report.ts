/**
 * What Codex makes of a list of tools, told before any session opens: whether it takes the list, which
 * tools a model gets to see and in what form, and what was lost on the way.
 */
import { isSessionMeshError } from '../errors.ts';
import { testedCodexVersion } from '../hosts/app-server/methods.ts';
import {
  acceptDynamicTools,
  createToolsJson,
  decodeDynamicTools,
  dynamicToolToResponsesTool,
  responsesToolJson,
  validateDynamicTools,
  writeJson,
  type DynamicFunction,
  type DynamicTool,
  type JsonValue,
} from '../tools/adapters/index.ts';
import { checkNamespaceName, displayName, isSometimesBuiltIn } from '../tools/name.ts';
import { predictCatalog, type HostFacts, type Prediction } from './catalog-prediction.ts';
import type { LiveDifference } from './live-comparison.ts';
import { showSchema, type SchemaChange } from './schema-change.ts';
import { estimateTokens } from './token-estimate.ts';

/** Something a person should look at. An `error` means that a tool, or the whole list, is of no use. */
export interface CatalogFinding {
  readonly level: 'error' | 'warning';
  /** The tool or namespace it is about; null for the list. */
  readonly about: string | null;
  readonly message: string;
}

/** One tool, as a model sees it. */
export interface ToolReport {
  /** `namespace/name` for a member. */
  readonly tool: string;
  /** Whether the model sees it in every request, after a search, or never. */
  readonly seen: 'at once' | 'by search' | 'never';
  /** The tool as the Responses API gets it, letter by letter; null if Codex cannot read it. */
  readonly sent: string | null;
  /** What a model reads that calls tools from code; null if code cannot reach it. */
  readonly declared: string | null;
  readonly tokens: number;
  /** Bytes of the schema as it is sent, and before detail was taken away. */
  readonly schemaBytes: number;
  readonly wholeSchemaBytes: number;
  readonly changes: readonly SchemaChange[];
}

/** A list of tools, as Codex and a model see it. */
export interface CatalogReport {
  /** The Codex that this is about. */
  readonly codex: string;
  /** Why Codex refuses to start a thread with the list, in its own words; null if it does not. */
  readonly refusal: string | null;
  readonly tools: readonly ToolReport[];
  readonly findings: readonly CatalogFinding[];
  /** The `tools` of a request, letter by letter, without those of Codex itself. */
  readonly sent: string;
  /** What models are told of namespaces that have to be searched; null without any. */
  readonly notice: string | null;
  /** Estimates of what every request carries, by the way a model calls tools. */
  readonly tokens: { readonly functions: number; readonly code: number };
}

/** What the real Codex said. */
export interface LiveReport {
  /** Its name and version, as it says them. */
  readonly server: string;
  readonly model: string;
  /** How that model calls tools. */
  readonly form: 'functions' | 'code';
  readonly differences: readonly LiveDifference[];
}

/** A checked catalog. */
export interface CheckResult {
  /** Whether every tool can be used, and nothing was predicted wrong. */
  readonly ok: boolean;
  readonly report: CatalogReport;
  /** Null if the real Codex was not asked. */
  readonly live: LiveReport | null;
}

/** A function of the list, and the namespace around it. */
interface Entry {
  readonly namespace: string | null;
  readonly tool: DynamicFunction;
}

function entriesOf(tools: readonly DynamicTool[]): Entry[] {
  return tools.flatMap((part): Entry[] =>
    part.type === 'function'
      ? [{ namespace: null, tool: part }]
      : part.tools.map((tool) => ({ namespace: part.name, tool })),
  );
}

function reportTool({ namespace, tool }: Entry, prediction: Prediction | null): ToolReport {
  const name = { namespace, name: tool.name };
  const responses = dynamicToolToResponsesTool(tool);
  const schema = showSchema(tool.inputSchema);
  const json = responses.ok ? responsesToolJson(responses.value) : null;
  const sent = json && writeJson(new Map([['type', 'function'], ...json]));
  return {
    tool: displayName(namespace, tool.name),
    seen: prediction?.owns(name) ? (tool.deferLoading ? 'by search' : 'at once') : 'never',
    sent,
    declared: prediction?.declaration(name) ?? null,
    tokens: estimateTokens(sent ?? ''),
    schemaBytes: schema.ok ? schema.value.bytes : 0,
    wholeSchemaBytes: schema.ok ? schema.value.wholeBytes : 0,
    changes: schema.ok ? schema.value.changes : [],
  };
}

const error = (about: string | null, message: string): CatalogFinding => ({
  level: 'error',
  about,
  message,
});
const warning = (about: string | null, message: string): CatalogFinding => ({
  level: 'warning',
  about,
  message,
});

/** What each part is refused for by itself, and what Codex names, which is the first fault of the list. */
function refusalsOf(tools: readonly DynamicTool[], refusal: string): CatalogFinding[] {
  const messages = new Map<string, string | null>();
  const note = (alone: DynamicTool, about: string) => {
    const valid = validateDynamicTools([alone]);
    if (!valid.ok && !messages.has(valid.problem)) messages.set(valid.problem, about);
  };
  for (const part of tools) {
    if (part.type === 'function' || part.tools.length === 0) note(part, part.name);
    else {
      for (const tool of part.tools) {
        note({ ...part, tools: [tool] }, displayName(part.name, tool.name));
      }
    }
  }
  if (!messages.has(refusal)) messages.set(refusal, null);
  return [...messages].map(([message, about]) => error(about, message));
}

function isMergedNamespace(name: string): boolean {
  try {
    checkNamespaceName(name);
    return false;
  } catch (thrown) {
    return isSessionMeshError(thrown, 'tool_name_reserved');
  }
}

function* toolFindings(entry: Entry, prediction: Prediction): Generator<CatalogFinding> {
  const { namespace, tool } = entry;
  const name = { namespace, name: tool.name };
  const about = displayName(namespace, tool.name);
  if (!prediction.owns(name)) {
    yield error(about, 'Codex runs a built-in tool in its place, without a word');
  } else if (namespace === null && isSometimesBuiltIn(tool.name)) {
    yield warning(about, 'some models have a built-in tool of this name, which runs in its place');
  }
  const rival = prediction.rival(name);
  if (rival !== null) {
    const reached = displayName(rival.namespace, rival.name);
    yield warning(about, `code that calls it reaches ${reached}: both have one name in code`);
  }
  if (tool.description.trim() === '') {
    yield warning(about, 'it has no description, and a model has nothing else to choose by');
  }
}

function findingsOf(tools: readonly DynamicTool[], prediction: Prediction): CatalogFinding[] {
  const merged = tools
    .filter(({ type, name }) => type === 'namespace' && isMergedNamespace(name))
    .map(({ name }) => warning(name, 'Codex merges it into a namespace of its own'));
  return [...merged, ...entriesOf(tools).flatMap((entry) => [...toolFindings(entry, prediction)])];
}

function refusedReport(
  tools: readonly DynamicTool[],
  refusal: string,
  findings: readonly CatalogFinding[],
): CatalogReport {
  return {
    codex: testedCodexVersion,
    refusal,
    tools: entriesOf(tools).map((entry) => reportTool(entry, null)),
    findings,
    sent: '[]',
    notice: null,
    tokens: { functions: 0, code: 0 },
  };
}

/**
 * Reports on `tools`, canonical and accepted.
 * @param facts what is known of the Codex they are sent to; by default what holds for every one
 */
export function reportAccepted(tools: readonly DynamicTool[], facts?: HostFacts): CatalogReport {
  const prediction = predictCatalog(tools, facts);
  const sent = writeJson(createToolsJson(prediction.specs));
  const { notice } = prediction;
  const noticeTokens = estimateTokens(notice ?? '');
  return {
    codex: testedCodexVersion,
    refusal: null,
    tools: entriesOf(tools).map((entry) => reportTool(entry, prediction)),
    findings: findingsOf(tools, prediction),
    sent,
    notice,
    tokens: {
      functions: (tools.length === 0 ? 0 : estimateTokens(sent)) + noticeTokens,
      code: estimateTokens(prediction.sections.join('\n\n')) + noticeTokens,
    },
  };
}

/** Reports on the list `dynamicTools` of `thread/start`, in either of its forms. */
export function reportCatalog(dynamicTools: JsonValue): CatalogReport {
  const acceptance = acceptDynamicTools(dynamicTools, { experimentalApi: true });
  if (acceptance.ok) return reportAccepted(acceptance.tools ?? []);
  const { stage, message } = acceptance;
  if (stage !== 'validate') return refusedReport([], message, [error(null, message)]);
  const decoded = decodeDynamicTools(dynamicTools);
  const tools = (decoded.ok ? decoded.value : null) ?? [];
  return refusedReport(tools, message, refusalsOf(tools, message));
}
