/** Lines from outside: every wrong one is refused by its number, whatever it is cut into. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSessionMeshError } from '../../src/errors.ts';
import { parseHeader, parseRecord } from '../../src/history/parse.ts';
import { openHistory, readHistory } from '../../src/history/reader.ts';
import { meshShapes, teamShapes, worldShapes } from '../../src/history/shape.ts';
import { goodStory, header } from '../soak/check/story.ts';

const story = goodStory(3);
const text = [header, ...story.records].map((line) => `${JSON.stringify(line)}\n`).join('');

test('what was written is read, however it is cut', async () => {
  const bytes = new TextEncoder().encode(text.replaceAll('s-2', 's-ü€🙂'));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 97 }), async (size) => {
      const chunks = [];
      for (let start = 0; start < bytes.length; start += size) {
        chunks.push(bytes.subarray(start, start + size));
      }
      const read = await readHistory(chunks);
      expect(read.header).toEqual(header);
      expect(JSON.stringify(read.records)).toBe(
        JSON.stringify(story.records).replaceAll('s-2', 's-ü€🙂'),
      );
      expect(read.torn).toBe(0);
    }),
    { numRuns: 30 },
  );
});

test('a last line that was cut off anywhere is left out, and its length is told', async () => {
  const whole = text.trimEnd();
  const begin = whole.lastIndexOf('\n') + 1;
  for (let end = begin + 1; end < whole.length; end += 1) {
    const read = await readHistory([whole.slice(0, end)]);
    expect(read.torn).toBe(end - begin);
    expect(read.records).toHaveLength(story.records.length - 1);
  }
  const read = await readHistory([whole]);
  expect([read.torn, read.records.length]).toEqual([0, story.records.length]);
});

async function problemOf(lines: string): Promise<string> {
  try {
    await readHistory([lines]);
  } catch (thrown) {
    if (isSessionMeshError(thrown, 'history_invalid')) return thrown.message;
    throw thrown;
  }
  return 'none';
}

const good = JSON.stringify(header);

test.each([
  ['', /nothing at all/],
  ['no json\n', /line 1/],
  ['{"type":"something"}\n', /the header of a history/],
  [`${JSON.stringify({ ...header, version: 2 })}\n`, /version 1, not 2/],
  [`${JSON.stringify({ ...header, time: 'later' })}\n`, /wall, virtual as `time`/],
  [`${good}\nno json\n`, /JSON .* on line 2/],
  [`${good}\n{"seq":0,"at":1,"event":{}}\n`, /above zero as `seq`/],
  [`${good}\n{"seq":1,"at":"1","event":{}}\n`, /a number as `at`/],
  [`${good}\n{"seq":1,"at":1,"event":{"type":"toString"}}\n`, /known `event.type`/],
  [`${good}\n{"seq":1,"at":1,"event":{"type":"world.fault.planned"}}\n`, /text as `event.fault`/],
  [`${good}\n\n{"seq":1,"at":1,"event":7}\n`, /line 3/],
  [
    `${good}\n{"seq":1,"at":1,"event":{"type":"mesh","runtime":"r","event":{"type":"call.settled"}}}\n`,
    /as `event\.\w+`/,
  ],
])('%s is refused', async (lines, expected) => {
  expect(await problemOf(lines)).toMatch(expected);
});

test('a broken line in the middle is no torn line', async () => {
  const lines = text.split('\n');
  lines[5] = lines[5]!.slice(0, 20);
  expect(await problemOf(lines.join('\n'))).toContain('line 6');
});

test('a line beyond the bound is refused before it is read to its end', async () => {
  function* endless() {
    yield `${good}\n`;
    for (let chunk = 0; chunk < 100; chunk += 1) {
      if (chunk > 3) throw new Error('read too far');
      yield 'x'.repeat(1_000);
    }
  }
  const reading = await openHistory(endless(), 2_500);
  const records: unknown[] = [];
  await expect(async () => {
    for await (const record of reading.records) records.push(record);
  }).rejects.toThrow(/at most 2500 characters/);
});

/** A value that fits a kind. */
function fitting(kind: unknown): unknown {
  if (Array.isArray(kind)) return kind[0];
  if (typeof kind === 'object' && kind !== null) {
    return Object.fromEntries(Object.entries(kind).map(([name, inner]) => [name, fitting(inner)]));
  }
  const values: Record<string, unknown> = {
    text: 'a',
    'text?': null,
    number: 1,
    'number?': null,
    flag: true,
    'flag?': null,
    id: '7',
    texts: ['a'],
    textMap: { a: 'b' },
    numberMap: { a: 1 },
    json: null,
  };
  return values[String(kind)];
}

const shapes = [
  ...Object.entries(worldShapes).map(([type, shape]) => [type, shape, 'world'] as const),
  ...Object.entries(meshShapes).map(([type, shape]) => [type, shape, 'mesh'] as const),
  ...Object.entries(teamShapes).map(([type, shape]) => [type, shape, 'team'] as const),
];

test.each(shapes)(
  '%s is taken with all of its fields, and refused without any one',
  (type, shape, by) => {
    const wrap = (event: object) => {
      const wrapped = by === 'world' ? event : { type: by, runtime: 'r', event };
      return JSON.stringify({ seq: 1, at: 2, event: wrapped });
    };
    const whole = { type, ...(fitting(shape) as object) };
    expect(parseRecord(wrap(whole), 2).seq).toBe(1);
    for (const field of Object.keys(shape)) {
      expect(() => parseRecord(wrap({ ...whole, [field]: undefined }), 2), field).toThrow(field);
      expect(() => parseRecord(wrap({ ...whole, [field]: Symbol }), 2), field).toThrow(field);
    }
  },
);

test('text that is anything at all is refused or read, never thrown at', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      for (const parse of [parseHeader, (one: string) => parseRecord(one, 3)]) {
        try {
          parse(line);
        } catch (thrown) {
          expect(isSessionMeshError(thrown, 'history_invalid')).toBe(true);
        }
      }
    }),
  );
});
