/**
 * `sessionmesh/mcp`: MCP both ways. The tools of an MCP server for sessions, and tools made here for any
 * MCP client. The official packages are loaded when they are needed.
 */
export type { HttpServer, ServerAddress, StdioServer } from './address.ts';
export { exportedTools } from './exported-tools.ts';
export { mcpTools, type McpTools, type McpToolsOptions } from './mcp-tools.ts';
export type { LeftOutTool, RemoteToolOptions, ToolListChange } from './offer.ts';
export { serveTools } from './server.ts';
export type { Approve } from './served-call.ts';
export type { HttpTransport, McpServing, ServeToolsOptions, StdioTransport } from './serving.ts';
