import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { isRecord } from '../json.ts';

const require = createRequire(import.meta.url);

/** The version of an installed package, read from its manifest; the package itself is not loaded. */
async function readVersion(name: string): Promise<string | null> {
  try {
    const manifest: unknown = JSON.parse(
      await readFile(require.resolve(`${name}/package.json`), 'utf8'),
    );
    const version = isRecord(manifest) ? manifest['version'] : undefined;
    return typeof version === 'string' ? version : null;
  } catch {
    return null;
  }
}

/** The versions of all code that has a say in what is inferred; null for what is not installed. */
export async function readVersions(): Promise<Readonly<Record<string, string | null>>> {
  const [sessionmesh, compiler] = await Promise.all([
    readVersion('sessionmesh'),
    readVersion('ts-morph'),
  ]);
  return { sessionmesh, 'ts-morph': compiler };
}
