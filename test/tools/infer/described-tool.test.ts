/** B40-B42: an explicit schema wins over the comment, and gains descriptions from it, never properties. */
import { expect, test } from 'vitest';
import { toolsFromModule } from '../../../src/tools/infer/index.ts';
import { createScratch } from './scratch.ts';

const source = `
import { tool } from 'sessionmesh/tools';
/**
 * Looks a ticket up.
 * @param id - Ticket id, e.g. ENG-1.
 * @param detail - Not this: the schema says it already.
 * @param ghost - Not an argument at all.
 */
export const lookup = tool({
  name: 'lookup',
  description: 'Look up a ticket.',
  input: {
    type: 'object',
    properties: { id: { type: 'string' }, detail: { type: 'boolean', description: 'All of it.' } },
    required: ['id'],
    additionalProperties: false,
  },
  execute: ({ id }) => 'found ' + id,
});
/** Says hello. */
export function hello(): string { return 'hello'; }
`;

test('B41 a comment describes what the schema does not, B42 and adds nothing to it', async () => {
  await using scratch = await createScratch({ 'tools.ts': source });
  const cacheDir = scratch.path('cache');
  for (const start of ['cold', 'warm']) {
    const tools = await toolsFromModule(scratch.path('tools.ts'), { cacheDir });
    const lookup = tools.find(({ name }) => name === 'lookup');
    expect({ start, schema: lookup?.inputSchema }).toEqual({
      start,
      schema: {
        type: 'object',
        properties: {
          id: { type: 'string', description: 'Ticket id, e.g. ENG-1.' },
          detail: { type: 'boolean', description: 'All of it.' },
        },
        required: ['id'],
        additionalProperties: false,
      },
    });
    expect(lookup?.description).toBe('Look up a ticket.');
    expect(await lookup?.validate({ id: 7 })).toMatchObject({ ok: false });
  }
});
