/** `sessionmesh tools list`: the tools of a module, one a line. */
import { displayName } from '../tools/name.ts';
import type { ToolPolicy } from '../tools/contract.ts';
import { openPage } from './page.ts';
import { tableLines } from './plain-text.ts';
import { loadToolModule, toolsIn, type FoundTool, type ModuleSelection } from './tool-module.ts';

/** What to list, and how. */
export interface ToolsListOptions extends ModuleSelection {
  readonly json?: boolean;
}

const descriptionCharsMax = 60;

/** How a tool is run where that is not the usual way, in a few words. */
export function policyText(policy: ToolPolicy, deferLoading = false): string {
  const { timeoutMs, maxConcurrency, serialKey, external, effects, approval } = policy;
  const parts = [
    deferLoading && 'found by search',
    timeoutMs !== undefined && `${timeoutMs / 1000} s`,
    maxConcurrency !== undefined && `${maxConcurrency} at once`,
    serialKey !== undefined && 'in line',
    external && 'external',
    effects === 'repeatable' && 'repeatable',
    approval !== undefined && approval !== 'never' && 'asks first',
  ];
  return parts.filter((part) => typeof part === 'string').join(', ');
}

function firstLine(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length > descriptionCharsMax ? `${line.slice(0, descriptionCharsMax - 1)}…` : line;
}

function summary({ namespace, tool }: FoundTool) {
  const { deferLoading = false, policy, description, name } = tool;
  const approval = policy.approval ?? 'never';
  return {
    tool: displayName(namespace, name),
    description,
    deferLoading,
    policy: {
      ...policy,
      // What a function decides is not known before there is a call.
      ...(policy.serialKey === undefined
        ? {}
        : { serialKey: typeof policy.serialKey === 'string' ? policy.serialKey : 'function' }),
      approval: typeof approval === 'string' ? approval : 'function',
    },
  };
}

/** Prints the tools that the module at `file` exports, in the order a session would get them. */
export async function runToolsListCommand(file: string, options: ToolsListOptions): Promise<void> {
  const { parts, warnings } = await loadToolModule(file, options);
  const tools = toolsIn(parts);
  if (options.json) {
    const listed = { tools: tools.map(summary), warnings };
    process.stdout.write(`${JSON.stringify(listed, null, 2)}\n`);
    return;
  }
  const page = openPage(process.stdout);
  const [head = '', ...lines] = tableLines([
    ['tool', 'description', 'runs'],
    ...tools.map(({ namespace, tool }) => [
      displayName(namespace, tool.name),
      firstLine(tool.description),
      policyText(tool.policy, tool.deferLoading),
    ]),
  ]);
  page.line(page.paint('bold', head));
  for (const line of lines) page.line(line);
  for (const warning of warnings) page.line(`${page.paint('yellow', '!')} ${warning}`);
}
