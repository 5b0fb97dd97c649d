/**
 * Finds the native Codex program.
 *
 * The npm package puts a Node script before it, which leaves Codex alive when it is killed itself; so
 * wherever that script is found, the program behind it is taken.
 */
import { createRequire } from 'node:module';
import { constants } from 'node:fs';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { systemEnv, type Env } from '../../env.ts';
import { SessionMeshError } from '../../errors.ts';
import type { SpawnedAppServer } from './options.ts';

const packageName = '@openai/codex';
/** What the search looks at. */
type Surroundings = Pick<Env, 'files' | 'processes'>;

const programName = ({ processes }: Surroundings): string =>
  processes.platform === 'win32' ? 'codex.exe' : 'codex';

/** The folder under `vendor/` that holds the program, by platform and processor. */
const vendorFolders: Readonly<Record<string, string>> = {
  'linux-x64': 'x86_64-unknown-linux-musl',
  'linux-arm64': 'aarch64-unknown-linux-musl',
  'android-x64': 'x86_64-unknown-linux-musl',
  'android-arm64': 'aarch64-unknown-linux-musl',
  'darwin-x64': 'x86_64-apple-darwin',
  'darwin-arm64': 'aarch64-apple-darwin',
  'win32-x64': 'x86_64-pc-windows-msvc',
  'win32-arm64': 'aarch64-pc-windows-msvc',
};

function platformPackage({ processes: { platform, arch } }: Surroundings): string {
  return `${packageName}-${platform === 'android' ? 'linux' : platform}-${arch}`;
}

function isProgram(path: string, { files }: Surroundings): boolean {
  try {
    files.accessSync(path, constants.X_OK);
    return files.statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The folder of an installed package as seen from `folder`, or null. */
function packageFolder(name: string, folder: string): string | null {
  try {
    return dirname(createRequire(join(folder, 'from.js')).resolve(`${name}/package.json`));
  } catch {
    return null;
  }
}

/** The native program of the npm package installed in `folder`, or null. */
function programOfPackage(folder: string, around: Surroundings): string | null {
  const { platform, arch } = around.processes;
  const vendorFolder = vendorFolders[`${platform}-${arch}`];
  if (vendorFolder === undefined) return null;
  const homes = [packageFolder(platformPackage(around), folder), folder];
  return (
    homes
      .flatMap((home) => home ?? [])
      .map((home) => join(home, 'vendor', vendorFolder, 'bin', programName(around)))
      .find((path) => isProgram(path, around)) ?? null
  );
}

/** The native program behind the npm package's Node script, or `path` itself if it is no such script. */
function behindScript(path: string, around: Surroundings): string {
  const script = around.files.realpathSync(path);
  if (basename(script) !== 'codex.js') return path;
  return programOfPackage(dirname(dirname(script)), around) ?? path;
}

function programOnPath(path: string, around: Surroundings): string | null {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  const paths = folders.map((folder) => join(folder, programName(around)));
  const found = paths.find((candidate) => isProgram(candidate, around));
  return found === undefined ? null : behindScript(found, around);
}

/** The program to start, and where it was looked for, in words. */
export interface Location {
  readonly command: string;
  readonly looked: readonly string[];
}

/**
 * Finds the Codex program: the explicit `command`; else the npm package as seen from `findFrom`, then
 * from `here`, where our own dependencies are; else the `PATH` of the child's environment. Without an
 * `env` the last is left to the operating system, and whether Codex is there shows when it is started.
 * @throws SessionMeshError `codex_not_found`, which says where it was looked for.
 */
export function locateCodex(
  options: SpawnedAppServer,
  around: Surroundings = systemEnv,
  here = import.meta.dirname,
): Location {
  const { command, env, cwd = around.processes.cwd() } = options;
  if (command !== undefined) return locateCommand(command, cwd, around);
  const looked: string[] = [];
  for (const from of new Set([resolve(options.findFrom ?? cwd), here])) {
    looked.push(`the package ${packageName} from ${from}`);
    const folder = packageFolder(packageName, from);
    const program = folder && programOfPackage(folder, around);
    if (program) return { command: program, looked };
  }
  looked.push('the PATH');
  if (env === undefined) return { command: programName(around), looked };
  const found = programOnPath(env.PATH ?? env.Path ?? '', around);
  if (found !== null) return { command: found, looked };
  throw codexNotFound(looked);
}

/** A command with a slash in it is a path; one without is looked for when it is started. */
function locateCommand(command: string, cwd: string, around: Surroundings): Location {
  if (basename(command) === command) return { command, looked: [`the PATH for ${command}`] };
  const path = resolve(cwd, command);
  const looked = [path];
  if (!isProgram(path, around)) throw codexNotFound(looked);
  return { command: behindScript(path, around), looked };
}

/** The error for a Codex that is in none of these places. */
export function codexNotFound(looked: readonly string[], cause?: unknown): SessionMeshError {
  return new SessionMeshError('codex_not_found', {
    found: `nothing in ${looked.join(', ')}`,
    cause,
  });
}
