import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const source = new URL('../../src/', import.meta.url).href;

/** Whether `node:sqlite` is loaded in a fresh process after each of these steps. */
function loadsSqlite(...steps: string[]): boolean[] {
  const report = `console.log(process.moduleLoadList.includes('NativeModule sqlite'));`;
  const script = steps.map((step) => `${step}; ${report}`).join('\n');
  const args = ['--input-type=module', '--eval', script];
  const lines = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => line === 'true');
}

test('whoever does not ask for a durable ledger does not load SQLite', () => {
  const loaded = loadsSqlite(
    `await import('${source}index.ts')`,
    `const { systemEnv } = await import('${source}env.ts')`,
    `systemEnv.files.openDatabase(':memory:').close()`,
  );
  expect(loaded).toEqual([false, false, true]);
});
