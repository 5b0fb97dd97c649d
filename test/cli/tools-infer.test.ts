/** `sessionmesh tools infer`: real processes on real modules. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSchemaDocument } from '../../src/tools/infer/index.ts';
import { moduleText, toolsFolder } from './tools-folder.ts';

const find = `/**
 * Finds tickets.
 * @param query what to look for
 */
export function find(query: string, limit = 10): string[] {
  return [query, String(limit)];
}
`;

const document = ['infer', 'tools.ts', '--out', 'tools.schema.json'];

test('writes the schema document', async () => {
  const folder = toolsFolder({ 'tools.ts': find });
  const { code, stdout, stderr } = await folder.run(document);
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: '',
    stderr: '1 tool in tools.schema.json\n',
  });
  const tools = readSchemaDocument(readFileSync(join(folder.path, 'tools.schema.json'), 'utf8'));
  expect(tools).toMatchObject([
    {
      name: 'find',
      description: 'Finds tickets.',
      inputSchema: {
        properties: { query: { type: 'string', description: 'what to look for' } },
        required: ['query'],
      },
    },
  ]);
});

test('without --out prints the document and nothing else to the standard output', async () => {
  const { code, stdout } = await toolsFolder({ 'tools.ts': find }).run(['infer', 'tools.ts']);
  expect(code).toBe(0);
  expect(readSchemaDocument(stdout).map(({ name }) => name)).toEqual(['find']);
});

test('--check: fine until the signature changes, then names what differs and leaves the file alone', async () => {
  const folder = toolsFolder({ 'tools.ts': find });
  await folder.run(document);
  expect(await folder.run([...document, '--check'])).toEqual({
    code: 0,
    stdout: '',
    stderr: '1 tool, and tools.schema.json says so\n',
  });
  const written = readFileSync(join(folder.path, 'tools.schema.json'), 'utf8');
  folder.write(
    'tools.ts',
    `${find.replace('limit = 10', 'limit = 20')}
/** Closes a ticket. */
export function close(id: string): void {}
`,
  );
  const { code, stderr } = await folder.run([...document, '--check']);
  expect(code).toBe(1);
  expect(stderr).toBe(
    'differs find: inputSchema\n' +
      'differs close: is missing from the document\n' +
      'tools.schema.json is out of date; write it again without --check\n',
  );
  expect(readFileSync(join(folder.path, 'tools.schema.json'), 'utf8')).toBe(written);
});

test('a function without a summary is a warning with file and line', async () => {
  const folder = toolsFolder({ 'tools.ts': `${find}\nexport function bare(a: number) {}\n` });
  const { code, stderr } = await folder.run(document);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^warning tools\.ts:9:1: bare: it has no doc comment/);
});

test('a function that cannot be a tool is an error with file and line, and nothing is written', async () => {
  const folder = toolsFolder({
    'tools.ts': `${find}
/** Counts. */
export function count(words: Map<string, number>): void {}
`,
  });
  const { code, stderr } = await folder.run(document);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^error tools\.ts:10:23: count: parameter "words" has type Map<string, number>: .*\n1 in the way of 1 tool; nothing was done\n$/,
  );
  expect(existsSync(join(folder.path, 'tools.schema.json'))).toBe(false);
});

test('a module that does not parse is an error with file and line', async () => {
  const folder = toolsFolder({ 'tools.ts': `${find}\nexport const x = \n` });
  const { code, stdout, stderr } = await folder.run(['infer', 'tools.ts']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/tools\.ts:9:17: Expression expected\.; .*\[infer_failed\]/);
});

test('where nothing can be inferred it says what is read, and where to look instead', async () => {
  const made = `export const ping = tool({ name: 'ping', description: 'Answers.', execute: () => 1 });`;
  const folder = toolsFolder({ 'tools.ts': moduleText(made) });
  const { code, stdout, stderr } = await folder.run(document);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    /^error tools\.ts: nothing could be inferred: `infer` reads exported functions.*`sessionmesh tools list tools\.ts`.*\n0 tools; nothing was done\n$/,
  );
  expect(existsSync(join(folder.path, 'tools.schema.json'))).toBe(false);
});

test('--json says the same to a program', async () => {
  const folder = toolsFolder({ 'tools.ts': `${find}\nexport function bare(a: number) {}\n` });
  const { code, stdout, stderr } = await folder.run([...document, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    ok: true,
    tools: ['find', 'bare'],
    errors: [],
    warnings: [expect.stringContaining('tools.ts:9:1: bare')],
    differences: null,
  });
});

test.each([
  [['infer', 'tools.ts', '--out', 'nowhere/x.json'], /--out to be .*ENOENT.*\[option_invalid\]/],
  [
    ['list', 'tools.ts', '--document', 'nope.json'],
    /`document` to be .*ENOENT.*\[option_invalid\]/,
  ],
  [['infer', 'tools.ts', '--check'], /--out, the document to check.*\[option_invalid\]/],
  [[...document, '--check'], /schema document to check.*without --check/],
  [['infer', 'nowhere.ts'], /nowhere\.ts.*\[option_invalid\]/],
  [['infer', 'tools.ts', '--tsconfig', 'nowhere.json'], /\[option_invalid\]/],
  [['infer', 'tools.ts', '--out', 'package.json', '--check'], /\[schema_invalid\]/],
])('%s is refused with what to do', async (args, stderr) => {
  const result = await toolsFolder({ 'tools.ts': find }).run(args);
  expect(result.stderr).toMatch(stderr);
  expect(result.code).toBe(1);
});
