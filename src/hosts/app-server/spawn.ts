/** Starts Codex as a child process. */
import type { Env } from '../../env.ts';
import { SessionMeshError } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import { startChild, Child, type ChildFailure } from '../../rpc/child.ts';
import { codexNotFound, locateCodex } from './locate.ts';
import type { SpawnedAppServer } from './options.ts';

function explain({ type, found, cause }: ChildFailure, looked: readonly string[]): Error {
  switch (type) {
    case 'no-program':
      return codexNotFound(looked, cause);
    case 'no-folder':
      return new SessionMeshError('option_invalid', { expected: 'a folder as `cwd`', found });
    case 'refused':
      return new SessionMeshError('host_start_failed', { found, cause });
  }
}

/**
 * Finds the program, starts it and resolves once it runs.
 * @throws SessionMeshError `codex_not_found` if there is no such program, `option_invalid` if there is no
 * such folder, `host_start_failed` for any other reason.
 */
export async function spawnCodex(
  options: SpawnedAppServer,
  env: Env,
  limits: Limits,
): Promise<Child> {
  const { command, looked } = locateCodex(options, env);
  const { args = ['app-server'], cwd } = options;
  const program = { command, args, env: options.env, cwd };
  const started = await startChild({ program, env, limits });
  if (started instanceof Child) return started;
  throw explain(started, looked);
}
