/**
 * Where the service is and what its token is: as the command line says, else as the environment says, else
 * as the service on this machine wrote down itself.
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { messageOf, SessionMeshError } from '../errors.ts';
import type { TokenSource } from '../hosts/control-service/options.ts';
import { readServiceState } from '../service/state-file.ts';

/** What the command line says of the service. */
export interface AddressOptions {
  readonly url?: string;
  readonly tokenFile?: string;
}

/** A service that a command may ask. */
export interface FoundService {
  readonly url: string;
  /** Undefined: none was found, and perhaps none is asked for. */
  readonly token: TokenSource | undefined;
  /** Where the address was found, for people. */
  readonly foundIn: string;
}

/** The folder in which a service of this user writes down where it is. */
export function stateDirOf(env: NodeJS.ProcessEnv): string {
  return env['SESSIONMESH_HOME'] || join(homedir(), '.sessionmesh');
}

/** A token that is read when it is needed, and again after a service was started anew with another one. */
function tokenIn(path: string): TokenSource {
  return () => readFile(path, 'utf8');
}

async function checkedTokenIn(path: string): Promise<TokenSource> {
  await readFile(path).catch((thrown: unknown) => {
    throw new SessionMeshError('option_invalid', {
      expected: 'a file with the token of the service',
      found: messageOf(thrown),
      fix: 'correct --token-file',
    });
  });
  return tokenIn(path);
}

/**
 * Finds the service.
 * @throws SessionMeshError `service_not_running` if nothing says where one is; `option_invalid` for a token
 * file that cannot be read.
 */
export async function findService(
  { url, tokenFile }: AddressOptions,
  env: NodeJS.ProcessEnv,
): Promise<FoundService> {
  const stateFile = join(stateDirOf(env), 'service.json');
  const state = await readServiceState(stateDirOf(env));
  const said = url ?? (env['SESSIONMESH_URL'] || undefined);
  const address = said ?? state?.url;
  if (address === undefined) {
    throw new SessionMeshError('service_not_running', { found: `no ${stateFile}` });
  }
  // A token is for its service: the one of this machine is never sent elsewhere.
  const isOwn = state !== null && new URL(state.url).origin === URL.parse(address)?.origin;
  const own = isOwn && state.tokenFile !== null ? tokenIn(state.tokenFile) : undefined;
  const given = env['SESSIONMESH_TOKEN'] || undefined;
  const token = tokenFile === undefined ? (given ?? own) : await checkedTokenIn(tokenFile);
  const foundIn = url !== undefined ? '--url' : said !== undefined ? 'SESSIONMESH_URL' : stateFile;
  return { url: address, token, foundIn };
}
