/** The tools in a request: their schema, and how they are read. */
import type { SessionMeshError } from '../../errors.ts';
import { notBlank, type Issue } from '../validation.ts';
import { countRemoteTools, readRemoteTools, type RemoteTool } from '../remote-tool.ts';

const name = { type: 'string', pattern: notBlank } as const;
const record = { type: 'object' } as const;

const member = {
  type: 'object',
  properties: {
    name,
    description: name,
    inputSchema: record,
    deferLoading: { type: 'boolean' },
  },
  required: ['name', 'description', 'inputSchema'],
} as const;

const isNamespace = {
  properties: { type: { const: 'namespace' } },
  required: ['type'],
} as const;

/** The schema of a list of tools: functions, and namespaces of functions. */
export const toolListSchema = {
  type: 'array',

  description: 'Tools whose calls are answered by a client. What Codex does not know is left out.',
  items: {
    type: 'object',
    properties: { name, description: name },
    required: ['name', 'description'],
    allOf: [
      { if: isNamespace, else: { properties: { inputSchema: record }, required: ['inputSchema'] } },
      {
        if: { not: isNamespace },
        else: {
          properties: { tools: { type: 'array', minItems: 1, items: member } },
          required: ['tools'],
        },
      },
    ],
  },
} as const;

/** The tools of a request, or what is wrong with them as a whole. */
export function readToolList(
  list: readonly unknown[] | undefined,
  toolsMax: number,
): readonly RemoteTool[] | { readonly issues: readonly Issue[] } {
  const tools = readRemoteTools(list ?? []);
  if (countRemoteTools(tools) <= toolsMax) return tools;
  const message = `Too big: expected array to have <=${toolsMax} items`;
  const limit = { maximum: toolsMax, inclusive: true };
  return {
    issues: [{ origin: 'array', code: 'too_big', ...limit, path: ['dynamicTools'], message }],
  };
}

/** Why tools of a request cannot be served, each with its place. */
export function toolIssues(problems: ReadonlyMap<number, SessionMeshError>): readonly Issue[] {
  return [...problems].map(([index, { message }]) => {
    return { code: 'custom', path: ['dynamicTools', index], message };
  });
}
