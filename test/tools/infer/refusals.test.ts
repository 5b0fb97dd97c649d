/** What JSON cannot express is an error that names the parameter, the type, the file and the line. */
import { describe, expect, test } from 'vitest';
import { inferTools, issueText } from '../../../src/tools/infer/index.ts';
import { createScratch } from './scratch.ts';

/** The line of `source` that carries the mark, from 1. */
const markedLine = (source: string) =>
  source.split('\n').findIndex((line) => line.includes('// here')) + 1;

async function infer(source: string) {
  await using scratch = await createScratch({ 'tools.ts': source });
  const file = scratch.path('tools.ts');
  const { tools, warnings, errors } = await inferTools(file);
  return { file, tools, warnings, errors };
}

interface Refusal {
  readonly title: string;
  readonly source: string;
  readonly parameter: string | null;
  readonly type: string | null;
  readonly message: RegExp;
}

const refusals: readonly Refusal[] = [
  {
    title: 'a function',
    source: `/** D. */\nexport function on(name: string,\n  listener: (text: string) => void, // here\n) {}`,
    parameter: 'listener',
    type: '(text: string) => void',
    message: /JSON has no functions/,
  },
  {
    title: 'a function within an object within a list',
    source: `interface Step {\n  name: string;\n  run(): void;\n}\ninterface Plan {\n  steps: Step[]; // here\n}\n/** D. */\nexport function start(plan: Plan) {}`,
    parameter: 'plan.steps[]',
    type: 'Step',
    message: /it has methods or accessors \(run\)/,
  },
  {
    title: 'a property that is a function',
    source: `/** D. */\nexport function go(options: {\n  dry: boolean;\n  onDone?: () => void; // here\n}) {}`,
    parameter: 'options.onDone',
    type: '() => void',
    message: /JSON has no functions/,
  },
  {
    title: 'a symbol',
    source: `/** D. */\nexport function mark(key: symbol) {} // here`,
    parameter: 'key',
    type: 'symbol',
    message: /JSON has no symbols/,
  },
  {
    title: 'a Map',
    source: `/** D. */\nexport function fill(\n  at: number,\n  counts: Map<string, number>, // here\n) {}`,
    parameter: 'counts',
    type: 'Map<string, number>',
    message: /JSON has no form for it/,
  },
  {
    title: 'a Set in an optional property',
    source: `/** D. */\nexport const f = (options: {\n  names?: Set<string>; // here\n}) => options;`,
    parameter: 'options.names',
    type: 'Set<string>',
    message: /JSON has no form for it/,
  },
  {
    title: 'a promise',
    source: `/** D. */\nexport function later(value: Promise<string>) {} // here`,
    parameter: 'value',
    type: 'Promise<string>',
    message: /JSON has no form for it/,
  },
  {
    title: 'a regular expression in a union',
    source: `/** D. */\nexport function grep(pattern: string | RegExp) {} // here`,
    parameter: 'pattern',
    type: 'RegExp',
    message: /JSON has no form for it/,
  },
  {
    title: 'undefined alone',
    source: `/** D. */\nexport function none(value: undefined) {} // here`,
    parameter: 'value',
    type: 'undefined',
    message: /JSON has no `undefined`/,
  },
  {
    title: 'never',
    source: `/** D. */\nexport function no(name: string, value: never) {} // here`,
    parameter: 'value',
    type: 'never',
    message: /no value has this type/,
  },
  {
    title: 'a parameter without a type',
    source: `/** D. */\nexport function open(\n  path, // here\n) {}`,
    parameter: 'path',
    type: 'any',
    message: /no declared type/,
  },
  {
    title: 'a type that cannot be resolved, and only that one',
    source: `import type { Missing } from './missing.ts';\n/** D. */\nexport function take(ids: string[],\n  what: Missing[], // here\n) {}`,
    parameter: 'what[]',
    type: 'Missing',
    message: /cannot be resolved/,
  },
  {
    title: 'a type parameter without a constraint',
    source: `/** D. */\nexport function same<Value>(value: Value) {} // here`,
    parameter: 'value',
    type: 'Value',
    message: /type parameter without a constraint/,
  },
  {
    title: 'a text transformed by the compiler',
    source: `/** D. */\nexport function shout(word: Uppercase<string>) {} // here`,
    parameter: 'word',
    type: 'Uppercase<string>',
    message: /in a way no schema can say/,
  },
  {
    title: 'a class with methods',
    source: `class Box {\n  size = 1;\n  grow() { this.size += 1; }\n}\n/** D. */\nexport function pack(box: Box) {} // here`,
    parameter: 'box',
    type: 'Box',
    message: /it has methods or accessors \(grow\)/,
  },
  {
    title: 'a class itself',
    source: `/** D. */\nexport function make(type: new () => object) {} // here`,
    parameter: 'type',
    type: 'new () => object',
    message: /JSON has no classes/,
  },
  {
    title: 'a type that unfolds without end',
    source: `interface Nest<T> { value: T; inner: Nest<T[]> }\n/** D. */\nexport function nest(root: Nest<string>) {}`,
    parameter: null,
    type: null,
    message: /nested too deeply, or without end/,
  },
  {
    title: 'an error object, which is more than its properties',
    source: `/** D. */\nexport function blame(error: Error) {} // here`,
    parameter: 'error',
    type: 'Error',
    message: /JSON has no form for it/,
  },
  {
    title: 'keys of a form',
    source: `/** D. */\nexport function head(at: number,\n  headers: { [name: \`x-\${string}\`]: string }, // here\n) {}`,
    parameter: 'headers',
    type: '{ [name: `x-${string}`]: string; }',
    message: /keys have a form/,
  },
  {
    title: 'numbered keys next to named ones',
    source: `/** D. */\nexport function seat(at: number,\n  row: { name: string; [seat: number]: string }, // here\n) {}`,
    parameter: 'row',
    type: '{ [seat: number]: string; name: string; }',
    message: /both named and numbered/,
  },
  {
    title: 'symbols as keys',
    source: `declare const brand: unique symbol;\n/** D. */\nexport function use(at: number,\n  box: { size: number; [brand]: true }, // here\n) {}`,
    parameter: 'box',
    type: '{ size: number; [brand]: true; }',
    message: /symbols as keys/,
  },
  {
    title: 'a tuple that repeats in its middle',
    source: `/** D. */\nexport function cut(parts: [...string[], number]) {} // here`,
    parameter: 'parts',
    type: '[...string[], number]',
    message: /only the last element/,
  },
  {
    title: 'the call before other parameters',
    source: `import type { ToolCall } from 'sessionmesh/tools';\n/** D. */\nexport function first(call: ToolCall, path: string) {} // here`,
    parameter: null,
    type: null,
    message: /"call" takes the call, so it must be the last one/,
  },
  {
    title: 'a destructured parameter among others',
    source: `/** D. */\nexport function both(id: string,\n  { deep }: { deep: boolean }, // here\n) {}`,
    parameter: null,
    type: null,
    message: /destructured .* give it a name/,
  },
  {
    title: 'a destructured list',
    source: `/** D. */\nexport function pair([a, b]: [string, string]) {} // here`,
    parameter: null,
    type: null,
    message: /destructured/,
  },
  {
    title: 'this',
    source: `/** D. */\nexport function bound(this: { a: string }, b: string) {} // here`,
    parameter: null,
    type: null,
    message: /no `this`/,
  },
  {
    title: 'overloads',
    source: `/** D. */\nexport function over(a: string): void; // here\nexport function over(a: number): void;\nexport function over(a: unknown) {}`,
    parameter: null,
    type: null,
    message: /overloaded/,
  },
  {
    title: 'a name Codex does not take',
    source: `/** D. */\nexport function $find(a: string) {} // here`,
    parameter: null,
    type: null,
    message: /tool name/,
  },
  {
    title: 'a reserved name',
    source: `/** D. */\nexport function mcp__find(a: string) {} // here`,
    parameter: null,
    type: null,
    message: /reserved/,
  },
  {
    title: 'a default export without a name',
    source: `/** D. */\nexport default (a: string) => a; // here`,
    parameter: null,
    type: null,
    message: /needs a name/,
  },
  {
    title: 'a bound that is no number',
    source: `/**\n * D.\n * @param limit - How many.\n * @minimum few // here\n */\nexport function some(limit: number) {}`,
    parameter: 'limit',
    type: null,
    message: /@minimum needs a number/,
  },
  {
    title: 'a bound on the wrong type',
    source: `interface O {\n  /**\n   * @minLength 3\n   */ // here -1\n  count: number;\n}\n/** D. */\nexport function f(o: O) {}`,
    parameter: 'o.count',
    type: null,
    message: /@minLength is for string values only/,
  },
  {
    title: 'a pattern that is none',
    source: `/** D. */\nexport function f(\n  /** @pattern [a- */ name: string, // here\n) {}`,
    parameter: 'name',
    type: null,
    message: /@pattern needs a regular expression/,
  },
  {
    title: 'a pattern that could take for ever',
    source: `/** D. */\nexport function f(\n  /** @pattern ^(?=a)b */ name: string, // here\n) {}`,
    parameter: 'name',
    type: null,
    message: /linear time/,
  },
];

describe('an error that stops the tool', () => {
  test.each(refusals)('$title', async ({ source, parameter, type, message }) => {
    const { file, tools, errors } = await infer(source);
    expect(tools).toEqual([]);
    expect(errors).toHaveLength(1);
    const [error] = errors;
    if (parameter !== null) expect(error).toMatchObject({ parameter, type });
    expect(error!.message).toMatch(message);
    expect(error!.place.file).toBe(file);
    const marked = markedLine(source);
    const line = source.includes('// here -1') ? marked - 1 : marked;
    if (marked > 0) expect(error!.place.line).toBe(line);
  });
});

test('an error names function, parameter, type, file, line and column in one line', async () => {
  const { file, errors } = await infer(
    `/** D. */\nexport function fill(at: number, counts: Map<string, number>) {}`,
  );
  expect(errors.map(issueText)).toEqual([
    `${file}:2:34: fill: parameter "counts" has type Map<string, number>: JSON has no form for it`,
  ]);
});

test('an error in an imported file points into that file', async () => {
  await using scratch = await createScratch({
    'tools.ts': `import type { Filter } from './filter.ts';\n/** D. */\nexport function find(filter: Filter) {}`,
    'filter.ts': `export interface Filter {\n  name: string;\n  when: WeakMap<object, string>;\n}`,
  });
  const { errors } = await inferTools(scratch.path('tools.ts'));
  expect(errors).toMatchObject([
    {
      tool: 'find',
      parameter: 'filter.when',
      type: 'WeakMap<object, string>',
      place: { file: scratch.path('filter.ts'), line: 3, column: 3 },
    },
  ]);
});

test('one bad function does not take the others with it, and all that is bad is told', async () => {
  const { tools, errors } = await infer(
    `/** D. */\nexport function good(a: string) {}\n` +
      `/** D. */\nexport function bad(a: symbol, b: string, c: () => void) {}`,
  );
  expect(tools.map(({ name }) => name)).toEqual(['good']);
  expect(errors.map(({ parameter }) => parameter)).toEqual(['a', 'c']);
});

describe('a warning that lets the tool pass', () => {
  test('no doc comment: told with file and line, described by its name', async () => {
    const { file, tools, warnings } = await infer(`\nexport function find(a: string) {}`);
    expect(tools).toMatchObject([{ name: 'find', description: 'Remote skill find' }]);
    expect(warnings.map(issueText)).toEqual([
      `${file}:2:1: find: it has no doc comment, so a model is told only "Remote skill find"`,
    ]);
  });

  test('the comment of the file is not the comment of its first function', async () => {
    const { tools } = await infer(
      `/**\n * All about files.\n * @packageDocumentation\n */\nexport function find(a: string) {}`,
    );
    expect(tools).toMatchObject([{ description: 'Remote skill find' }]);
  });

  test('a @param of nothing adds no property', async () => {
    const { tools, warnings } = await infer(
      `/**\n * D.\n * @param a - Real.\n * @param b - Not there.\n */\nexport function find(a: string) {}`,
    );
    expect(Object.keys(Object(tools[0]!.inputSchema['properties']))).toEqual(['a']);
    expect(warnings).toMatchObject([
      { message: '@param b documents no parameter, so it is left out', place: { line: 4 } },
    ]);
  });

  test('any is let through, but not in silence', async () => {
    const { tools, warnings } = await infer(`/** D. */\nexport function find(a: any[]) {}`);
    expect(tools[0]!.inputSchema).toMatchObject({
      properties: { a: { type: 'array', items: {} } },
    });
    expect(warnings).toMatchObject([{ parameter: 'a[]', place: { line: 2 } }]);
  });

  test('a default that is prose', async () => {
    const { tools, warnings } = await infer(
      `/** D. */\nexport function find(o: {\n  /** @defaultValue the current branch */\n  a?: string;\n}) {}`,
    );
    expect(tools[0]!.inputSchema).toMatchObject({ properties: { a: { type: 'string' } } });
    expect(tools[0]!.inputSchema).not.toHaveProperty('properties.a.default');
    expect(warnings).toMatchObject([{ place: { line: 3 } }]);
  });

  test('a result JSON has no form for costs the output schema, not the tool', async () => {
    const { tools, errors, warnings } = await infer(
      `/** D. */\nexport function find(): { at: Promise<number>[] } { return { at: [] }; }`,
    );
    expect(errors).toEqual([]);
    expect(tools).toMatchObject([{ name: 'find', outputSchema: null }]);
    expect(warnings).toMatchObject([
      {
        type: 'Promise<number>',
        message:
          '"at[]" of the result has type Promise<number>: JSON has no form for it; there is no output schema',
      },
    ]);
  });
});

test('a module that cannot be read is an error of the option', async () => {
  await using scratch = await createScratch();
  await expect(inferTools(scratch.path('nowhere.ts'))).rejects.toMatchObject({
    code: 'option_invalid',
  });
});

test('a module that does not parse is refused with the places, not read as far as it goes', async () => {
  await using scratch = await createScratch();
  const file = await scratch.write(
    'broken.ts',
    '/** D. */\nexport function find() {}\nlet a = ;\n',
  );
  await expect(inferTools(file)).rejects.toMatchObject({
    code: 'infer_failed',
    facts: { found: `${file}:3:9: Expression expected.` },
  });
});
