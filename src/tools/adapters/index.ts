/**
 * How a Codex host models tools: what it accepts, what it shows a model, and what it makes of calls and
 * results. Pure functions on plain data.
 */
export {
  augmentSpec,
  callToolResultDeclaration,
  codeModeTool,
  codeName,
  type CodeModeTool,
} from './code-mode.ts';
export { nestedCallArguments } from './code-mode-call.ts';
export {
  allTools,
  codeModeCatalog,
  codeModeSections,
  type CatalogEntry,
  type CodeModeCatalog,
} from './code-mode-catalog.ts';
export { deferredNotice, type DeferredNamespace } from './deferred-notice.ts';
export {
  distinctSources,
  installEntryJson,
  offeredCandidates,
  type InstallCandidate,
  type ToolSource,
} from './discovery.ts';
export {
  cancelledByRepeat,
  cancelledDynamicOutput,
  decodeDynamicAnswer,
  dynamicCallParams,
  dynamicReplyOutput,
  prepareDynamicCall,
  type CallPlace,
  type ClientReply,
  type DynamicAnswer,
  type ModelCall,
  type PreparedCall,
} from './dynamic-call.ts';
export { dynamicHostTools } from './dynamic-host-tool.ts';
export {
  acceptDynamicTools,
  validateDynamicTools,
  type Acceptance,
  type AcceptanceStage,
} from './dynamic-validation.ts';
export {
  decodeDynamicTools,
  dynamicToolsJson,
  type DynamicFunction,
  type DynamicNamespace,
  type DynamicTool,
} from './dynamic.ts';
export {
  bundleName,
  callOutputItem,
  executableErrorText,
  jsonOutput,
  type ExecutableBundle,
  type ExecutableCall,
  type ExecutableError,
  type ExecutableOutput,
  type ExecutableSpec,
  type ToolExecutor,
} from './executable.ts';
export {
  normalizeImageDetail,
  sanitizeImageDetail,
  type ImageDetail,
  type ModelInput,
  type OutputItem,
} from './image-detail.ts';
export { parseToolInputSchema, parseTrustedToolInputSchema } from './input-schema.ts';
export { readJson, writeJson } from './json-text.ts';
export {
  dataOf,
  jsonOf,
  type JsonArray,
  type JsonNumber,
  type JsonObject,
  type JsonValue,
} from './json-value.ts';
export { mcpCallableNames, type McpCallableNames, type McpServerNames } from './mcp-names.ts';
export { mcpCodeValue, mcpResultOutput } from './mcp-result.ts';
export {
  mcpCallToolResultOutputSchema,
  mcpHostTools,
  mcpToolToDeferredResponsesTool,
  mcpToolToResponsesTool,
  parseMcpTool,
  type McpServer,
  type McpTool,
} from './mcp.ts';
export {
  dynamicCodeValue,
  dynamicOutput,
  outputJson,
  type CallOutput,
  type DynamicOutput,
  type OutputTarget,
} from './output.ts';
export {
  configuredSpecs,
  isDeferred,
  isDirect,
  isNested,
  registerTools,
  routeCall,
  unsupportedCallText,
  type Exposure,
  type HostTool,
  type PayloadKind,
  type Route,
  type RoutedCall,
  type ToolOrigin,
  type ToolRegistry,
} from './registry.ts';
export {
  coalesceSpecs,
  dynamicToolToLoadableSpec,
  dynamicToolToResponsesTool,
  parseDynamicTool,
  toolDefinitionToResponsesTool,
  type OwningNamespace,
} from './responses.ts';
export {
  toolSchemaJson,
  type PrimitiveType,
  type SchemaTable,
  type ToolSchema,
} from './schema-type.ts';
export {
  defaultSearchText,
  searchEntries,
  searchEntry,
  searchTools,
  toolSearchHostTool,
  toolSearchSpec,
  type SearchEntry,
  type SearchOutput,
} from './search.ts';
export {
  createToolsJson,
  intoDeferred,
  namespaceDescription,
  renamed,
  responsesToolJson,
  specJson,
  specName,
  type ConfiguredSpec,
  type CustomSpec,
  type FunctionSpec,
  type HostToolSpec,
  type ImageGenerationSpec,
  type LoadableSpec,
  type MemberSpec,
  type NamespaceSpec,
  type ResponsesTool,
  type ToolDefinition,
  type ToolSearchSpec,
  type WebSearchSpec,
} from './spec.ts';
export {
  canonicalName,
  defaultNamespace,
  displayName,
  nameKey,
  type HostToolName,
} from './tool-name.ts';
export {
  liteSpecs,
  planTools,
  requestTools,
  type ModelTraits,
  type RequestTools,
  type ToolMode,
  type ToolPlan,
} from './tool-plan.ts';
export { codeIdentifier, typescriptType } from './typescript-type.ts';
