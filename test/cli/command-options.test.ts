/** Options that commands have in common. */
import { expect, test } from 'vitest';
import { parsePort } from '../../src/cli/command-options.ts';

test.each([
  ['0', 0],
  ['3001', 3_001],
  ['65535', 65_535],
])('%s is a port', (text, port) => expect(parsePort('--port')(text)).toBe(port));

test.each(['abc', '', '-1', '65536', '1.5', '0x10', '1e3'])('%j is no port', (text) => {
  expect(() => parsePort('--control')(text)).toThrow(
    `expected --control to be a number from 0 to 65535, found ${text || 'nothing'}`,
  );
});
