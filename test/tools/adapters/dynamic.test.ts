/** Section 2, where the vectors do not reach: which fault is reported first, and in which words. */
import { expect, test } from 'vitest';
import { acceptDynamicTools } from '../../../src/tools/adapters/dynamic-validation.ts';
import { decodeDynamicTools, dynamicToolsJson } from '../../../src/tools/adapters/dynamic.ts';
import { readJson, writeJson } from '../../../src/tools/adapters/json-text.ts';
import type { JsonValue } from '../../../src/tools/adapters/json-value.ts';

function json(text: string): JsonValue {
  const read = readJson(text);
  if (!read.ok) throw new Error(read.problem);
  return read.value;
}

function answer(text: string, experimentalApi = true): string {
  const accepted = acceptDynamicTools(json(text), { experimentalApi });
  return accepted.ok ? 'accepted' : `${accepted.stage}: ${accepted.message}`;
}

const rest = '"description":"d","inputSchema":{}';
const fn = (name: string, more = '') => `{"type":"function","name":"${name}",${rest}${more}}`;
const ns = (name: string, tools: string, description = 'd') =>
  `{"type":"namespace","name":"${name}","description":"${description}","tools":[${tools}]}`;

test('2.3: the whole list is decoded before the gate, and the gate comes before validation', () => {
  expect(answer(`[${fn('')},5]`, false)).toMatch(
    /^decode: Invalid request: dynamic tools must use/,
  );
  expect(answer(`[${fn('')}]`, false)).toMatch(/^gate: /);
  expect(answer(`[${fn('')}]`)).toBe('validate: dynamic tool name must not be empty');
});

test.each([
  ['5', 'invalid type: integer `5`, expected a sequence'],
  ['[5]', 'invalid type: number, expected struct LegacyDynamicToolSpec'],
  ['[{"type":5}]', 'invalid type: number, expected variant identifier'],
  ['[{"type":"function","name":1.5}]', 'invalid type: floating point `1.5`, expected a string'],
  ['[{"type":"function","name":1.50}]', 'invalid type: map, expected a string'],
  [
    '[{"type":"function","name":0.000001}]',
    'invalid type: floating point `1e-6`, expected a string',
  ],
  [
    '[{"type":"function","description":5,"name":6}]',
    'invalid type: integer `5`, expected a string',
  ],
  [
    '[{"type":"namespace","name":"n","description":"d","tools":5}]',
    'invalid type: integer `5`, expected a sequence',
  ],
  [`[${ns('n', '{"type":1}')}]`, 'invalid value: integer `1`, expected variant index 0 <= i < 1'],
  [`[${ns('n', '{"type":-1}')}]`, 'invalid type: integer `-1`, expected variant identifier'],
  ['[{"name":5}]', 'invalid type: number, expected a string'],
  [`[{"name":"a",${rest},"namespace":{}}]`, 'invalid type: map, expected a string'],
  ['[[null,"a"]]', 'invalid length 2, expected struct LegacyDynamicToolSpec with 6 elements'],
  ['[[null,"a","d",{},null,null,1]]', 'invalid length 7, expected fewer elements in array'],
  [
    '[{"type":"function","name":5,"x":18446744073709551616}]',
    'invalid type: integer `18446744073709551616` as u128, expected any value',
  ],
])('2.6, 2.7: %s is not decoded', (text, problem) => {
  expect(answer(text)).toBe(`decode: Invalid request: ${problem}`);
});

test('2.5: a member of whatever looks like the older form mixes the forms, also in a function', () => {
  const mixed =
    'decode: Invalid request: dynamic tools must use either canonical or legacy format consistently';
  expect(answer(`[${fn('a', ',"tools":[5]')}]`)).toBe(mixed);
  expect(answer(`[${fn('a')},{"name":"b",${rest}}]`)).toBe(mixed);
  expect(answer(`[{"name":"b",${rest},"tools":[{"type":"function"}]}]`)).toBe('accepted');
});

test('2.7: a flat entry may be a list of its members', () => {
  const decoded = decodeDynamicTools(json('[["n","a","d",{},null,false]]'));
  expect(decoded.ok && decoded.value && writeJson(dynamicToolsJson(decoded.value))).toBe(
    '[{"type":"namespace","name":"n","description":"","tools":[{"type":"function","name":"a",' +
      '"description":"d","inputSchema":{},"deferLoading":true}]}]',
  );
});

test('2.20: a namespace is checked before its members, its spelling before its words', () => {
  expect(answer(`[${ns('n'.repeat(65), fn(''))}]`)).toBe(
    `validate: dynamic tool namespace must be at most 64 characters to match Responses API: ${'n'.repeat(65)}`,
  );
  expect(answer(`[${ns('mcp', fn(''), 'x'.repeat(1_025))}]`)).toBe(
    'validate: dynamic tool namespace description must be at most 1024 characters',
  );
  expect(answer(`[${ns('mcp__a', fn(''))}]`)).toBe(
    'validate: dynamic tool namespace is reserved: mcp__a',
  );
});

test('2.24: a repeated namespace is reported before its emptiness', () => {
  expect(answer(`[${ns('n', fn('a'))},${ns('n', '')}]`)).toBe(
    'validate: duplicate dynamic tool namespace: n',
  );
  expect(answer(`[${ns('n', '')}]`)).toBe(
    'validate: dynamic tool namespace must contain at least one tool: n',
  );
});

test('2.17: a name may come again in another scope only', () => {
  expect(answer(`[${fn('a')},${ns('a', fn('a'))},${ns('b', fn('a'))}]`)).toBe('accepted');
  expect(answer(`[${ns('b', `${fn('a')},${fn('a')}`)}]`)).toBe(
    'validate: duplicate dynamic tool name in namespace b: a',
  );
});

test('a name that JavaScript objects know is an ordinary name', () => {
  expect(
    answer(`[${fn('__proto__')},${fn('constructor')},${ns('__proto__', fn('toString'))}]`),
  ).toBe('accepted');
});
