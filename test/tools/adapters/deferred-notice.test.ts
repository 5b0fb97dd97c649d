/** 3.10: how the notice is cut, in observed texts. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deferredNotice } from '../../../src/tools/adapters/deferred-notice.ts';

const numbered = (count: number, describe: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => ({
    name: `n${String(index).padStart(3, '0')}`,
    description: describe(index),
  }));

/** How often each text after the name comes up. */
function texts(notice: string | null): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of (notice ?? '').split('\n').slice(2, -1)) {
    counts[line.slice(6)] = (counts[line.slice(6)] ?? 0) + 1;
  }
  return counts;
}

test('nothing deferred, no notice', () => {
  expect(deferredNotice([])).toBeNull();
});

test('namespaces are sorted by bytes, first lines trimmed, blank ones left out', () => {
  const namespaces = [
    { name: 'b', description: '  one \r\ntwo' },
    { name: 'B', description: '\n\nthree' },
    { name: 'a', description: 'x'.repeat(251) },
  ];
  expect(deferredNotice(namespaces)).toBe(
    `<tools>\nDeferred tool namespaces:\n- B\n- a: ${'x'.repeat(247)}...\n- b: one\n</tools>`,
  );
});

test('descriptions share the room, what is left over goes to the earlier ones', () => {
  const long = () => 'abcdefghijklmnopqrstuvwxyz'.repeat(3);
  expect(texts(deferredNotice(numbered(200, long)))).toEqual({
    ': abcdefghi...': 54,
    ': abcdefgh...': 146,
  });
  expect(texts(deferredNotice(numbered(340, long)))).toEqual({ ': ...': 314, '': 26 });
  expect(texts(deferredNotice(numbered(370, long)))).toEqual({ '': 370 });
});

test('what needs less leaves the rest to the others', () => {
  expect(texts(deferredNotice(numbered(330, () => 'abcd')))).toEqual({
    ': abcd': 94,
    ': ...': 236,
  });
});

test('room is given character by character, not byte by byte', () => {
  const notice = deferredNotice(numbered(6, () => '😀é'.repeat(125)));
  const bytes = (notice ?? '')
    .split('\n')
    .slice(2, -1)
    .map((line) => Buffer.byteLength(line) - 6);
  expect(bytes).toEqual([671, 665, 665, 665, 665, 665]);
});

test('when not even the names fit, the last ones are counted', () => {
  expect(deferredNotice(numbered(600, () => 'desc'))).toMatch(
    /\n- n569\n\.\.\. 30 additional namespaces omitted\.\n<\/tools>$/,
  );
});

test('64 bytes are kept free for the count', () => {
  const [first, ...others] = numbered(600, () => 'desc');
  const longer = [{ name: `${first!.name}x`, description: 'desc' }, ...others];
  expect(deferredNotice(longer)).toMatch(/\n- n568\n\.\.\. 31 additional namespaces omitted\.\n/);
});

test('the notice never passes 4096 bytes', () => {
  const namespace = fc.record({
    name: fc.string({ minLength: 1, maxLength: 64, unit: fc.constantFrom('a', 'b', '_') }),
    description: fc.string({ maxLength: 300, unit: 'grapheme' }),
  });
  fc.assert(
    fc.property(fc.array(namespace, { maxLength: 90 }), (namespaces) => {
      expect(Buffer.byteLength(deferredNotice(namespaces) ?? '')).toBeLessThanOrEqual(4096);
    }),
    { numRuns: 50 },
  );
});
