/** What TypeScript makes of a tool's definition. The compiler checks this file; running it proves little more. */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import type { HostTool } from '../../src/hosts/host.ts';
import type {
  ContentItem,
  FromJsonSchema,
  StandardSchema,
  Tool,
  ToolCall,
  ToolOutput,
  ToolSpec,
} from '../../src/tools/index.ts';
import { createDraft, namespace, tool } from '../../src/tools/index.ts';

const named = { name: 'x', description: 'd' } as const;

test('a literal JSON Schema gives the type of the input', () => {
  const lookup = tool({
    ...named,
    input: {
      type: 'object',
      properties: {
        id: { type: 'string' },
        limit: { type: 'integer' },
        state: { enum: ['open', 'closed'] },
        tags: { type: 'array', items: { type: 'string' } },
        parent: { type: ['string', 'null'] },
        deep: {
          type: 'object',
          properties: { exact: { const: 1 }, maybe: { type: 'boolean' } },
          required: ['exact'],
        },
      },
      required: ['id', 'state', 'deep'],
      additionalProperties: false,
    },
    execute: (input, call) => {
      expectTypeOf(input).toEqualTypeOf<{
        id: string;
        state: 'open' | 'closed';
        deep: { exact: 1; maybe?: boolean };
        limit?: number;
        tags?: string[];
        parent?: string | null;
      }>();
      expectTypeOf(call).toEqualTypeOf<ToolCall>();
    },
  });
  expectTypeOf<Parameters<typeof lookup.execute>[0]['id']>().toEqualTypeOf<string>();
});

test('a zod schema gives the type of what it puts out, not of what it takes', () => {
  tool({
    ...named,
    input: z.object({
      at: z.string().transform((text) => text.length),
      limit: z.number().default(10),
    }),
    execute: (input) => {
      expectTypeOf(input).toEqualTypeOf<{ at: number; limit: number }>();
    },
  });
});

test('no input is an empty object', () => {
  const ping = tool({
    ...named,
    execute: (input) => {
      expectTypeOf(input).toEqualTypeOf<Record<string, never>>();
    },
  });
  expectTypeOf(ping).toEqualTypeOf<Tool<Record<string, never>>>();
});

test('a schema that is no literal gives unknown', () => {
  const schema: { readonly [keyword: string]: unknown } = { type: 'object' };
  tool({
    ...named,
    input: schema,
    execute: (input) => {
      expectTypeOf(input).toBeUnknown();
    },
  });
});

test('an output schema bounds what a handler may return, besides content', () => {
  const output = z.object({ count: z.number() });
  tool({ ...named, output, execute: () => ({ count: 1 }) });
  tool({ ...named, output, execute: async () => ({ count: 1 }) });
  tool({
    ...named,
    output,
    execute: (): ContentItem => ({ type: 'inputText', text: 'shown as it is' }),
  });
  tool({ ...named, output, execute: (): ToolOutput => ({ success: false, contentItems: [] }) });
  // @ts-expect-error -- the count is missing
  tool({ ...named, output, execute: () => ({ total: 1 }) });
  tool({
    ...named,
    output: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
    // @ts-expect-error -- a text is not a boolean
    execute: () => ({ ok: 'yes' }),
  });
});

test('policies know the input', () => {
  tool({
    ...named,
    input: z.object({ account: z.string() }),
    serialKey: (input, call) => `${call.sessionId}/${input.account}`,
    approval: (call) => (call.attempt === 1 ? true : { denied: 'once is enough' }),
    effects: 'repeatable',
    execute: () => 'done',
  });
  // @ts-expect-error -- a denial says why
  tool({ ...named, approval: () => false, execute: () => 'done' });
  expect(() =>
    // @ts-expect-error -- there are two kinds of effects
    tool({ ...named, effects: 'exactly-once', execute: () => 'done' }),
  ).toThrow('effects');
});

test('tools of any input go into one catalog', () => {
  const one = tool({ ...named, input: z.object({ id: z.string() }), execute: ({ id }) => id });
  const two = tool({ ...named, name: 'y', execute: () => 'two' });
  const draft = createDraft();
  draft.add(one);
  draft.add(namespace('n', { tools: [one, two] }));
  expect(draft.list()).toHaveLength(2);
  expectTypeOf<Tool<{ id: string }>>().toExtend<Tool>();
});

test('what a catalog tells a host is what a host takes', () => {
  expectTypeOf<ToolSpec>().toExtend<HostTool>();
  expectTypeOf<HostTool>().toExtend<ToolSpec>();
});

test('our reading of Standard Schema agrees with the specification', () => {
  expectTypeOf<StandardSchemaV1<string, number> & StandardJSONSchemaV1<string, number>>().toExtend<
    StandardSchema<string, number>
  >();
});

test('JSON Schemas read as types', () => {
  expectTypeOf<FromJsonSchema<true>>().toBeUnknown();
  expectTypeOf<FromJsonSchema<false>>().toBeNever();
  expectTypeOf<FromJsonSchema<{ type: 'null' }>>().toBeNull();
  expectTypeOf<FromJsonSchema<{ type: 'string'; nullable: true }>>().toEqualTypeOf<string | null>();
  expectTypeOf<FromJsonSchema<{ type: 'array' }>>().toEqualTypeOf<unknown[]>();
  expectTypeOf<FromJsonSchema<{ type: 'object' }>>().toEqualTypeOf<Record<string, unknown>>();
  expectTypeOf<
    FromJsonSchema<{ type: 'object'; additionalProperties: { type: 'number' } }>
  >().toEqualTypeOf<Record<string, number>>();
  expectTypeOf<
    FromJsonSchema<{ type: 'object'; properties: {}; additionalProperties: false }>
  >().toEqualTypeOf<Record<string, never>>();
  expectTypeOf<FromJsonSchema<{ $ref: '#/$defs/x' }>>().toBeUnknown();
  expectTypeOf<FromJsonSchema<{ anyOf: readonly [{ type: 'string' }] }>>().toBeUnknown();
});
