/** A tool with a schema of its own, and what its comment adds to it. */
import { isRecord } from '../json.ts';
import type { Tool } from '../contract.ts';
import { sealTool } from '../tool.ts';

function isUndescribed(property: unknown): property is Record<string, unknown> {
  if (!isRecord(property)) return false;
  const { description } = property;
  return typeof description !== 'string' || description.trim() === '';
}

/**
 * The tool with descriptions of its arguments where its schema has none. The schema wins: no property is
 * added, and none that is described is described anew.
 * @param texts what the comment says of each argument
 */
export function describeArguments(tool: Tool, texts: Readonly<Record<string, string>>): Tool {
  const { properties } = tool.inputSchema;
  if (!isRecord(properties)) return tool;
  const added = Object.entries(properties).flatMap(([name, property]) => {
    const description = Object.hasOwn(texts, name) ? texts[name]?.trim() : '';
    return description && isUndescribed(property) ? [[name, { ...property, description }]] : [];
  });
  if (added.length === 0) return tool;
  const described = { ...properties, ...Object.fromEntries(added) };
  return sealTool({ ...tool, inputSchema: { ...tool.inputSchema, properties: described } });
}
