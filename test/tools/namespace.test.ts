import { expect, test } from 'vitest';
import { bundle, namespace } from '../../src/tools/namespace.ts';
import { tool } from '../../src/tools/tool.ts';

const named = (name: string) => tool({ name, description: 'd', execute: () => name });

test('a namespace is frozen, and keeps its members in order', () => {
  const crm = namespace('crm', { description: 'Customers.', tools: [named('b'), named('a')] });
  expect(crm.tools.map(({ name }) => name)).toEqual(['b', 'a']);
  expect(Object.isFrozen(crm) && Object.isFrozen(crm.tools)).toBe(true);
  expect(crm.description).toBe('Customers.');
});

const described = (description?: string) =>
  namespace('crm', { tools: [named('a')], ...(description === undefined ? {} : { description }) })
    .description;

test('a blank description says the name, and a long one is counted in code points', () => {
  expect(described()).toBe('Tools in the crm namespace.');
  expect(described(' \n')).toBe('Tools in the crm namespace.');
  expect(described('😀'.repeat(1_024))).toHaveLength(2_048);
  expect(() => described('x'.repeat(1_025))).toThrow('at most 1024 characters');
});

test('an empty namespace, a repeated member and a bad name are refused', () => {
  expect(() => namespace('crm', { tools: [] })).toThrow('at least one tool');
  expect(() => namespace('crm', { tools: [named('a'), named('a')] })).toThrow('crm/a');
  expect(() => namespace('web', { tools: [named('a')] })).toThrow('belongs to Codex');
});

test('members may have names that are dead outside, and may be deferred', () => {
  const member = tool({
    name: 'exec_command',
    description: 'd',
    deferLoading: true,
    execute: () => 1,
  });
  expect(namespace('crm', { tools: [member] }).tools[0]).toBe(member);
});

test('a bundle is its parts, frozen', () => {
  const parts = [named('a'), namespace('crm', { tools: [named('a')] })];
  const made = bundle(...parts);
  expect(made.parts).toEqual(parts);
  expect(Object.isFrozen(made.parts)).toBe(true);
});
