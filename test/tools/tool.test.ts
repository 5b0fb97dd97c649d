import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { isSessionMeshError } from '../../src/errors.ts';
import { resolveLimits } from '../../src/limits.ts';
import { silentLogger } from '../../src/logger.ts';
import { sealTool, tool } from '../../src/tools/tool.ts';
import { text } from '../../src/tools/content.ts';
import { ToolError, type Tool, type ToolCall } from '../../src/tools/contract.ts';

const named = { name: 'x', description: 'Does x.' } as const;

function callWith(error: (fields: object, message: string) => void = () => {}): ToolCall {
  return {
    sessionId: 's',
    turnId: 't',
    callId: 'c',
    tool: 'x',
    namespace: null,
    arguments: {},
    attempt: 1,
    deadline: 0,
    extend: () => {},
    signal: new AbortController().signal,
    log: { ...silentLogger, error },
  };
}

const refusalOf = (run: () => unknown) => {
  try {
    run();
    return 'accepted';
  } catch (thrown) {
    return isSessionMeshError(thrown) ? `${thrown.code}: ${thrown.message}` : thrown;
  }
};

test('a tool is frozen all the way down', () => {
  const made = tool({
    ...named,
    input: { type: 'object', properties: { a: { type: 'string' } } },
    output: { type: 'object', properties: {} },
    timeoutMs: 5,
    execute: () => ({}),
  });
  for (const part of [made, made.inputSchema, made.inputSchema.properties, made.policy]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
  expect(Object.isFrozen(made.outputSchema)).toBe(true);
});

test('changing the definition afterwards changes nothing', async () => {
  const input = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
  const made = tool({ ...named, input, execute: () => 1 });
  input.required.length = 0;
  expect(await made.validate({})).toMatchObject({ ok: false });
});

test('without input a tool takes an empty object and nothing else', async () => {
  const made = tool({ ...named, execute: () => 1 });
  expect(made.inputSchema).toEqual({
    type: 'object',
    properties: {},
    additionalProperties: false,
  });
  expect(await made.validate(null)).toEqual({ ok: true, value: {} });
  expect(await made.validate('{}')).toEqual({ ok: true, value: {} });
  expect(await made.validate({ a: 1 })).toEqual({
    ok: false,
    problem: 'a: is not known; this tool takes no arguments',
  });
  expect(await made.validate([])).toMatchObject({ ok: false });
});

test('arguments are read, checked and brought into shape', async () => {
  const made = tool({
    ...named,
    input: z.object({ n: z.number().default(3) }),
    execute: ({ n }) => n,
  });
  expect(await made.validate('{"n":4}')).toEqual({ ok: true, value: { n: 4 } });
  expect(await made.validate(undefined)).toEqual({ ok: true, value: { n: 3 } });
  expect(await made.validate(JSON.parse('{"__proto__":{}}'))).toMatchObject({ ok: false });
});

test('whoever checks arguments may bring other bounds', async () => {
  const made = tool({ ...named, input: {}, execute: () => 1 });
  const narrow = resolveLimits({ argumentBytesMax: 10 });
  expect(await made.validate({ a: 'long enough' })).toMatchObject({ ok: true });
  expect(await made.validate({ a: 'long enough' }, narrow)).toMatchObject({ ok: false });
});

test('checking never throws and never rejects, whatever comes', async () => {
  const tools = [
    tool({ ...named, execute: () => 1 }),
    tool({ ...named, input: z.object({ a: z.array(z.number()) }), execute: () => 1 }),
    tool({
      ...named,
      input: { properties: { a: { type: ['array', 'string'], pattern: '^a', items: {} } } },
      execute: () => 1,
    }),
  ];
  const anything = fc.oneof(
    fc.anything({ withBigInt: true, withDate: true, withSparseArray: true }),
    fc.record({ a: fc.anything() }),
    fc.json(),
  );
  await fc.assert(
    fc.asyncProperty(anything, async (args) => {
      for (const made of tools) {
        const validation = await made.validate(args);
        if (!validation.ok) expect(validation.problem).toMatch(/^.{1,1001}$/u);
      }
    }),
  );
});

test.each([
  [{ name: 'a b' }, 'tool_name_invalid'],
  [{ description: '  ' }, 'a blank one'],
  [{ description: undefined }, 'expected a description'],
  [{ execute: 'run' }, 'a function as execute, found string'],
  [{ input: { type: 'string' } }, '(tool x (input))'],
  [{ output: { type: 'banana' } }, '(tool x (output))'],
  [{ inputSchema: {} }, 'found inputSchema'],
  [{ deferLoading: 'yes' }, 'true or false as deferLoading'],
  [{ timeoutMs: 0 }, 'above zero as timeoutMs, found 0'],
  [{ timeoutMs: Infinity }, 'as timeoutMs'],
  [{ maxConcurrency: 1.5 }, 'an integer from 1 as maxConcurrency'],
  [{ serial: 1 }, 'true or false as serial'],
  [{ serial: true, maxConcurrency: 2 }, 'maxConcurrency 1 of a serial tool'],
  [{ serialKey: ' ' }, 'as serialKey'],
  [{ effects: 'once' }, "'at-most-once' or 'repeatable' as effects"],
  [{ approval: true }, "'never', 'always' or a function as approval"],
])('a definition with %j is refused', (part, reason) => {
  // @ts-expect-error -- authors write JavaScript too
  expect(refusalOf(() => tool({ ...named, execute: () => 1, ...part }))).toContain(reason);
});

const serialKey = () => 'key';
const policyOf = (policy: object) => tool({ ...named, execute: () => 1, ...policy }).policy;

test('a policy keeps what was said, and serial is short for one at a time', () => {
  expect(policyOf({})).toEqual({});
  expect(policyOf({ serial: true })).toEqual({ serial: true, maxConcurrency: 1 });
  expect(policyOf({ serialKey, approval: 'always', effects: 'repeatable', timeoutMs: 9 })).toEqual({
    serialKey,
    approval: 'always',
    effects: 'repeatable',
    timeoutMs: 9,
  });
});

test('a result that fits the output schema is what the schema gives', async () => {
  const made = tool({
    ...named,
    output: z.object({ n: z.number() }),
    execute: async () => ({ n: 1, secret: 'dropped' }),
  });
  expect(await made.execute({}, callWith())).toEqual({ n: 1 });
});

test('a result that does not fit is told to the model in short, and to the log in full', async () => {
  const error = vi.fn();
  const made = tool({
    ...named,
    output: { type: 'object', properties: { n: { type: 'number' } } },
    // @ts-expect-error -- the author's mistake
    execute: () => ({ n: 'hunter2' }),
  });
  const run = async () => made.execute({}, callWith(error));
  await expect(run()).rejects.toThrow(ToolError);
  await expect(run()).rejects.toThrow('The tool finished, but its result cannot be shown');
  expect(error).toHaveBeenCalledWith(
    { problem: 'n: expected number', cause: undefined },
    'a result does not fit the output schema of its tool',
  );
});

test('content is shown as it is, also by a tool with an output schema', () => {
  const failed = { success: false, contentItems: [] };
  const output = z.object({ n: z.number() });
  const showing = (result: typeof failed | ReturnType<typeof text>) =>
    tool({ ...named, output, execute: () => result }).execute({}, callWith());
  expect(showing(failed)).toBe(failed);
  expect(showing(text('hello'))).toEqual(text('hello'));
});

test('a tool made by hand is checked and copied; one made here is taken as it is', async () => {
  class Counter implements Tool {
    name = 'count';
    description = 'Counts.';
    inputSchema = { type: 'object' };
    policy = { serial: true };
    count = 0;
    validate() {
      return { ok: true, value: this.count } as const;
    }
    execute() {
      this.count += 1;
      return this.count;
    }
  }
  const counter = new Counter();
  const sealed = sealTool(counter);
  counter.name = 'other';
  expect(sealed.name).toBe('count');
  expect(sealed.execute({}, callWith())).toBe(1);
  expect(sealed.validate({})).toEqual({ ok: true, value: 1 });
  expect(sealed.policy).toEqual({ serial: true, maxConcurrency: 1 });
  expect(sealTool(sealed)).toBe(sealed);
  expect(refusalOf(() => sealTool({ ...sealed, name: 'mcp' }))).toMatch('tool_name_reserved');
  // @ts-expect-error -- authors write JavaScript too
  expect(refusalOf(() => sealTool({ ...named, execute() {} }))).toMatch('as validate');
});
