/** The schema document: the same bytes for the same signatures, and a check for CI. */
import { expect, test } from 'vitest';
import {
  checkSchemaDocument,
  inferTools,
  readSchemaDocument,
  schemaDocument,
} from '../../../src/tools/infer/index.ts';
import { createScratch } from './scratch.ts';

async function inferSource(source: string) {
  await using scratch = await createScratch({ 'tools.ts': source });
  return await inferTools(scratch.path('tools.ts'));
}

const source = `/** Finds. */
export const find = (query: string, since?: Date): string[] => [query, String(since)];
`;

test('the document is what was inferred, without anything of this machine', async () => {
  const inferred = await inferSource(source);
  expect(JSON.parse(schemaDocument(inferred))).toEqual({
    format: 1,
    tools: [
      {
        name: 'find',
        exportName: 'find',
        description: 'Finds.',
        parameters: { style: 'positional', names: ['query', 'since'], rest: false, call: false },
        inputSchema: {
          type: 'object',
          properties: {
            query: { type: 'string' },
            since: { type: 'string', format: 'date-time' },
          },
          required: ['query'],
          additionalProperties: false,
        },
        conversions: [{ pointer: '/properties/since', to: 'date' }],
        outputSchema: { type: 'array', items: { type: 'string' } },
        outputDescription: null,
      },
    ],
  });
});

test('what was written can be read back', async () => {
  const inferred = await inferSource(source);
  const text = schemaDocument(inferred);
  expect(schemaDocument({ tools: readSchemaDocument(text) })).toBe(text);
});

test('edits that change no signature change no byte', async () => {
  const text = schemaDocument(await inferSource(source));
  const edited = `// A remark.\n\nconst helper = 'x';\n${source.replace('[query', '[helper, query')}`;
  expect(schemaDocument(await inferSource(edited))).toBe(text);
});

test('types that the compiler met earlier elsewhere do not reorder anything', async () => {
  const tail = `
type State = 'open' | 'closed' | 'draft';
/** D. */
export const set = (state: State, keys: Exclude<State, 'open'>, side: \`\${'top' | 'left'}-\${'a' | 'b'}\`,
  names: keyof { zeta: 1; alpha: 1 }, by: Record<'z' | 'm' | 'a', number>, at: Date | string | null) =>
  [state, keys, side, names, by, at];
`;
  const earlier = `
const first: ['draft', 'closed', 'left-b', 'top-a', 'alpha', 'a', 'm'] = ['draft', 'closed', 'left-b', 'top-a', 'alpha', 'a', 'm'];
export type Early = typeof first[number] | 'open';
/** D. @internal */
export const hidden = (early: Early): string => early;
`;
  const text = schemaDocument(await inferSource(tail));
  expect(schemaDocument(await inferSource(earlier + tail))).toBe(text);
});

test('the check is content with an up-to-date document, whatever its layout', async () => {
  const inferred = await inferSource(source);
  const compact = JSON.stringify(JSON.parse(schemaDocument(inferred)));
  expect(checkSchemaDocument(inferred, compact)).toEqual({ ok: true, differences: [] });
});

test('the check names every tool that differs, and in what', async () => {
  const written = schemaDocument(
    await inferSource(`${source}/** D. */\nexport const old = () => 1;`),
  );
  const now = await inferSource(
    `/** Finds more. */\nexport const find = (query: string) => query;\n/** D. */\nexport const fresh = () => 1;`,
  );
  expect(checkSchemaDocument(now, written)).toEqual({
    ok: false,
    differences: [
      'find: description, parameters, inputSchema, conversions, outputSchema',
      'fresh: is missing from the document',
      'old: is no longer in the module',
    ],
  });
});

test.each(['', '{', '[]', '{"format":2,"tools":[]}', '{"format":1,"tools":[{"name":"a"}]}'])(
  'what is no schema document is refused: %s',
  (text) => {
    expect(() => readSchemaDocument(text)).toThrow(
      expect.objectContaining({ code: 'schema_invalid' }),
    );
  },
);
