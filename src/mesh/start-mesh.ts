/** Starting a mesh: its ledger first, then its host. */
import { systemEnv } from '../env.ts';
import type { Journal } from '../ledger/journal.ts';
import { resolveLimits } from '../limits.ts';
import { silentLogger } from '../logger.ts';
import { Mesh } from './mesh.ts';
import type { MeshOptions } from './mesh-options.ts';

/**
 * Starts the host and resolves to the mesh on it, ready for sessions. What `createMesh` does with a
 * host of its own choice. Throws as it does.
 */
export async function startMesh(options: MeshOptions): Promise<Mesh> {
  options.signal?.throwIfAborted();
  const mesh = new Mesh(options, await openLedger(options));
  try {
    await mesh.start();
  } catch (thrown) {
    await mesh.close({ graceMs: 1 });
    throw thrown;
  }
  return mesh;
}

/** The journal is loaded only where it is used: it brings SQLite with it. */
async function openLedger({ ledger, ...options }: MeshOptions): Promise<Journal | null> {
  if (!ledger) return null;
  const { openJournal } = await import('../ledger/sqlite/open-journal.ts');
  const { path, mode = 'sync' } = ledger;
  const { env = systemEnv, logger = silentLogger } = options;
  return openJournal({ path, mode, env, logger, limits: resolveLimits(options.limits) });
}
