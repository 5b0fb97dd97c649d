/** `createMesh`: a mesh on the Codex of this machine, unless another host is given. */
import { appServer } from '../hosts/app-server/index.ts';
import type { HostFactory } from '../hosts/host.ts';
import type { Mesh } from './mesh.ts';
import { startMesh } from './start-mesh.ts';
import type { MeshOptions } from './mesh-options.ts';

/** What `createMesh` takes. Everything is optional. */
export interface CreateMeshOptions extends Omit<MeshOptions, 'host'> {
  /** Where sessions live. Default: `appServer()`, the Codex found on this machine. */
  readonly host?: HostFactory;
}

/**
 * Starts a host and resolves to the mesh on it, ready for sessions.
 * @throws SessionMeshError `codex_not_found`, `host_start_failed`, `host_unreachable`,
 * `host_unauthorized`, `limit_invalid`; or the reason of `signal`.
 */
export function createMesh(options: CreateMeshOptions = {}): Promise<Mesh> {
  return startMesh({ ...options, host: options.host ?? appServer() });
}
