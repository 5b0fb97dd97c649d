/** The estimate against counts that the tokenizer o200k_base gave for the same texts. */
import { expect, test } from 'vitest';
import { estimateTokens } from '../../src/cli/token-estimate.ts';

const spec =
  '{"type":"function","name":"lookup_ticket","description":"Look up a ticket by id.","strict":false,' +
  '"parameters":{"type":"object","properties":{"id":{"type":"string","description":"Ticket id"},' +
  '"mode":{"type":"number","enum":[3]},"tags":{"type":"array","items":{"type":"string"},"minItems":1}},' +
  '"required":["id","mode"]}}';

const declaration =
  'exec tool declaration:\n```ts\ndeclare const tools: { search_issues(args: {\n' +
  '  // What to look for.\n  query: string;\n  limit?: number;\n}): Promise<unknown>; };\n```';

const prose =
  'Finds tickets by what they say. Use it before you create one, so that nobody files the same fault ' +
  'twice; what is closed for more than 90 days is left out unless includeArchived is set.';

const isWithin = (text: string, tokens: number, part: number) =>
  Math.abs(estimateTokens(text) - tokens) <= tokens * part;

test.each([
  ['a tool as JSON', spec, 80],
  ['a declaration', declaration, 43],
  ['English', prose, 42],
])('%s: within 15%%', (_, text, tokens) => {
  expect(isWithin(text, tokens, 0.15)).toBe(true);
});

test.each([
  ['German', 'Sucht ein Ticket anhand seiner Nummer und liefert Zustand und Dringlichkeit.', 15],
  ['Russian', 'Ищет билет по номеру и возвращает его статус, приоритет и ответственного.', 19],
  ['Japanese', 'チケットを番号で検索し、状態、優先度、担当者を返します。', 20],
])('%s: within 25%%', (_, text, tokens) => {
  expect(isWithin(text, tokens, 0.25)).toBe(true);
});

test('nothing takes nothing, and a text is never cheaper than its beginning', () => {
  expect(estimateTokens('')).toBe(0);
  for (let end = 1; end <= prose.length; end += 7) {
    expect(estimateTokens(prose.slice(0, end))).toBeLessThanOrEqual(estimateTokens(prose));
  }
});
