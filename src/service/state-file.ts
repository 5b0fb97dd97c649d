/**
 * How commands on the same machine find a service: a file that says where it is, and one with its token,
 * both readable by their owner only, both gone when the service is.
 */
import { join } from 'node:path';
import { systemEnv, type Env, type Files } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import { isRecord } from '../tools/json.ts';

/** What stands in `service.json`. */
export interface ServiceState {
  readonly url: string;
  readonly pid: number;
  /** Null: no token is asked for. */
  readonly tokenFile: string | null;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** How long a service that is said to run may take to say that it does. */
const probeMs = 1_000;

/** Reads the state of a service, or returns null if there is none that can be read. */
export async function readServiceState(
  stateDir: string,
  { promises }: Files = systemEnv.files,
): Promise<ServiceState | null> {
  try {
    const value: unknown = JSON.parse(
      await promises.readFile(join(stateDir, 'service.json'), 'utf8'),
    );
    if (!isRecord(value)) return null;
    const { url, pid, tokenFile, startedAt } = value;
    const isState =
      typeof url === 'string' && typeof pid === 'number' && typeof startedAt === 'string';
    if (!isState) return null;
    return { url, pid, startedAt, tokenFile: typeof tokenFile === 'string' ? tokenFile : null };
  } catch {
    return null;
  }
}

/** A file that appears whole or not at all, and that nobody else can read. */
async function writePrivately(path: string, text: string, { promises }: Files): Promise<void> {
  const fresh = `${path}.new`;
  // A file that is there already would keep its mode.
  await promises.rm(fresh, { force: true });
  await promises.writeFile(fresh, text, { mode: 0o600, flag: 'wx' });
  await promises.rename(fresh, path);
}

async function answers(url: string, { clock, network }: Env): Promise<boolean> {
  const late = new AbortController();
  const timer = clock.setTimeout(() => late.abort(), probeMs);
  try {
    return (await network.fetch(new URL('/healthz', url), { signal: late.signal })).ok;
  } catch {
    return false;
  } finally {
    clock.clearTimeout(timer);
  }
}

/** The files of one service in its state folder. */
export class StateFiles {
  readonly #dir: string;
  readonly #files: Files;
  #state: ServiceState | null = null;

  /**
   * Makes the folder, for its owner only, unless a service uses it already.
   * @throws SessionMeshError `service_running`; what the file system says
   */
  static async open(dir: string, env: Env): Promise<StateFiles> {
    await env.files.promises.mkdir(dir, { recursive: true, mode: 0o700 });
    const state = await readServiceState(dir, env.files);
    if (state && (await answers(state.url, env))) {
      const found = `process ${state.pid} at ${state.url}`;
      throw new SessionMeshError('service_running', { found });
    }
    return new StateFiles(dir, env.files);
  }

  private constructor(dir: string, files: Files) {
    this.#dir = dir;
    this.#files = files;
  }

  /** Where something of the service is kept. */
  path(name: string): string {
    return join(this.#dir, name);
  }

  /** Writes the token and returns where. */
  async writeToken(token: string): Promise<string> {
    const path = this.path('service-token');
    await writePrivately(path, `${token}\n`, this.#files);
    return path;
  }

  /** Says where the service is. */
  async announce(state: ServiceState): Promise<void> {
    this.#state = state;
    const text = `${JSON.stringify(state, null, 2)}\n`;
    await writePrivately(this.path('service.json'), text, this.#files);
  }

  /** Removes both files, if they are still ours. Idempotent, never rejects. */
  async remove(): Promise<void> {
    const state = this.#state;
    if (!state) return;
    this.#state = null;
    const present = await readServiceState(this.#dir, this.#files);
    if (present?.pid !== state.pid || present.startedAt !== state.startedAt) return;
    const files = [this.path('service.json'), ...(state.tokenFile ? [state.tokenFile] : [])];
    await Promise.allSettled(files.map((path) => this.#files.promises.rm(path, { force: true })));
  }
}
