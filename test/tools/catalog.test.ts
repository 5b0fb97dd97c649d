import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { resolveLimits } from '../../src/limits.ts';
import { createDraft } from '../../src/tools/catalog.ts';
import type { Tool } from '../../src/tools/contract.ts';
import { bundle, namespace } from '../../src/tools/namespace.ts';
import { tool } from '../../src/tools/tool.ts';
import { codeOf } from './code-of.ts';

const named = (name: string, description = 'd') => tool({ name, description, execute: () => name });
const crm = namespace('crm', { description: 'Customers.', tools: [named('get'), named('put')] });

test('lists what was added, in that order', () => {
  const draft = createDraft();
  draft.add(named('zed'));
  draft.add(crm);
  draft.add(named('Alpha'));
  const names = ['zed', 'crm', 'Alpha'];
  expect(draft.list().map(({ name }) => name)).toEqual(names);
  const catalog = draft.freeze();
  expect(catalog.list().map(({ name }) => name)).toEqual(names);
  expect(catalog.names()).toEqual(['Alpha', 'crm/get', 'crm/put', 'zed']);
  expect(catalog.size).toBe(4);
  expect(Object.isFrozen(catalog) && Object.isFrozen(catalog.list())).toBe(true);
});

test('finds a tool by the rule of Codex', () => {
  const draft = createDraft();
  const get = named('get');
  draft.add(get);
  draft.add(crm);
  const catalog = draft.freeze();
  for (const none of [null, '', 'functions']) expect(catalog.find(none, 'get')).toBe(get);
  expect(catalog.find('crm', 'get')).toBe(crm.tools[0]);
  const misses: [string | null, string][] = [
    ['crm', 'Get'],
    ['CRM', 'get'],
    [null, 'put'],
    [null, 'crm/get'],
    [null, 'crm__get'],
    ['', 'crm/get'],
    ['crm/', 'get'],
    ['/', 'get'],
    ['crm', ''],
    [null, '__proto__'],
    ['__proto__', 'get'],
  ];
  for (const [scope, name] of misses) expect(catalog.find(scope, name)).toBeUndefined();
});

test('no name that was not registered finds anything', () => {
  const draft = createDraft();
  draft.add(crm);
  const catalog = draft.freeze();
  const piece = fc.constantFrom('crm', 'get', '/', 'functions', '', '.');
  const word = fc.array(piece, { maxLength: 3 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.option(word), word, (scope, name) => {
      const isMember = scope === 'crm' && name === 'get';
      expect(catalog.find(scope, name)).toBe(isMember ? crm.tools[0] : undefined);
    }),
  );
});

test('tells a host what it needs, as frozen data', () => {
  const draft = createDraft();
  const later = tool({ name: 'later', description: 'l', deferLoading: true, execute: () => 1 });
  draft.add(named('now'));
  draft.add(namespace('n', { description: 'N', tools: [later] }));
  const tools = draft.freeze().hostTools();
  const inputSchema = { type: 'object', properties: {}, additionalProperties: false };
  expect(tools).toEqual([
    { type: 'function', name: 'now', description: 'd', inputSchema },
    {
      type: 'namespace',
      name: 'n',
      description: 'N',
      tools: [
        { type: 'function', name: 'later', description: 'l', inputSchema, deferLoading: true },
      ],
    },
  ]);
  expect(structuredClone(tools)).toEqual(tools);
  expect(Object.isFrozen(tools) && tools.every((each) => Object.isFrozen(each))).toBe(true);
});

test('a name is taken once in its scope; a tool and a namespace may share one', () => {
  const draft = createDraft();
  draft.add(named('crm'));
  draft.add(crm);
  draft.add(named('get'));
  expect(codeOf(() => draft.add(named('get')))).toBe('tool_duplicate');
  expect(codeOf(() => draft.add(crm))).toBe('tool_duplicate');
});

test('replacing takes its own word, and keeps the place', () => {
  const draft = createDraft();
  draft.add(named('a'));
  draft.add(named('b'));
  draft.replace(named('a', 'better'));
  draft.replace(named('c'));
  expect(draft.list().map(({ name, description }) => [name, description])).toEqual([
    ['a', 'better'],
    ['b', 'd'],
    ['c', 'd'],
  ]);
});

test('a bundle is added whole or not at all', () => {
  const draft = createDraft();
  draft.add(named('b'));
  expect(codeOf(() => draft.add(bundle(named('a'), crm, named('b'))))).toBe('tool_duplicate');
  expect(draft.list()).toHaveLength(1);
  draft.add(bundle(named('a'), crm));
  expect(draft.list().map(({ name }) => name)).toEqual(['b', 'a', 'crm']);
});

test('removing and clearing say what they did', () => {
  const draft = createDraft();
  draft.add(bundle(named('a'), named('crm'), crm));
  expect([draft.remove('none'), draft.remove('a'), draft.remove('a')]).toEqual([
    false,
    true,
    false,
  ]);
  expect([draft.clear(), draft.clear()]).toEqual([3, 0]);
  draft.add(bundle(named('crm'), crm));
  expect(draft.remove('crm')).toBe(true);
  expect(draft.list()).toEqual([]);
});

test('after the freeze nothing changes, and the draft says so', () => {
  const draft = createDraft();
  draft.add(named('a'));
  const before = draft.list();
  const catalog = draft.freeze();
  expect(draft.freeze()).toBe(catalog);
  for (const change of [
    () => draft.add(named('b')),
    () => draft.replace(named('a')),
    () => draft.remove('a'),
    () => draft.clear(),
  ]) {
    expect(codeOf(change)).toBe('catalog_frozen');
  }
  expect(catalog.list()).toEqual(before);
});

test('the number of tools is bounded, members of namespaces included', () => {
  const draft = createDraft(resolveLimits({ toolsMax: 3 }));
  draft.add(crm);
  expect(codeOf(() => draft.add(bundle(named('a'), named('b'))))).toBe('tools_full');
  draft.add(named('a'));
  expect(codeOf(() => draft.add(named('b')))).toBe('tools_full');
  expect(draft.list()).toHaveLength(2);
});

test('what Codex would refuse or shadow is refused here', () => {
  const draft = createDraft();
  const deferred = tool({ name: 'x', description: 'd', deferLoading: true, execute: () => 1 });
  expect(codeOf(() => draft.add(deferred))).toBe('tool_invalid');
  expect(codeOf(() => draft.add(named('exec_command')))).toBe('tool_name_reserved');
  draft.add(namespace('n', { tools: [deferred, named('exec_command')] }));
  expect(draft.freeze().notices).toEqual([]);
});

test('a name that some models shadow is noticed', () => {
  const draft = createDraft();
  draft.add(named('apply_patch'));
  expect(draft.freeze().notices).toEqual([
    'some models have a built-in tool apply_patch, which runs in place of this one',
  ]);
});

test('what is no tool is refused', () => {
  const draft = createDraft();
  for (const part of [null, 5, 'tool', {}, { kind: 'namespace', name: 'n' }]) {
    // @ts-expect-error -- authors write JavaScript too
    expect(codeOf(() => draft.add(part))).toMatch(/^tool_/);
  }
});

test('a tool made by hand cannot be changed through what the catalog holds', () => {
  const mine = { ...named('mine') } satisfies Tool;
  const draft = createDraft();
  draft.add(mine);
  Object.assign(mine, { name: 'exec_command' });
  expect(draft.freeze().names()).toEqual(['mine']);
});
