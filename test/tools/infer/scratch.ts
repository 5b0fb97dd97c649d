/** Modules that exist for one test only: written to a folder of their own, which goes away with it. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder with files in it. */
export interface Scratch extends AsyncDisposable {
  readonly folder: string;
  path(name: string): string;
  write(name: string, text: string): Promise<string>;
}

/** A new folder with `files`, by name. */
export async function createScratch(files: Record<string, string> = {}): Promise<Scratch> {
  // The compiler tells real paths, and the folder for temporary files may be a link.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'infer-')));
  const scratch: Scratch = {
    folder,
    path: (name) => join(folder, name),
    async write(name, text) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
      return join(folder, name);
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
  for (const [name, text] of Object.entries(files)) await scratch.write(name, text);
  return scratch;
}
