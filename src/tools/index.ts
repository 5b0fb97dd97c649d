/** `sessionmesh/tools`: everything needed to write tools, and nothing of sessions, hosts or meshes. */
export { bundle, namespace, type NamespaceDefinition } from './namespace.ts';
export { createDraft, type Catalog, type CatalogDraft, type CatalogPart } from './catalog.ts';
export { audio, image, text, type Media } from './content.ts';
export {
  ToolError,
  type ApprovalDecision,
  type ContentItem,
  type FunctionToolSpec,
  type JsonSchema,
  type NamespaceToolSpec,
  type SerialKey,
  type Tool,
  type ToolBundle,
  type ToolCall,
  type ToolNamespace,
  type ToolOutput,
  type ToolPolicy,
  type ToolSpec,
  type Validation,
} from './contract.ts';
export type { FromJsonSchema } from './from-json-schema.ts';
export { injectRequest, instructionText, type ToolList } from './instructions.ts';
export { failureOutput, toolOutput } from './output.ts';
export type { SchemaSource } from './schema.ts';
export type { StandardIssue, StandardResult, StandardSchema } from './standard-schema.ts';
export { tool, type InputOf, type ResultOf, type ToolDefinition } from './tool.ts';
