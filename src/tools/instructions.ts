/**
 * The catalog as text, for models that are told of their tools in words as well. The same catalog gives
 * the same bytes, whatever order its tools were added in. Tools kept for the search stay out of it.
 */
import type { JsonSchema, Tool, ToolNamespace } from './contract.ts';
import { canonicalJson, compareCodePoints } from './json.ts';
import { displayName } from './name.ts';

/** A catalog or a draft: whatever can list its tools. */
export interface ToolList {
  list(): readonly (Tool | ToolNamespace)[];
}

const head = [
  'Session remote skill catalog, fixed for this session:',
  'Call these tools wherever they help with the request, and never call one that is not listed here.',
];

interface NamedTool {
  readonly name: string;
  readonly tool: Tool;
}

function namedTools(catalog: ToolList): NamedTool[] {
  return catalog
    .list()
    .flatMap((part) =>
      'kind' in part
        ? part.tools.map((tool) => ({ name: displayName(part.name, tool.name), tool }))
        : [{ name: part.name, tool: part }],
    )
    .filter(({ tool }) => !tool.deferLoading)
    .toSorted((a, b) => compareCodePoints(a.name, b.name));
}

/** Any run of white space as one space: a description must not look like further lines of the catalog. */
function toLine(words: string): string {
  return words.replace(/[\s\u0085]+/g, ' ').trim();
}

function schemaLine(label: string, schema: JsonSchema): string {
  return `  ${label}: ${canonicalJson(schema, 'ascii')}`;
}

function describeTool({ name, tool }: NamedTool): string[] {
  const lines = [
    `- ${name}: ${toLine(tool.description)}`,
    schemaLine('input_schema', tool.inputSchema),
  ];
  const output = tool.outputSchema ?? {};
  if (Object.keys(output).length > 0) lines.push(schemaLine('output_schema', output));
  const description = typeof output.description === 'string' ? toLine(output.description) : '';
  if (description !== '') lines.push(`  output_description: ${description}`);
  return lines;
}

/** The catalog's tools, one to three lines each below two fixed ones, sorted by name; empty if there are none. */
export function instructionText(catalog: ToolList): string {
  const tools = namedTools(catalog);
  return tools.length === 0 ? '' : [...head, ...tools.flatMap(describeTool)].join('\n');
}

/** A user's request with the catalog before it; the request alone if the catalog is empty. */
export function injectRequest(catalog: ToolList, text: string): string {
  const instructions = instructionText(catalog);
  return instructions === '' ? text : `${instructions}\n\nUser request:\n${text}`;
}
