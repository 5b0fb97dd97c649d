/** What this package says of itself to those it talks with. */
import { createRequire } from 'node:module';

/** The version of this package; `unknown` where it was bundled into another program. */
export function packageVersion(): string {
  try {
    const { version }: { version?: unknown } = createRequire(import.meta.url)(
      'sessionmesh/package.json',
    );
    if (typeof version === 'string') return version;
  } catch {
    // Bundled into another program.
  }
  return 'unknown';
}
