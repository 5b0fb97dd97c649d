import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

/** Whether `node:sqlite` is loaded in a fresh process that imports this file of the ledger. */
function loadsSqlite(file: string): boolean {
  const url = new URL(`file://${resolve(import.meta.dirname, '../../src/ledger', file)}`).href;
  const script = `await import('${url}');
    console.log(process.moduleLoadList.includes('NativeModule sqlite'));`;
  const args = ['--input-type=module', '--eval', script];
  return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim() === 'true';
}

test('whoever does not ask for a durable ledger does not load SQLite', () => {
  expect(['ledger.ts', 'journal.ts', 'memory-journal.ts'].filter(loadsSqlite)).toEqual([]);
  expect(loadsSqlite('sqlite/open-journal.ts')).toBe(true);
});
