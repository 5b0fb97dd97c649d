/** `serveTools()`: tools made here for any MCP client. */
import type { CatalogPart } from '../tools/catalog.ts';
import type { ToolBundle } from '../tools/contract.ts';
import { serveOn } from './serve-on.ts';
import type { McpServing, ServeToolsOptions } from './serving.ts';

/**
 * Serves tools, namespaces and bundles as an MCP server. MCP knows no namespaces: a tool `lookup` of the
 * namespace `crm` is served as `crm__lookup`.
 *
 * Calls go the way of a session's: the same checks of arguments, deadlines, concurrency and results. The
 * endpoint counts as one session. A client that cancels a call aborts it; a handler that extends its
 * deadline is reported as progress.
 * @throws SessionMeshError `mcp_unavailable` if `@modelcontextprotocol/server` is not installed,
 * `mcp_serve_failed` if the port cannot be had, `option_invalid`, and what a catalog throws: `tool_invalid`,
 * `tool_duplicate`, `tool_name_invalid`, `tool_name_reserved`, `tools_full`
 */
export async function serveTools(
  tools: readonly (CatalogPart | ToolBundle)[],
  options: ServeToolsOptions,
): Promise<McpServing> {
  return serveOn(tools, options, () => ({ input: process.stdin, output: process.stdout }));
}
