/** What else a model can be told it could have: where tools come from, and what could be installed. */
import { jsonObject, type JsonObject } from './json-value.ts';

/** Where deferred tools come from. */
export interface ToolSource {
  readonly name: string;
  readonly description: string | null;
}

/** `sources` without those whose name came before; the first description that is there stays. */
export function distinctSources(sources: readonly ToolSource[]): readonly ToolSource[] {
  const distinct = new Map<string, ToolSource>();
  for (const { name, description } of sources) {
    const known = distinct.get(name)?.description ?? null;
    distinct.set(name, { name, description: known ?? description });
  }
  return [...distinct.values()];
}

/** Something that could be installed to get more tools. */
export interface InstallCandidate {
  readonly kind: 'connector' | 'plugin';
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly hasSkills: boolean;
  readonly mcpServerNames: readonly string[];
  readonly appConnectorIds: readonly string[];
}

/** The client that has its own way to install plugins. */
const terminalClient = 'codex-tui';

/** What is offered to the client of the given name. */
export function offeredCandidates(
  candidates: readonly InstallCandidate[],
  clientName: string,
): readonly InstallCandidate[] {
  return candidates.filter(({ kind }) => kind !== 'plugin' || clientName !== terminalClient);
}

/** `candidate` as a model reads it. */
export function installEntryJson(candidate: InstallCandidate): JsonObject {
  return jsonObject([
    ['id', candidate.id],
    ['name', candidate.name],
    ['description', candidate.description],
    ['tool_type', candidate.kind],
    ['has_skills', candidate.hasSkills],
    ['mcp_server_names', candidate.mcpServerNames],
    ['app_connector_ids', candidate.appConnectorIds],
  ]);
}
