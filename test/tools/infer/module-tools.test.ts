/** Tools that run: arguments arrive checked, and in the shape the function declares. */
import { expect, test, vi } from 'vitest';
import type { Tool } from 'sessionmesh/tools';
import { schemaDocument, inferTools, toolsFromModule } from '../../../src/tools/infer/index.ts';
import { silentLogger } from '../../../src/logger.ts';
import { call, run } from './call.ts';
import { createScratch } from './scratch.ts';

/** The tools of a module with this source. */
async function toolsOf(source: string, others: Record<string, string> = {}): Promise<Tool[]> {
  await using scratch = await createScratch({ 'tools.ts': source, ...others });
  return await toolsFromModule(scratch.path('tools.ts'), { cacheDir: null });
}

/** What a handler is given, in a form a test can compare. */
const show = `const show = (value: unknown): unknown =>
  value instanceof Date ? \`Date \${value.toISOString()}\`
  : typeof value === 'bigint' ? \`bigint \${value}\`
  : value === undefined ? 'undefined'
  : Array.isArray(value) ? value.map(show)
  : typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, show(part)]))
  : value;
`;

test('positional parameters, defaults, rest and the call reach the function in their places', async () => {
  const tools = await toolsOf(`
    import type { ToolCall } from 'sessionmesh/tools';
    /** D. */
    export const place = (a: string, b = 2, c?: boolean, call?: ToolCall) => [a, b, c === undefined, call?.callId];
    /** D. */
    export function spread(first: string, ...rest: number[]) { return [first, rest.length, ...rest]; }
    /** D. */
    export function count(...args: unknown[]) { return args.length; }
    /** D. */
    export async function whoAmI(call: ToolCall) { return call.sessionId; }
  `);
  expect(await run(tools, 'place', { a: 'x' })).toEqual(['x', 2, true, 'c1']);
  expect(await run(tools, 'place', { c: false, b: 5, a: 'y' })).toEqual(['y', 5, false, 'c1']);
  expect(await run(tools, 'spread', { first: 'a' })).toEqual(['a', 0]);
  expect(await run(tools, 'spread', { first: 'a', rest: [1, 2] })).toEqual(['a', 2, 1, 2]);
  expect(await run(tools, 'count', {})).toBe(0);
  expect(await run(tools, 'whoAmI', {})).toBe('s1');
});

test('an object parameter is the argument object; left out entirely, its own default applies', async () => {
  const tools = await toolsOf(`
    import type { ToolCall } from 'sessionmesh/tools';
    /** D. */
    export const read = ({ path, from = 3 }: { path: string; from?: number }, call: ToolCall) => [path, from, call.callId];
    /** D. */
    export const list = (options: { depth?: number } = { depth: 7 }) => options.depth ?? null;
  `);
  expect(await run(tools, 'read', { path: 'p' })).toEqual(['p', 3, 'c1']);
  expect(await run(tools, 'list', {})).toBe(7);
  expect(await run(tools, 'list', { depth: 1 })).toBe(1);
});

test('a name that every object inherits is not an argument', async () => {
  const tools = await toolsOf(`
    /** D. */
    export const f = (toString?: string, constructor = 'none') => [toString ?? null, constructor];
  `);
  expect(await run(tools, 'f', {})).toEqual([null, 'none']);
});

test('dates and bigints arrive as such, however deep they are', async () => {
  const tools = await toolsOf(`${show}
    interface Event { at: Date; ids: bigint[]; next?: Event; byDay: Record<string, Date> }
    /** D. */
    export const plan = (event: Event) => show(event);
    /** D. */
    export const pair = (range: [from: Date, to: Date | null], since = new Date(0)) => show([range, since]);
  `);
  expect(
    await run(tools, 'plan', {
      at: '2026-01-31T09:30:00Z',
      ids: [1, 2],
      byDay: { monday: '2026-02-02T00:00:00+02:00' },
      next: { at: '2026-03-01T00:00:00.5Z', ids: [], byDay: {} },
    }),
  ).toEqual({
    at: 'Date 2026-01-31T09:30:00.000Z',
    ids: ['bigint 1', 'bigint 2'],
    byDay: { monday: 'Date 2026-02-01T22:00:00.000Z' },
    next: { at: 'Date 2026-03-01T00:00:00.500Z', ids: [], byDay: {} },
  });
  expect(await run(tools, 'pair', { range: ['2026-01-31T09:30:00Z', null] })).toEqual([
    ['Date 2026-01-31T09:30:00.000Z', null],
    'Date 1970-01-01T00:00:00.000Z',
  ]);
});

test('in a union the branch that fits decides what is converted', async () => {
  const tools = await toolsOf(`${show}
    type Trigger = { kind: 'at'; when: Date } | { kind: 'tag'; when: string } | { kind: 'block'; when: bigint };
    /** D. */
    export const fire = (trigger: Trigger, when: string | Date, size: number | bigint) => show([trigger, when, size]);
  `);
  const moment = '2026-01-31T09:30:00Z';
  expect(
    await run(tools, 'fire', { trigger: { kind: 'at', when: moment }, when: moment, size: 1.5 }),
  ).toEqual([
    { kind: 'at', when: 'Date 2026-01-31T09:30:00.000Z' },
    'Date 2026-01-31T09:30:00.000Z',
    1.5,
  ]);
  expect(
    await run(tools, 'fire', { trigger: { kind: 'tag', when: moment }, when: 'soon', size: 2 }),
  ).toEqual([{ kind: 'tag', when: moment }, 'soon', 'bigint 2']);
  expect(
    await run(tools, 'fire', { trigger: { kind: 'block', when: 9 }, when: '', size: 2 }),
  ).toEqual([{ kind: 'block', when: 'bigint 9' }, '', 'bigint 2']);
});

test('a moment that is none, and a bigint that JSON has rounded, do not arrive', async () => {
  const tools = await toolsOf(`
    /** D. */
    export const at = (when: Date) => when;
    /** D. */
    export const pay = (amount: bigint) => amount;
  `);
  const expected = 'expected a date and time with its offset, such as 2026-01-31T09:30:00Z';
  for (const when of ['tomorrow', '2026-02-30T00:00:00Z', '2026-01-31', '2026-01-31T09:30:00']) {
    expect(await run(tools, 'at', { when })).toBe(
      `when: ${expected}, found ${JSON.stringify(when)}`,
    );
  }
  expect(await run(tools, 'pay', { amount: 2 ** 60 })).toBe(
    `amount: expected an integer within ±9007199254740991, found ${2 ** 60}`,
  );
  expect(await run(tools, 'pay', { amount: 1.5 })).toBe('amount: expected integer, found 1.5');
});

test('arguments that do not fit are explained, each with its field', async () => {
  const tools = await toolsOf(`
    /**
     * D.
     * @param limit - How many.
     * @minimum 1
     * @integer
     */
    export const find = (state: 'open' | 'closed', limit = 10, labels: string[] = []) => [state, limit, labels];
  `);
  expect(await run(tools, 'find', { state: 'shut', limit: 0, labels: ['a', 5], page: 2 })).toBe(
    'state: expected "open" or "closed", found "shut"; limit: expected at least 1, found 0; ' +
      'labels[1]: expected string, found 5; ' +
      'page: is not a known field (known: state, limit, labels), found 2',
  );
  expect(await run(tools, 'find', {})).toBe('state: is required');
  expect(await run(tools, 'find', [])).toBe('arguments: expected object');
  expect(await run(tools, 'find', '{"state":"open"}')).toEqual(['open', 10, []]);
});

test('enums of the language are their values', async () => {
  const source = `
    enum Status { Open = 'open', Closed = 'closed' }
    enum Size { Large = 3, Small = 1 }
    const enum Mode { Fast = 'fast' }
    /** D. */
    export function set(status: Status, size: Size | null, mode?: Mode, only?: Status.Closed) {}
  `;
  await using scratch = await createScratch({ 'tools.ts': source });
  const { tools, errors } = await inferTools(scratch.path('tools.ts'));
  expect(errors).toEqual([]);
  expect(tools[0]!.inputSchema).toEqual({
    type: 'object',
    properties: {
      status: { type: 'string', enum: ['open', 'closed'] },
      size: { type: ['integer', 'null'], enum: [3, 1, null] },
      mode: { type: 'string', enum: ['fast'] },
      only: { type: 'string', enum: ['closed'] },
    },
    required: ['status', 'size'],
    additionalProperties: false,
  });
});

test('exports that are tools already win and pass through; other values are passed over', async () => {
  const tools = await toolsOf(`
    import { tool } from '${new URL('../../../src/tools/tool.ts', import.meta.url).href}';
    export const lookup = tool({ name: 'look_up', description: 'Mine.', execute: () => 'by hand' });
    export const limit = 5;
    export type Limit = number;
    export class Store { open() {} }
    /** D. @internal */
    export function reset() {}
    /** D. */
    export default function find(a: string) { return a; }
  `);
  expect(tools.map(({ name }) => name)).toEqual(['find', 'look_up']);
  expect(await run(tools, 'look_up', {})).toBe('by hand');
  expect(await run(tools, 'find', { a: 'x' })).toBe('x');
});

test('functions passed on from another module are tools of this one, under their new names', async () => {
  const tools = await toolsOf(
    `export { inner as outer } from './inner.ts';\n/** D. */\nexport const own = (a: string) => a;`,
    { 'inner.ts': `/** Inner. */\nexport function inner(b: number) { return b + 1; }` },
  );
  expect(tools.map(({ name, description }) => [name, description])).toEqual([
    ['own', 'D.'],
    ['outer', 'Inner.'],
  ]);
  expect(await run(tools, 'outer', { b: 1 })).toBe(2);
});

test('the result schema is told with its description, and never stands in the way of a result', async () => {
  const tools = await toolsOf(`
    const row = { name: 'a', secret: 1 };
    /** D.
     * @returns Who it is. */
    export const who = (): { name: string } => row;
  `);
  expect(tools[0]!.outputSchema).toEqual({
    type: 'object',
    properties: { name: { type: 'string' } },
    required: ['name'],
    additionalProperties: false,
    description: 'Who it is.',
  });
  expect(await run(tools, 'who', {})).toEqual({ name: 'a', secret: 1 });
});

test('a module with errors gives no tools, and the error lists all of them with their lines', async () => {
  await using scratch = await createScratch({
    'tools.ts': `/** D. */\nexport function a(x: symbol) {}\n/** D. */\nexport function b(y: () => void) {}`,
  });
  const file = scratch.path('tools.ts');
  const failure = toolsFromModule(file, { cacheDir: null });
  await expect(failure).rejects.toMatchObject({ code: 'infer_failed' });
  await expect(failure).rejects.toThrow(`${file}:2:19: a: parameter "x" has type symbol`);
  await expect(failure).rejects.toThrow(`${file}:4:19: b: parameter "y" has type () => void`);
});

test('warnings go to the logger', async () => {
  await using scratch = await createScratch({ 'tools.ts': 'export const f = (a: string) => a;' });
  const warn = vi.fn<(fields: object, message: string) => void>();
  await toolsFromModule(scratch.path('tools.ts'), {
    cacheDir: null,
    logger: { ...silentLogger, warn },
  });
  expect(warn.mock.calls).toEqual([
    [
      { tool: 'f', file: scratch.path('tools.ts'), line: 1, column: 14 },
      'it has no doc comment, so a model is told only "Remote skill f"',
    ],
  ]);
});

test('a schema document and compiled JavaScript are enough: no TypeScript needed', async () => {
  await using scratch = await createScratch({
    'tools.ts': '/** D. */\nexport const f = (at: Date) => at.getUTCFullYear();',
    'dist/tools.js': 'export const f = (at) => at.getUTCFullYear();',
  });
  const document = await scratch.write(
    'tools.schema.json',
    schemaDocument(await inferTools(scratch.path('tools.ts'))),
  );
  const compiled = scratch.path('dist/tools.js');
  const tools = await toolsFromModule(scratch.path('gone.ts'), { document, compiled });
  expect(await run(tools, 'f', { at: '2026-01-31T09:30:00Z' })).toBe(2026);
});

test('a document that names a function the module lacks is refused', async () => {
  await using scratch = await createScratch({
    'tools.ts': '/** D. */\nexport const f = (at: Date) => at;',
    'other.js': 'export const g = 1;',
  });
  const document = await scratch.write(
    'tools.schema.json',
    schemaDocument(await inferTools(scratch.path('tools.ts'))),
  );
  await expect(toolsFromModule(scratch.path('other.js'), { document })).rejects.toMatchObject({
    code: 'infer_failed',
    facts: { tool: 'f' },
  });
});

test('a tool is frozen, and its schema is the inferred one', async () => {
  const [tool] = await toolsOf('/** D. */\nexport const f = (a: string) => a;');
  expect(Object.isFrozen(tool)).toBe(true);
  expect(tool!.inputSchema).toEqual({
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  });
  expect(await tool!.execute({ a: 'x' }, call)).toBe('x');
});
