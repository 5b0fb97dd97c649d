/** The door for tool authors: what it offers, and what it costs to open. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import * as door from '../../src/tools/index.ts';

test('offers these names and no others', () => {
  expect(Object.keys(door).toSorted()).toEqual([
    'ToolError',
    'audio',
    'bundle',
    'createDraft',
    'failureOutput',
    'image',
    'injectRequest',
    'instructionText',
    'namespace',
    'text',
    'tool',
    'toolOutput',
  ]);
});

test('the schema compiler is loaded by the first plain JSON Schema, not before', () => {
  const program = `
    import { createRequire } from 'node:module';
    import { z } from 'zod';
    import { tool } from './src/tools/index.ts';
    const isLoaded = () =>
      Object.keys(createRequire(import.meta.url).cache).some((path) => /[\\\\/]ajv[\\\\/]/.test(path));
    const named = { name: 'x', description: 'd', execute: () => 1 };
    tool(named);
    tool({ ...named, input: z.object({}) });
    const before = isLoaded();
    tool({ ...named, input: { type: 'object' } });
    console.log(before, isLoaded());
  `;
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: new URL('../..', import.meta.url),
    encoding: 'utf8',
  });
  expect(printed.trim()).toBe('false true');
});
