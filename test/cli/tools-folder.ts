/** The `tools` commands as a person runs them: a folder with modules, and a real process in it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const main = join(root, 'src/cli/main.ts');

/** What modules of a folder import in place of `sessionmesh/tools`. */
export const toolsUrl = pathToFileURL(join(root, 'src/tools/index.ts')).href;

/** A module that exports what `body` declares; `tool` and the like are imported. */
export const moduleText = (body: string) =>
  `import { bundle, image, namespace, text, tool, ToolError } from '${toolsUrl}';\n` +
  `export const unused = [bundle, image, namespace, text, tool, ToolError].length;\n${body}`;

/** What a command printed, and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolsFolder {
  readonly path: string;
  write(name: string, content: string): void;
  /** Starts `sessionmesh tools …` in the folder. */
  start(args: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess;
  /** Runs it to its end. */
  run(args: readonly string[], input?: string): Promise<Ended>;
}

/** A new folder with these files. Deleted with the test, and with it whatever still runs in it. */
export function toolsFolder(files: Readonly<Record<string, string>> = {}): ToolsFolder {
  const path = mkdtempSync(join(tmpdir(), 'sessionmesh-tools-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const write = (name: string, content: string) => writeFileSync(join(path, name), content);
  write('package.json', '{ "private": true, "type": "module" }');
  for (const [name, content] of Object.entries(files)) write(name, content);
  const start = (args: readonly string[], env: NodeJS.ProcessEnv = process.env) => {
    const child = spawn(process.execPath, [main, 'tools', ...args], { cwd: path, env });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  };
  const run = async (args: readonly string[], input = '') => {
    const child = start(args);
    const exited = once(child, 'exit');
    child.stdin.end(input);
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    await exited;
    return { code: child.exitCode, stdout, stderr };
  };
  return { path, write, start, run };
}
