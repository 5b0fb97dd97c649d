/** The corpus: signatures as people write them, each with the schema a person would write by hand. */
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { inferTools } from '../../../src/tools/infer/index.ts';
import * as collections from './corpus/collections.ts';
import * as comments from './corpus/comments.ts';
import * as issues from './corpus/issues.ts';
import * as parameters from './corpus/parameters.ts';
import * as results from './corpus/results.ts';
import * as scalars from './corpus/scalars.ts';
import * as shapes from './corpus/shapes.ts';

const corpus = { collections, comments, issues, parameters, results, scalars, shapes };

const tableKeywords = new Set(['properties', '$defs']);

/** Keywords in one order, but properties as they stand: their order is part of what is promised. */
function normalize(value: unknown, isTable = false): unknown {
  if (Array.isArray(value)) return value.map((item) => normalize(item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(
    ([key, part]) => [key, normalize(part, !isTable && tableKeywords.has(key))] as const,
  );
  return Object.fromEntries(
    isTable ? entries : entries.toSorted(([left], [right]) => left.localeCompare(right)),
  );
}

const show = (schema: unknown) => JSON.stringify(normalize(schema), null, 2);

test('the corpus is large enough to mean something', () => {
  const names = Object.values(corpus).flatMap(({ expected }) => Object.keys(expected));
  expect(names.length).toBeGreaterThanOrEqual(60);
});

describe.each(Object.entries(corpus))('%s', (name, { expected }) => {
  const inference = inferTools(join(import.meta.dirname, 'corpus', `${name}.ts`));

  test('has nothing to complain about, and an expectation for each tool', async () => {
    const { tools, warnings, errors } = await inference;
    expect({ warnings, errors }).toEqual({ warnings: [], errors: [] });
    expect(tools.map((tool) => tool.name).toSorted()).toEqual(Object.keys(expected).toSorted());
  });

  test.each(Object.entries(expected))('%s', async (toolName, expectation) => {
    const { tools } = await inference;
    const tool = tools.find((each) => each.name === toolName);
    expect(show(tool?.inputSchema)).toBe(show(expectation.input));
    const { input: _input, output, ...others } = expectation;
    expect(tool).toMatchObject(others);
    if (output !== undefined) expect(show(tool?.outputSchema)).toBe(show(output));
  });

  test('gives schemas that are JSON Schema', async () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    for (const { inputSchema, outputSchema } of (await inference).tools) {
      expect(ajv.validateSchema(inputSchema)).toBe(true);
      expect(() => ajv.compile(inputSchema)).not.toThrow();
      expect(() => ajv.compile(outputSchema ?? {})).not.toThrow();
    }
  });
});
