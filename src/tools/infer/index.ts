/** `sessionmesh/infer`: exported functions of a TypeScript module as tools, from their signatures and comments. */
export {
  checkSchemaDocument,
  readSchemaDocument,
  schemaDocument,
  type DocumentCheck,
  type SignatureList,
} from './document.ts';
export { inferTools, type InferOptions } from './infer-tools.ts';
export {
  issueText,
  type Conversion,
  type ConversionTarget,
  type InferIssue,
  type Inference,
  type InferredTool,
  type Parameters,
  type SourcePlace,
  type ToolSignature,
} from './inferred.ts';
export { toolsFromModule, type ModuleOptions } from './module-tools.ts';
