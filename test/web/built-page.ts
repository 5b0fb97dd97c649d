/** The page as it is shipped, built once for all browser tests of a run, and again when it changed. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'vite';
import { vi } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Where it is built to. */
export const pageFolder = join(root, 'dist', 'web');

const lock = join(root, 'dist', 'web.lock');

function newestIn(folder: string): number {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  return Math.max(...files.map(({ parentPath, name }) => statSync(join(parentPath, name)).mtimeMs));
}

function isFresh(): boolean {
  const index = join(pageFolder, 'index.html');
  if (!existsSync(index)) return false;
  const sources = ['web', 'src/history', 'src/charts', 'src/service/inspection'];
  const newest = Math.max(...sources.map((folder) => newestIn(join(root, folder))));
  return statSync(index).mtimeMs > newest;
}

/** Builds the page unless it is built already. Test files run side by side: one of them builds. */
export async function buildPage(): Promise<void> {
  mkdirSync(dirname(lock), { recursive: true });
  await vi.waitFor(() => mkdirSync(lock), { timeout: 60_000, interval: 100 });
  try {
    if (!isFresh()) await build({ configFile: join(root, 'web/vite.config.ts'), logLevel: 'warn' });
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}
