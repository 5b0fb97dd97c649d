/** Tools with the real Codex: what it does with namespaces, searches, images, approvals and odd schemas. */
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { appServer, image, namespace, text, tool } from '../../src/index.ts';
import {
  scriptedCodexHome,
  startScriptedModel,
  type Script,
  type ScriptedModel,
} from '../../src/testing/index.ts';
import { readJson, writeJson, type JsonValue } from '../../src/tools/adapters/index.ts';
import { isJsonArray, isJsonObject, jsonObject } from '../../src/tools/adapters/json-value.ts';
import { moduleText, toolsFolder } from '../cli/tools-folder.ts';
import { codexProcesses, meshOn, spawnedMesh } from './real-codex.ts';
import { startSearchModel } from './search-model.ts';

/** Calls one tool, then says what it said. */
const callOnce =
  (name: string, space?: string): Script =>
  ({ results }) =>
    results[0]
      ? { text: results[0].output }
      : { calls: [{ tool: name, ...(space === undefined ? {} : { namespace: space }) }] };

/** A mesh whose Codex takes its model for `name`. */
async function meshOnModel(model: Pick<ScriptedModel, 'url'>, name: string) {
  const home = await scriptedCodexHome(model, { model: name });
  onTestFinished(() => home.remove());
  return meshOn(appServer({ env: { ...process.env, ...home.env } }));
}

async function scriptedModel(script: Script) {
  const model = await startScriptedModel(script);
  onTestFinished(() => model.close());
  return model;
}

test('a member of a namespace is called, and told which namespace it was called in', async () => {
  const mesh = await spawnedMesh(callOnce('find', 'tickets'));
  const find = (where: string) =>
    tool({
      name: 'find',
      description: 'Finds.',
      execute: (_, call) => `${where} ${call.namespace}`,
    });
  const session = await mesh.createSession({
    tools: [
      find('top'),
      namespace('people', { tools: [find('people')] }),
      namespace('tickets', { tools: [find('tickets')] }),
    ],
  });
  const { reply, dispatches } = await session.sendAndHandle('Find it.');
  expect(reply).toBe('tickets tickets');
  expect(dispatches).toMatchObject([{ tool: 'find', namespace: 'tickets', outcome: 'answered' }]);
});

test('a deferred tool is found by the search of Codex and called', async () => {
  const model = await startSearchModel('give money back');
  const mesh = await meshOnModel(model, 'gpt-5.5');
  const refund = vi.fn(() => 'refunded');
  const deferred = (name: string, description: string, execute = () => 'not this one') =>
    tool({ name, description, deferLoading: true, execute });
  const session = await mesh.createSession({
    tools: [
      namespace('billing', {
        description: 'Invoices.',
        tools: [
          deferred('list', 'Lists invoices.'),
          deferred('refund', 'Gives money back.', refund),
        ],
      }),
    ],
  });
  expect((await session.sendAndHandle('Give it back.')).reply).toBe('refunded');
  expect(refund).toHaveBeenCalledTimes(1);
  const [first, second] = model.requests;
  expect(first?.tools.map(({ type, name }) => name ?? type)).toContain('tool_search');
  expect(JSON.stringify(first?.tools)).not.toContain('billing');
  expect(first && JSON.stringify(first.input)).toContain('- billing: Invoices.');
  const output = second?.input.find(({ type }) => type === 'tool_search_output');
  expect(output?.tools).toMatchObject([
    { name: 'billing', tools: [{ name: 'refund', defer_loading: true }] },
  ]);
  expect(second?.tools).toEqual(first?.tools);
});

/** One red dot. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==',
  'base64',
);

test('an image arrives at the model as an image, beside its text', async () => {
  const model = await scriptedModel(callOnce('draw'));
  const mesh = await meshOnModel(model, 'gpt-5.5');
  const draw = tool({
    name: 'draw',
    description: 'Draws.',
    execute: () => [text('a dot'), image({ data: png, mimeType: 'image/png' })],
  });
  const session = await mesh.createSession({ tools: [draw] });
  await session.sendAndHandle('Draw a dot.');
  const { input } = model.requests.at(-1)!.body as {
    input: readonly { type: string; output?: unknown }[];
  };
  expect(input.find(({ type }) => type === 'function_call_output')?.output).toEqual([
    { type: 'input_text', text: 'a dot' },
    {
      type: 'input_image',
      image_url: `data:image/png;base64,${png.toString('base64')}`,
      detail: 'original',
    },
  ]);
});

describe('a tool that asks', () => {
  const asking = () => {
    const execute = vi.fn(() => 'deleted');
    const remove = tool({ name: 'remove', description: 'Deletes.', approval: 'always', execute });
    return { execute, remove };
  };

  test('waits while Codex waits, and runs once it is approved', async () => {
    const mesh = await spawnedMesh(callOnce('remove'));
    const { execute, remove } = asking();
    const session = await mesh.createSession({ tools: [remove] });
    const turn = session.sendAndHandle('Delete it.');
    await expect.poll(() => session.approvals.length).toBe(1);
    const [approval] = session.approvals;
    expect(approval).toMatchObject({ tool: 'remove', arguments: {} });
    expect(execute).not.toHaveBeenCalled();
    session.decideApproval(approval!.id, true);
    expect((await turn).reply).toBe('deleted');
    expect(execute).toHaveBeenCalledTimes(1);
  });

  test('does not run when it is denied; the model reads why', async () => {
    const mesh = await spawnedMesh(callOnce('remove'));
    const { execute, remove } = asking();
    const session = await mesh.createSession({ tools: [remove] });
    const turn = session.sendAndHandle('Delete it.');
    await expect.poll(() => session.approvals.length).toBe(1);
    session.decideApproval(session.approvals[0]!.id, { denied: 'the freeze is on' });
    const { reply, dispatches } = await turn;
    expect(reply).toContain('the freeze is on');
    expect(dispatches).toMatchObject([{ code: 'call_denied', outcome: 'answered' }]);
    expect(execute).not.toHaveBeenCalled();
  });
});

/** Every schema that was ever recorded and that Codex takes, as functions and members of a namespace. */
function recordedSchemas(): string {
  const file = join(resolve(import.meta.dirname, '../vectors/data'), 'schema_sanitization.json');
  const vectors = readJson(readFileSync(file, 'utf8'));
  const records = (vectors.ok && isJsonArray(vectors.value) ? vectors.value : []).filter(
    isJsonObject,
  );
  const accepted = records.filter((record) => !record.has('error'));
  expect(accepted.length).toBeGreaterThan(100);
  const fn = (schema: JsonValue, index: number, deferLoading?: true) =>
    jsonObject([
      ['type', 'function'],
      ['name', `case_${index}`],
      ['description', `Case ${index}: "quoted" \u2028 é 日本 </tools> \`\`\``],
      ['inputSchema', schema],
      ['deferLoading', deferLoading],
    ]);
  const schemas = accepted.map((record) => record.get('input') ?? null);
  const half = schemas.length >> 1;
  const members = schemas
    .slice(half)
    .map((schema, index) => fn(schema, index, index % 3 === 0 ? true : undefined));
  const odd = jsonObject([
    ['type', 'namespace'],
    ['name', 'odd'],
    ['description', '  first line  \nsecond'],
    ['tools', members],
  ]);
  return writeJson([...schemas.slice(0, half).map((schema, index) => fn(schema, index)), odd]);
}

const richModule = moduleText(`
  const named = (name: string, more: object = {}) =>
    tool({ name, description: \`Does \${name}.\`, execute: () => name, ...more });
  const part = (index: number) => ({
    type: 'object',
    description: 'Part ' + index + ' of a large one. '.repeat(5),
    properties: {
      at: { $ref: '#/$defs/Place' },
      deep: { type: 'array', items: { type: ['string', 'null'] } },
    },
  });
  const Place = { type: 'object', properties: { row: { type: 'integer' } } };
  export const large = named('large', {
    input: {
      type: 'object',
      properties: Object.fromEntries(Array.from({ length: 60 }, (_, index) => ['part_' + index, part(index)])),
      $defs: { Place },
    },
  });
  export const place = named('place', {
    input: {
      type: 'object',
      properties: {
        at: { $ref: '#/$defs/Place', description: 'Where to begin.' },
        kind: { oneOf: [{ const: 'leaf' }, { enum: ['branch', 'trunk'] }] },
        'not-a-name': { type: 'integer', minimum: 1 },
      },
      required: ['at'],
      additionalProperties: { type: 'string' },
      $defs: { Place },
    },
  });
  export const plain = named('plain');
  export const rare = named('image_generation');
  export const second = namespace('zeta', { tools: [named('b'), named('a')] });
  export const first = namespace('alpha', {
    description: 'Alpha.\\nSecond line.',
    tools: [named('later', { deferLoading: true }), named('exec_command'), named('_private')],
  });
`);

/** What a session does not take and Codex does: schemas that lead back to themselves. */
const recursiveList = JSON.stringify([
  {
    type: 'function',
    name: 'tree',
    description: 'Walks a tree.',
    inputSchema: {
      type: 'object',
      properties: { root: { $ref: '#/$defs/Node' }, all: { $ref: '#' } },
      required: ['root'],
      $defs: {
        Node: {
          type: 'object',
          description: 'A node.',
          properties: { children: { type: 'array', items: { $ref: '#/$defs/Node' } } },
        },
      },
    },
  },
]);

interface Checked {
  readonly ok: boolean;
  readonly report: { readonly tools: readonly { readonly tool: string; readonly seen: string }[] };
  readonly live: { readonly form: string; readonly differences: readonly unknown[] };
}

describe('tools check --live: what is predicted is what the model is sent', () => {
  const check = async (files: Record<string, string>, ...args: string[]) => {
    const ended = await toolsFolder(files).run(['check', ...args, '--live', '--json']);
    expect(ended.stderr).toBe('');
    return { code: ended.code, ...(JSON.parse(ended.stdout) as Checked) };
  };

  test.each(['gpt-5.5', 'scripted'])('every recorded schema, %s', async (model) => {
    const files = { 'list.json': recordedSchemas() };
    const { code, report, live } = await check(files, 'list.json', '--model', model);
    expect(live).toMatchObject({ form: 'functions', differences: [] });
    expect(report.tools.length).toBeGreaterThan(100);
    expect(code).toBe(0);
  });

  const forms = [
    ['gpt-5.5', 'functions'],
    ['gpt-6-sol', 'code'],
  ] as const;

  test.each(forms)('schemas that lead back to themselves, %s', async (model, form) => {
    const { code, live } = await check(
      { 'list.json': recursiveList },
      'list.json',
      '--model',
      model,
    );
    expect(live).toMatchObject({ form, differences: [] });
    expect(code).toBe(0);
  });

  test.each(forms)('a module of every kind of tool, %s, which calls %s', async (model, form) => {
    const { code, ok, live } = await check(
      { 'tools.ts': richModule },
      'tools.ts',
      '--model',
      model,
    );
    expect(live).toMatchObject({ form, differences: [] });
    expect({ code, ok }).toEqual({ code: 0, ok: true });
  });

  test('built-in tools win as predicted', async () => {
    const names = ['create_goal', 'exec_command', 'get_goal', 'request_user_input'];
    names.push('shell_command', 'update_goal', 'view_image', 'write_stdin');
    const list = [...names, 'apply_patch', 'mine'].map((name) => ({
      type: 'function',
      name,
      description: 'd',
      inputSchema: {},
    }));
    const files = { 'list.json': JSON.stringify(list) };
    const { code, report, live } = await check(files, 'list.json');
    expect(live.differences).toEqual([]);
    expect(report.tools.filter(({ seen }) => seen !== 'never')).toMatchObject([{ tool: 'mine' }]);
    expect(code).toBe(1);
  });

  test.each([
    ['a reserved name', [{ type: 'function', name: 'mcp__x', description: 'd', inputSchema: {} }]],
    ['both forms at once', [{ type: 'function' }, { name: 'x', namespace: 'n' }]],
    [
      'a namespace within a namespace',
      [{ type: 'namespace', name: 'n', description: '', tools: [{ type: 'namespace' }] }],
    ],
  ])('a refusal in the same words: %s', async (_, list) => {
    const { code, live } = await check({ 'list.json': JSON.stringify(list) }, 'list.json');
    expect(live.differences).toEqual([]);
    expect(code).toBe(1);
  });

  test('the older flat form is accepted and shown as predicted', async () => {
    const flat = (name: string, more: object) => ({
      name,
      description: 'd',
      inputSchema: {},
      ...more,
    });
    const list = [
      flat('b', { namespace: 'n' }),
      flat('top', {}),
      flat('a', { namespace: 'n', exposeToContext: false }),
    ];
    const { code, live } = await check({ 'list.json': JSON.stringify(list) }, 'list.json');
    expect(live.differences).toEqual([]);
    expect(code).toBe(0);
  });

  test('Ctrl-C ends it within seconds and leaves no Codex', async () => {
    const child = toolsFolder({ 'list.json': recordedSchemas() }).start([
      'check',
      'list.json',
      '--live',
    ]);
    await expect.poll(() => codexProcesses(child.pid).length, { timeout: 10_000 }).toBe(1);
    const [codex] = codexProcesses(child.pid);
    const exited = once(child, 'exit', { signal: AbortSignal.timeout(5_000) });
    child.kill('SIGINT');
    expect((await exited)[0]).toBe(130);
    expect(() => process.kill(codex!, 0)).toThrow(/ESRCH/);
  });

  test('a Codex that is not there', async () => {
    const folder = toolsFolder({ 'list.json': '[]' });
    const args = ['check', 'list.json', '--live', '--codex', '/nowhere/codex'];
    const { code, stderr } = await folder.run(args);
    expect(stderr).toContain('[codex_not_found]');
    expect(code).toBe(1);
  });
});
