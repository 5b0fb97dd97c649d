/** Calls as a session would make them, and loggers that remember. */
import type { Logger } from '../../src/logger.ts';
import { toolOutput } from '../../src/tools/index.ts';
import { ToolError, type ToolCall, type ToolNamespace } from '../../src/tools/contract.ts';

export interface LogLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: object;
}

/** A logger and what it was told; `logged` resolves at the first line whose message has `text` in it. */
export function recordingLogger() {
  const lines: LogLine[] = [];
  const waiters = new Set<() => void>();
  const note = (level: keyof Logger) => (fields: object, message: string) => {
    lines.push({ level, message, fields });
    for (const check of waiters) check();
  };
  const logger: Logger = {
    debug: note('debug'),
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
  };
  const logged = (text: string): Promise<LogLine> =>
    new Promise((resolve) => {
      const check = () => {
        const line = lines.find(({ message, fields }) =>
          `${message} ${JSON.stringify(fields)}`.includes(text),
        );
        if (!line) return;
        waiters.delete(check);
        resolve(line);
      };
      waiters.add(check);
      check();
    });
  return { lines, logger, logged };
}

export function callWith(overrides: Partial<ToolCall> = {}): ToolCall {
  return {
    sessionId: 's',
    turnId: 't',
    callId: 'c',
    tool: 'tool',
    namespace: null,
    arguments: {},
    attempt: 1,
    deadline: Date.now() + 60_000,
    signal: new AbortController().signal,
    extend() {},
    log: recordingLogger().logger,
    ...overrides,
  };
}

/** What the model is told of a call: the road of a session, without the session. */
export async function callTool(
  { tools }: ToolNamespace,
  name: string,
  args: unknown = {},
  call = callWith(),
) {
  const tool = tools.find((each) => each.name === name);
  if (!tool) throw new Error(`no tool ${name}`);
  const validation = await tool.validate(args);
  if (!validation.ok) return { success: false, texts: [validation.problem], images: 0 };
  try {
    const output = toolOutput(await tool.execute(validation.value, call));
    const texts = output.contentItems.flatMap((item) => ('text' in item ? [item.text] : []));
    return { success: output.success, texts, images: output.contentItems.length - texts.length };
  } catch (thrown) {
    if (!(thrown instanceof ToolError)) throw thrown;
    return { success: false, texts: [thrown.message], images: 0 };
  }
}
