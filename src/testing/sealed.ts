/** A world that cannot be reached: whoever tries learns of it at once, instead of leaving the simulation. */
import type { Files, Network, Processes } from '../env.ts';
import { SessionMeshError } from '../errors.ts';

const refuse = (what: string) => (): never => {
  throw new SessionMeshError('env_sealed', { found: `a use of ${what}` });
};

const files = refuse('files');
const network = refuse('the network');
const processes = refuse('processes');

/** No files. */
export const sealedFiles: Files = {
  accessSync: files,
  closeSync: files,
  existsSync: files,
  fdatasyncSync: files,
  fsyncSync: files,
  mkdirSync: files,
  openSync: files,
  readdirSync: files,
  realpathSync: Object.assign(files, { native: files }),
  renameSync: files,
  rmSync: files,
  statSync: files,
  promises: {
    appendFile: files,
    mkdir: files,
    open: files,
    readFile: files,
    rename: files,
    rm: files,
    writeFile: files,
  },
  openDatabase: files,
};

/** No network. */
export const sealedNetwork: Network = {
  createServer: network,
  fetch: network,
  pool: network,
  connect: network,
  webSocketServer: network,
};

/** No processes; this one has no id and no platform of its own. */
export const sealedProcesses: Processes = {
  spawn: processes,
  kill: processes,
  onExit: processes,
  pid: 0,
  platform: 'linux',
  arch: 'none',
  cwd: processes,
};
