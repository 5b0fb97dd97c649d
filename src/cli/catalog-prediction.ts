/** What a model will be shown of a list of tools that Codex has accepted. */
import { isSessionMeshError, SessionMeshError } from '../errors.ts';
import {
  codeIdentifier,
  codeModeCatalog,
  codeModeSections,
  codeName,
  dynamicHostTools,
  nameKey,
  planTools,
  type DynamicTool,
  type HostTool,
  type HostToolName,
  type HostToolSpec,
  type ModelTraits,
  type ToolPlan,
} from '../tools/adapters/index.ts';
import { checkTopLevelName } from '../tools/name.ts';

/** What is known of the Codex and the model that the tools are sent to. */
export interface HostFacts {
  /** Whether Codex has a tool of its own under this name, which then runs in place of another. */
  readonly has: (name: HostToolName) => boolean;
  /** Whether the model can search for tools that it is not shown. */
  readonly searches: boolean;
}

/** What holds for every model of the tested Codex, all of its features on. */
export const commonFacts: HostFacts = {
  has: ({ namespace, name }) => {
    if (namespace !== null) return false;
    try {
      checkTopLevelName(name);
      return false;
    } catch (thrown) {
      if (!isSessionMeshError(thrown)) throw thrown;
      return true;
    }
  },
  searches: true,
};

/** What a model will be shown. */
export interface Prediction {
  /** In the order of a request, without what is Codex's own. */
  readonly specs: readonly HostToolSpec[];
  /** The same for a model that calls tools from code: what it reads, in order. */
  readonly sections: readonly string[];
  /** What is said of namespaces with tools that are not shown; null without any. */
  readonly notice: string | null;
  /** Whether a call by this name reaches this tool, not one of Codex. */
  owns(name: HostToolName): boolean;
  /** What code reads of the tool, or would after a search; null if it cannot reach it. */
  declaration(name: HostToolName): string | null;
  /** The tool that code reaches by the name of this one, if it is another; null if it is this one. */
  rival(name: HostToolName): HostToolName | null;
}

/** A tool of Codex, of which nothing but its name matters here. */
function builtIn(name: HostToolName): HostTool {
  return {
    name,
    origin: 'host',
    payload: 'function',
    exposure: 'hidden',
    spec: null,
    supportsParallelToolCalls: false,
    searchText: null,
    noticeText: null,
  };
}

function plan(tools: readonly HostTool[], model: ModelTraits): ToolPlan {
  const planned = planTools(tools, model);
  if (planned.ok) return planned.value;
  throw new SessionMeshError('tool_duplicate', { found: planned.problem });
}

/** Predicts what a model is shown of `tools`, which Codex must have accepted. */
export function predictCatalog(
  tools: readonly DynamicTool[],
  facts: HostFacts = commonFacts,
): Prediction {
  const dynamic = dynamicHostTools(tools);
  const taken = dynamic.map(({ name }) => name).filter(facts.has);
  const all = [...taken.map(builtIn), ...dynamic];
  const supportsSearchTool = facts.searches;
  const { registry, specs, deferredNotice } = plan(all, { supportsSearchTool, toolMode: 'off' });
  const catalog = codeModeCatalog(registry);
  const owns = (name: HostToolName) => registry.get(nameKey(name))?.origin === 'dynamic';
  const entryOf = (name: HostToolName) => catalog.get(codeIdentifier(codeName(name)));
  return {
    specs: specs.filter(({ type }) => type !== 'tool_search'),
    sections: codeModeSections(catalog),
    notice: deferredNotice,
    owns,
    declaration: (name) => {
      const entry = entryOf(name);
      if (!entry || nameKey(entry.name) !== nameKey(name)) return null;
      const shown = { ...entry, tool: { ...entry.tool, exposure: 'direct' as const } };
      return codeModeSections(new Map([[entry.identifier, shown]])).at(-1) ?? null;
    },
    rival: (name) => {
      const entry = entryOf(name);
      return !owns(name) || !entry || nameKey(entry.name) === nameKey(name) ? null : entry.name;
    },
  };
}
