/** Which Node the commands need. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeProblem, oldestNodeText } from '../../src/cli/node-version.ts';

test('it is what the package declares', () => {
  const file = join(import.meta.dirname, '../../package.json');
  const { engines } = JSON.parse(readFileSync(file, 'utf8')) as { engines: { node: string } };
  expect(engines.node).toBe(`>=${oldestNodeText}`);
});

test('an older Node is told which one is needed, a newer one nothing', () => {
  const [major = 0, minor = 0] = oldestNodeText.split('.').map(Number);
  for (const old of ['20.20.2', `${major - 1}.99.0`]) {
    expect(nodeProblem(old)).toBe(`needs Node ${oldestNodeText} or newer, and this is Node ${old}`);
  }
  for (const fine of [`${major}.${minor}.0`, `${major + 1}.0.0`]) {
    expect(nodeProblem(fine)).toBeNull();
  }
});
