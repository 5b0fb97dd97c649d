/** A control service in a process of its own: what `sessionmesh serve` runs, on a Codex or on a stand-in for it. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { ServeCommandOptions } from '../src/cli/serve.ts';

/** A service that runs. */
export interface ServiceProcess extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  /** What the process holds of memory now, in bytes. */
  memoryBytes(): Promise<number>;
}

/** Resident memory of a process, in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout) * 1_024;
}

/** A program that serves as the command would, compiled or not as the package itself is at the moment. */
function programOf(options: ServeCommandOptions): string {
  const entry = new URL(import.meta.resolve('sessionmesh'));
  const serve = new URL(`cli/serve${extname(entry.pathname)}`, entry);
  return `
    const { runServeCommand } = await import(${JSON.stringify(serve.href)});
    await runServeCommand(${JSON.stringify({ port: 0, json: true, ...options })});`;
}

/** A program that runs the turns of `turn-child.ts`, as `--codex` takes it. */
async function standIn(folder: string): Promise<string> {
  const path = join(folder, 'codex');
  const script = new URL('turn-child.ts', import.meta.url).pathname;
  await writeFile(path, `#!/bin/sh\nexec "${process.execPath}" "${script}"\n`);
  await chmod(path, 0o755);
  return path;
}

/** How a service is started. */
export interface ServiceProcessOptions extends ServeCommandOptions {
  /** The environment of the real Codex. Left out: something stands in for it. */
  readonly codexEnv?: NodeJS.ProcessEnv;
}

/** Starts one; resolves once it listens. */
export async function startServiceProcess({
  codexEnv,
  ...options
}: ServiceProcessOptions = {}): Promise<ServiceProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'sessionmesh-bench-'));
  const codex = codexEnv ? {} : { codex: await standIn(folder) };
  const program = programOf({ ...options, ...codex });
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    env: { ...process.env, ...codexEnv, SESSIONMESH_HOME: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error('the service ended before it listened');
  });
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
  const { url, tokenFile, pid } = JSON.parse(String(line));
  return {
    url,
    token: (await readFile(tokenFile, 'utf8')).trim(),
    memoryBytes: () => residentBytes(pid),
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended.catch(() => {});
      await rm(folder, { recursive: true });
    },
  };
}
