import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { resolveLimits } from '../../src/limits.ts';
import { audio, image, text } from '../../src/tools/content.ts';
import type { ToolOutput } from '../../src/tools/contract.ts';
import { failureOutput, toolOutput } from '../../src/tools/output.ts';

const png = 'data:image/png;base64,AAAA';
const said = (words: string) => [{ type: 'inputText', text: words }];
const textOf = ({ contentItems: [item] }: ToolOutput) =>
  item?.type === 'inputText' ? item.text : undefined;

test.each([
  ['plain text', 'plain text'],
  ['', ''],
  [null, 'null'],
  [undefined, 'Done. The tool returned nothing.'],
  [true, 'true'],
  [0, '0'],
  [Number.NaN, 'NaN'],
  [12n, '12'],
  [[], '[]'],
  [{ b: 1, a: [2] }, '{"a":[2],"b":1}'],
  [new Date(0), '1970-01-01T00:00:00.000Z'],
  [new URL('https://example.com/a'), 'https://example.com/a'],
  [new Map([['b', 1]]), '{"b":1}'],
  [new Set([1]), '[1]'],
  ['half \ud83d', 'half \ufffd'],
  [{ contentItems: 'none', success: true }, '{"contentItems":"none","success":true}'],
  [{ contentItems: [] }, '{"contentItems":[]}'],
  [{ success: true }, '{"success":true}'],
  [{ contentItems: [], success: 1 }, '{"contentItems":[],"success":1}'],
])('%o becomes the text %j', (value, words) => {
  expect(toolOutput(value)).toEqual({ success: true, contentItems: said(words) });
});

test('content is shown as it is', () => {
  expect(toolOutput(text('a')).contentItems).toEqual(said('a'));
  expect(toolOutput([text('a'), image(png), 'b']).contentItems).toEqual([
    { type: 'inputText', text: 'a' },
    { type: 'inputImage', imageUrl: png },
    { type: 'inputText', text: 'b' },
  ]);
  expect(toolOutput({ success: false, contentItems: [text('no')], extra: 1 })).toEqual({
    success: false,
    contentItems: said('no'),
  });
  expect(toolOutput({ success: true, contentItems: [] })).toEqual({
    success: true,
    contentItems: [],
  });
  const odd = { ...text('a'), detail: 'high' };
  expect(toolOutput(odd).contentItems).toEqual(said('a'));
});

test('bytes become data URLs, also from the middle of a buffer', () => {
  const data = new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4);
  expect(image({ data, mimeType: 'image/png' })).toEqual({
    type: 'inputImage',
    imageUrl: 'data:image/png;base64,AQID',
  });
  expect(toolOutput(audio({ data, mimeType: 'audio/wav' })).contentItems).toEqual([
    { type: 'inputAudio', audioUrl: 'data:audio/wav;base64,AQID' },
  ]);
});

const circular: unknown[] = [];
circular.push({ circular });
const deep = JSON.parse('['.repeat(200) + ']'.repeat(200)) as unknown;

test.each([
  ['a remote image', image('https://example.com/a.png'), 'item 1 is a remote URL'],
  ['a path', [text('a'), image('/tmp/a.png')], 'item 2 is a remote URL'],
  ['sound as an image', image('data:audio/wav;base64,AA'), 'no data URL of type image/…'],
  ['an image without URL', { type: 'inputImage', image_url: png }, 'has no image URL'],
  ['an unknown item', { success: true, contentItems: [{ type: 'text' }] }, 'item 1 is not text'],
  ['a text item without text', { type: 'inputText' }, 'item 1 has no text'],
  ['a number among content', [text('a'), 5], 'item 2 is not text'],
  ['a cycle', circular, 'a value that contains itself'],
  ['a bottomless value', deep, 'nested deeper than 128 levels'],
  ['a function', () => 1, 'it is a function'],
  [
    'a getter that throws',
    {
      get a() {
        throw new Error('secret');
      },
    },
    'reading it failed',
  ],
])('%s is a failure that says the tool finished', (_, value, reason) => {
  const output = toolOutput(value);
  expect(output.success).toBe(false);
  expect(textOf(output)).toMatch(/^The tool finished, but its result cannot be shown: /);
  expect(textOf(output)).toContain(reason);
  expect(textOf(output)).not.toContain('secret');
});

test('long text is cut between characters and says how much is missing', () => {
  const limits = resolveLimits({ resultTextBytesMax: 10 });
  expect(textOf(toolOutput('0123456789', limits))).toBe('0123456789');
  expect(textOf(toolOutput('0123456789a', limits))).toBe(
    '0123456789\n[cut: 1 of 11 bytes of text were left out]',
  );
  expect(textOf(toolOutput('éééééé', limits))).toBe(
    'ééééé\n[cut: 2 of 12 bytes of text were left out]',
  );
  expect(textOf(toolOutput('a😀😀😀', limits))).toBe(
    'a😀😀\n[cut: 4 of 13 bytes of text were left out]',
  );
});

test('the bound is on all text together; images stay', () => {
  const limits = resolveLimits({ resultTextBytesMax: 5 });
  expect(toolOutput([text('abc'), image(png), text('def'), text('ghi')], limits)).toEqual({
    success: true,
    contentItems: [
      { type: 'inputText', text: 'abc' },
      { type: 'inputImage', imageUrl: png },
      { type: 'inputText', text: 'de\n[cut: 4 of 9 bytes of text were left out]' },
    ],
  });
});

test('nothing follows a text that was cut, even where a short one would fit', () => {
  const limits = resolveLimits({ resultTextBytesMax: 3 });
  expect(toolOutput([text('a😀'), text('b')], limits).contentItems).toEqual(
    said('a\n[cut: 5 of 6 bytes of text were left out]'),
  );
});

test('what is too large in all is refused', () => {
  const limits = resolveLimits({ resultTextBytesMax: 50, resultBytesMax: 100, resultItemsMax: 3 });
  for (const value of ['x'.repeat(101), Array.from({ length: 101 }), image(png + 'A'.repeat(99))]) {
    const output = toolOutput(value, limits);
    expect(output.success).toBe(false);
    expect(textOf(output)).toMatch('its result is too large');
  }
  const items = [text('a'), text('b'), text('c'), text('d')];
  expect(textOf(toolOutput(items, resolveLimits({ resultItemsMax: 3 })))).toMatch(
    '4 items, at most 3 are allowed',
  );
});

test('a failure is its message, within bounds; a blank one still says something', () => {
  expect(failureOutput('no such ticket')).toEqual({
    success: false,
    contentItems: said('no such ticket'),
  });
  expect(textOf(failureOutput(' '))).toMatch('The tool failed.');
  const limits = resolveLimits({ resultTextBytesMax: 10, resultBytesMax: 20 });
  expect(textOf(failureOutput('x'.repeat(1_000), limits))).toMatch(/^x{10}\n\[cut: 990 of 1000/);
});

/** What Codex can read, and nothing else. */
function expectReadable(output: ToolOutput): void {
  expect(Object.keys(output).toSorted()).toEqual(['contentItems', 'success']);
  expect(typeof output.success).toBe('boolean');
  expect(Object.isFrozen(output) && Object.isFrozen(output.contentItems)).toBe(true);
  for (const item of output.contentItems) {
    expect(Object.isFrozen(item)).toBe(true);
    const [, content] = Object.values(item) as [string, string];
    expect(Object.keys(item)).toHaveLength(2);
    expect(content.isWellFormed()).toBe(true);
    if (item.type !== 'inputText') expect(content).toMatch(/^data:(image|audio)\//);
  }
  expect(JSON.parse(JSON.stringify(output))).toEqual(output);
}

test('whatever a handler returns, the answer is readable, bounded and always the same', () => {
  const limits = resolveLimits({ resultTextBytesMax: 200, resultBytesMax: 400, resultItemsMax: 5 });
  const url = fc.constantFrom(png, 'data:audio/mp3;base64,AA', 'https://x.y', 'x', 7);
  const item = fc.oneof(
    fc.record({ type: fc.constant('inputText'), text: fc.string({ unit: 'binary' }) }),
    fc.record({ type: fc.constant('inputImage'), imageUrl: url }),
    fc.record({ type: fc.constant('inputAudio'), audioUrl: url }),
    fc.record({ type: fc.string(), text: fc.anything() }),
  );
  const result = fc.oneof(
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
    }),
    fc.string({ unit: 'binary', maxLength: 300 }),
    item,
    fc.array(item),
    fc.record({ success: fc.anything(), contentItems: fc.array(item) }),
    fc.record({ success: fc.boolean(), contentItems: fc.anything() }),
  );
  fc.assert(
    fc.property(result, (value) => {
      const output = toolOutput(value, limits);
      expectReadable(output);
      const noteBytes = 60;
      const bytes = output.contentItems.reduce(
        (sum, each) => sum + (each.type === 'inputText' ? Buffer.byteLength(each.text) : 0),
        0,
      );
      expect(bytes).toBeLessThanOrEqual(limits.resultTextBytesMax + noteBytes);
      expect(JSON.stringify(toolOutput(value, limits))).toBe(JSON.stringify(output));
    }),
    { numRuns: 1_000 },
  );
});
