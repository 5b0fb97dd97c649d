/** The built page, out of the package. Small, all text, and read once. */
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import type { Files } from '../../env.ts';

/** A file of the page. */
export interface PageFile {
  readonly text: string;
  readonly type: string;
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Where the page is built to. */
export function pageFolder(): string | null {
  const description = findPackageJSON(import.meta.url);
  return description === undefined ? null : join(dirname(description), 'dist', 'web');
}

/** Reads the files of the page as they are asked for, each once. */
export class PageFiles {
  readonly #files: Files;
  readonly #folder: string | null;
  #names: ReadonlySet<string> | undefined;
  readonly #read = new Map<string, Promise<PageFile>>();

  constructor(files: Files, folder: string | null = pageFolder()) {
    this.#files = files;
    this.#folder = folder;
  }

  /** The page itself, or null if it was not built. */
  index(): Promise<PageFile | null> {
    return this.#file('', 'index.html');
  }

  /** What it is made of, by name; null for what it is not. */
  asset(name: string): Promise<PageFile | null> {
    return this.#file('assets', name);
  }

  async #file(folder: string, name: string): Promise<PageFile | null> {
    const root = this.#folder;
    const type = types[name.slice(name.lastIndexOf('.') + 1)];
    if (root === null || type === undefined) return null;
    // Only what the build made is read, whatever is asked for.
    if (folder === 'assets' && !this.#assets(root).has(name)) return null;
    const path = join(root, folder, name);
    let read = this.#read.get(path);
    if (!read) {
      read = this.#files.promises.readFile(path, 'utf8').then((text) => ({ text, type }));
      this.#read.set(path, read);
    }
    return read.catch(() => {
      // It may be built in a moment.
      this.#read.delete(path);
      return null;
    });
  }

  #assets(root: string): ReadonlySet<string> {
    const folder = join(root, 'assets');
    const { existsSync, readdirSync } = this.#files;
    if (!this.#names && existsSync(folder)) this.#names = new Set(readdirSync(folder));
    return this.#names ?? new Set();
  }
}
