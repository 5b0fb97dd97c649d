/** A call as a handler is given it, and a tool called the way a mesh calls it. */
import type { Tool, ToolCall } from 'sessionmesh/tools';
import { silentLogger } from '../../../src/logger.ts';

export const call: ToolCall = {
  sessionId: 's1',
  turnId: 't1',
  callId: 'c1',
  tool: 'tool',
  namespace: null,
  arguments: {},
  attempt: 1,
  deadline: 0,
  extend: () => {},
  signal: new AbortController().signal,
  log: silentLogger,
};

/** What the tool `name` returns for `args`, or why they do not fit. */
export async function run(tools: readonly Tool[], name: string, args: unknown): Promise<unknown> {
  const tool = tools.find((each) => each.name === name);
  if (!tool) throw new Error(`no tool ${name}`);
  const validation = await tool.validate(args);
  return validation.ok ? tool.execute(validation.value, call) : validation.problem;
}
