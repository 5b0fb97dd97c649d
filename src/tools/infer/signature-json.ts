/** Reads back what was written about a module: a schema document, or an entry of the cache. */
import type { JsonSchema } from '../contract.ts';
import { isRecord } from '../json.ts';
import type { Conversion, Parameters, ToolSignature } from './inferred.ts';

function readParameters(value: unknown): Parameters | null {
  if (!isRecord(value)) return null;
  const { style, call, optional, names, rest } = value;
  if (typeof call !== 'boolean') return null;
  if (style === 'object' && typeof optional === 'boolean') return { style, optional, call };
  if (style !== 'positional' || typeof rest !== 'boolean' || !Array.isArray(names)) return null;
  const texts = names.filter((name) => typeof name === 'string');
  return texts.length === names.length ? { style, names: texts, rest, call } : null;
}

function readConversions(value: unknown): Conversion[] | null {
  if (!Array.isArray(value)) return null;
  const conversions = value.flatMap((each: unknown): Conversion[] => {
    if (!isRecord(each)) return [];
    const { pointer, to } = each;
    return typeof pointer === 'string' && (to === 'date' || to === 'bigint')
      ? [{ pointer, to }]
      : [];
  });
  return conversions.length === value.length ? conversions : null;
}

function isSchemaOrNull(value: unknown): value is JsonSchema | null {
  return value === null || isRecord(value);
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function readSignature(value: unknown): ToolSignature | null {
  if (!isRecord(value)) return null;
  const { name, exportName, description, inputSchema, outputSchema, outputDescription } = value;
  const parameters = readParameters(value['parameters']);
  const conversions = readConversions(value['conversions']);
  if (!parameters || !conversions) return null;
  if (typeof name !== 'string' || typeof exportName !== 'string') return null;
  if (typeof description !== 'string' || !isRecord(inputSchema)) return null;
  if (!isSchemaOrNull(outputSchema) || !isTextOrNull(outputDescription)) return null;
  return {
    name,
    exportName,
    description,
    inputSchema,
    outputSchema,
    outputDescription,
    parameters,
    conversions,
  };
}

/** The tools in `value`, or null if it is no list of tools. */
export function readSignatures(value: unknown): ToolSignature[] | null {
  if (!Array.isArray(value)) return null;
  const signatures = value.map(readSignature).filter((signature) => signature !== null);
  return signatures.length === value.length ? signatures : null;
}

/** `tool` without its place in the source: what is the same until the signature itself changes. */
export function toSignature(tool: ToolSignature): ToolSignature {
  return {
    name: tool.name,
    exportName: tool.exportName,
    description: tool.description,
    parameters: tool.parameters,
    inputSchema: tool.inputSchema,
    conversions: tool.conversions,
    outputSchema: tool.outputSchema,
    outputDescription: tool.outputDescription,
  };
}
