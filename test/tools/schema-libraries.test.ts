/** Tools written with the real schema libraries: what Codex is sent, what is checked, what is typed. */
import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { tool, type StandardSchema } from '../../src/tools/index.ts';

interface Query {
  id: string;
  limit: number;
  tags?: string[] | undefined;
}

const inputs = {
  zod: z.object({
    id: z
      .string()
      .regex(/^ENG-\d+$/)
      .describe('Ticket id'),
    limit: z.number().int().min(1).default(10),
    tags: z.array(z.string()).optional(),
  }),
  valibot: toStandardJsonSchema(
    v.object({
      id: v.pipe(v.string(), v.regex(/^ENG-\d+$/), v.description('Ticket id')),
      limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 10),
      tags: v.optional(v.array(v.string())),
    }),
  ),
  arktype: type({
    id: type(/^ENG-\d+$/).describe('Ticket id'),
    limit: 'number.integer >= 1 = 10',
    'tags?': 'string[]',
  }),
};

const outputs = {
  zod: z.object({ status: z.enum(['open', 'closed']) }),
  valibot: toStandardJsonSchema(v.object({ status: v.picklist(['open', 'closed']) })),
  arktype: type({ status: "'open' | 'closed'" }),
};

const libraries = ['zod', 'valibot', 'arktype'] as const;

/** Seen as what they have in common, so that one test serves all three. */
const standard = (schema: StandardSchema<unknown, unknown>) => schema;

function lookup(library: (typeof libraries)[number], execute: (input: unknown) => unknown) {
  return tool({
    name: 'lookup',
    description: 'Looks up a ticket.',
    input: standard(inputs[library]),
    output: standard(outputs[library]),
    execute,
  });
}

/** The order in which a library lists its choices is its own. */
const isChoice = (values: readonly unknown[]) =>
  values.length === 2 && values.includes('open') && values.includes('closed');

const call = { log: { error: () => {} } } as never;

describe.each(libraries)('%s', (library) => {
  test('Codex is sent its JSON Schema, in which a default is no duty', () => {
    expect(lookup(library, () => null).inputSchema).toMatchObject({
      type: 'object',
      properties: {
        id: { type: 'string', pattern: String.raw`^ENG-\d+$`, description: 'Ticket id' },
        limit: { type: 'integer', minimum: 1 },
        tags: { type: 'array', items: { type: 'string' } },
      },
      required: ['id'],
    });
  });

  test('arguments come out as the library makes them', async () => {
    const validation = await lookup(library, () => null).validate({ id: 'ENG-7', tags: ['a'] });
    expect(validation).toEqual({ ok: true, value: { id: 'ENG-7', limit: 10, tags: ['a'] } });
  });

  test('every wrong field is named, with what was found', async () => {
    const validation = await lookup(library, () => null).validate({ id: 'x', limit: 0, tags: [1] });
    const problem = validation.ok ? '' : validation.problem;
    expect(problem.split('; ')).toEqual([
      expect.stringMatching(/^id: .*found "x"$/),
      expect.stringMatching(/^limit: .*found 0$/),
      expect.stringMatching(/^tags\[0\]: .*found 1$/),
    ]);
  });

  test('a result that keeps the promise passes, another one is a failure for the model', () => {
    const { outputSchema } = lookup(library, () => null);
    expect(outputSchema).toMatchObject({
      type: 'object',
      properties: { status: { enum: expect.toSatisfy((values) => isChoice(values)) } },
      required: ['status'],
    });
    const kept = lookup(library, () => ({ status: 'open' }));
    expect(kept.execute({}, call)).toEqual({ status: 'open' });
    const broken = lookup(library, () => ({ status: 'lost' }));
    expect(() => broken.execute({}, call)).toThrow(/it is not what the tool promises/);
  });
});

const named = { name: 'x', description: 'd' } as const;

test.each([
  ['zod', z.object({ at: z.date() })],
  ['valibot', toStandardJsonSchema(v.object({ at: v.date() }))],
])('%s: what JSON cannot express is refused when the tool is made', (_, schema) => {
  const input = standard(schema);
  expect(() => tool({ ...named, input, execute: () => null })).toThrow(
    expect.objectContaining({ code: 'schema_invalid' }),
  );
});

test('arktype: what JSON cannot express is shown as anything, and never passes', async () => {
  const dated = tool({ ...named, input: type({ at: 'Date' }), execute: () => null });
  expect(dated.inputSchema).toMatchObject({ properties: { at: {} }, required: ['at'] });
  expect(await dated.validate({ at: '2026-01-01' })).toMatchObject({
    ok: false,
    problem: expect.stringContaining('at must be a Date'),
  });
});

test('handlers are typed by the schema, whichever library it is from', () => {
  const open = { status: 'open' } as const;
  tool({
    ...named,
    input: inputs.zod,
    output: outputs.zod,
    execute: (input) => {
      expectTypeOf(input).toEqualTypeOf<Query>();
      return open;
    },
  });
  tool({
    ...named,
    input: inputs.valibot,
    output: outputs.valibot,
    execute: (input) => {
      expectTypeOf(input).toEqualTypeOf<Query>();
      return open;
    },
  });
  tool({
    ...named,
    input: inputs.arktype,
    output: outputs.arktype,
    execute: (input) => {
      expectTypeOf(input).toEqualTypeOf<{ id: string; limit: number; tags?: string[] }>();
      return open;
    },
  });
  const lost = { status: 'lost' } as const;
  // @ts-expect-error a status that the output schema does not know
  tool({ ...named, output: outputs.zod, execute: () => lost });
  // @ts-expect-error a status that the output schema does not know
  tool({ ...named, output: outputs.valibot, execute: () => lost });
  // @ts-expect-error a status that the output schema does not know
  tool({ ...named, output: outputs.arktype, execute: () => lost });
});

test('a bare valibot schema has no JSON Schema, and the error names the wrapper', () => {
  const bare = v.object({ id: v.string() });
  const make = () => tool({ ...named, input: bare as never, execute: () => null });
  expect(make).toThrow(/toStandardJsonSchema/);
});
