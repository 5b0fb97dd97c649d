/** The reader takes and refuses what the host's parser does; these texts reach models word for word. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readJson, writeJson } from '../../../src/tools/adapters/json-text.ts';
import { dataOf, jsonOf } from '../../../src/tools/adapters/json-value.ts';

function reread(text: string): string {
  const read = readJson(text);
  return read.ok ? writeJson(read.value) : read.problem;
}

const refused: readonly (readonly [text: string, problem: string])[] = [
  ['', 'EOF while parsing a value at line 1 column 0'],
  ['\t\r\n', 'EOF while parsing a value at line 2 column 0'],
  ['{bad', 'key must be a string at line 1 column 2'],
  ['[1,]', 'trailing comma at line 1 column 4'],
  ['{"a":1,}', 'trailing comma at line 1 column 8'],
  ['{"a" 1}', 'expected `:` at line 1 column 6'],
  ['{"a":1 "b":2}', 'expected `,` or `}` at line 1 column 8'],
  ['[1 2]', 'expected `,` or `]` at line 1 column 4'],
  ['tru', 'EOF while parsing a value at line 1 column 3'],
  ['trux', 'expected ident at line 1 column 4'],
  ['nulll', 'trailing characters at line 1 column 5'],
  ['-', 'EOF while parsing a value at line 1 column 1'],
  ['-a', 'invalid number at line 1 column 2'],
  ['01', 'invalid number at line 1 column 2'],
  ['-01', 'invalid number at line 1 column 3'],
  ['1.', 'EOF while parsing a value at line 1 column 2'],
  ['1.x', 'invalid number at line 1 column 3'],
  ['1.5.5', 'trailing characters at line 1 column 4'],
  ['1ex', 'invalid number at line 1 column 3'],
  ['+1', 'expected value at line 1 column 1'],
  ['"abc', 'EOF while parsing a string at line 1 column 4'],
  ['"a\\x"', 'invalid escape at line 1 column 4'],
  ['"a\\u12zz"', 'invalid escape at line 1 column 8'],
  ['"a\\u12"', 'EOF while parsing a string at line 1 column 7'],
  ['"\\ud800x"', 'unexpected end of hex escape at line 1 column 8'],
  ['"\\ud800\\n"', 'unexpected end of hex escape at line 1 column 9'],
  ['"\\ud800\\u0041"', 'lone leading surrogate in hex escape at line 1 column 13'],
  ['"\\udc00"', 'lone leading surrogate in hex escape at line 1 column 7'],
  ['"a\n"', 'control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0'],
  ['{', 'EOF while parsing an object at line 1 column 1'],
  ['{"a"', 'EOF while parsing an object at line 1 column 4'],
  ['{"a":', 'EOF while parsing a value at line 1 column 5'],
  ['[', 'EOF while parsing a list at line 1 column 1'],
  ['[[],', 'EOF while parsing a value at line 1 column 4'],
  ['{} x', 'trailing characters at line 1 column 4'],
  ['\n\n  {"é": x}', 'expected value at line 3 column 10'],
  ['\ufeff{}', 'expected value at line 1 column 1'],
];

test.each(refused)('%j is refused in the words of the host', (text, problem) => {
  expect(reread(text)).toBe(problem);
});

test('1.17: numbers keep their spelling, apart from the exponent and the sign of zero', () => {
  expect(reread('[1.0, 0.10, 12345678901234567890123, 0.000001, -0.0]')).toBe(
    '[1.0,0.10,12345678901234567890123,0.000001,-0.0]',
  );
  expect(reread('[1E5, 1e+05, 1.0E-05, 1e400, -0]')).toBe('[1e+5,1e+05,1.0e-05,1e+400,0]');
});

test('1.17: keys keep their order, also those that look like integers; a repeated key its first place', () => {
  expect(reread('{"9":0,"10":1,"b":2,"a":3,"b":4}')).toBe('{"9":0,"10":1,"b":4,"a":3}');
  expect(reread('{"__proto__":{"x":1},"constructor":2}')).toBe(
    '{"__proto__":{"x":1},"constructor":2}',
  );
});

test('texts nested 127 levels are read, deeper ones are refused and do not exhaust the stack', () => {
  expect(reread('['.repeat(127) + ']'.repeat(127))).toBe('['.repeat(127) + ']'.repeat(127));
  expect(reread('['.repeat(128))).toBe('recursion limit exceeded at line 1 column 128');
  expect(reread('{"a":'.repeat(100_000))).toBe('recursion limit exceeded at line 1 column 636');
});

test('what JSON.stringify writes is read as the same data', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (data) => {
      const text = JSON.stringify(data);
      const read = readJson(text);
      expect(read.ok && dataOf(read.value)).toEqual(dataOf(jsonOf(data)));
      expect(read.ok && JSON.parse(writeJson(read.value))).toEqual(JSON.parse(text));
    }),
  );
});

test('the reader never throws, and agrees with JSON.parse about what is JSON', () => {
  const fragment = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    'u',
    'd8',
    '1',
    '.',
    'e',
    '-',
  );
  const text = fc.array(fc.oneof(fragment, fc.string({ maxLength: 2 })), { maxLength: 12 });
  fc.assert(
    fc.property(
      text.map((parts) => parts.join('')),
      (candidate) => {
        let isJson = true;
        try {
          JSON.parse(candidate);
        } catch {
          isJson = false;
        }
        // The host refuses halves of surrogate pairs in escapes; JavaScript does not.
        if (!/\\u[dD][89a-fA-F]/.test(candidate)) expect(readJson(candidate).ok).toBe(isJson);
      },
    ),
    { numRuns: 2_000 },
  );
});
