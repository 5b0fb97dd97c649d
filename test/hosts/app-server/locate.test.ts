/** Where the Codex program is looked for. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { systemEnv } from '../../../src/env.ts';
import { locateCodex } from '../../../src/hosts/app-server/locate.ts';

const root = mkdtempSync(join(tmpdir(), 'locate-'));
afterAll(() => rmSync(root, { recursive: true }));

const real = locateCodex({}).command;
/** `vendor/<triple>/bin/codex`, as on this machine. */
const inside = real.slice(real.lastIndexOf('vendor'));
const platformName = `codex-${process.platform}-${process.arch}`;

function write(path: string, text: string, mode = 0o644): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** An installation of the npm package in `folder`; returns its native program and its Node script. */
function install(folder: string) {
  const scope = join(folder, 'node_modules', '@openai');
  write(join(scope, 'codex', 'package.json'), '{"name":"@openai/codex"}');
  write(join(scope, platformName, 'package.json'), `{"name":"@openai/${platformName}"}`);
  const script = write(join(scope, 'codex', 'bin', 'codex.js'), '#!/usr/bin/env node', 0o755);
  return { script, program: write(join(scope, platformName, inside), '', 0o755) };
}

const empty = join(root, 'empty');
mkdirSync(empty);
const project = join(root, 'project');
const installed = install(project);
mkdirSync(join(project, 'deep', 'within'), { recursive: true });

test('the real program is the native one, not the Node script before it', () => {
  expect(real).toMatch(/vendor[/\\][^/\\]+[/\\]bin[/\\]codex(\.exe)?$/);
});

test('the package is found from any folder of its project, and from our own', () => {
  const { program } = installed;
  expect(locateCodex({ findFrom: join(project, 'deep', 'within') }).command).toBe(program);
  expect(locateCodex({ cwd: project }).command).toBe(program);
  expect(locateCodex({ findFrom: empty }, systemEnv, project).command).toBe(program);
});

test('an older package that holds the program itself is fine, too', () => {
  const folder = join(root, 'older');
  const home = join(folder, 'node_modules', '@openai', 'codex');
  write(join(home, 'package.json'), '{"name":"@openai/codex"}');
  const program = write(join(home, inside), '', 0o755);
  expect(locateCodex({ findFrom: folder }, systemEnv, empty).command).toBe(program);
});

test('the script on the PATH stands for the program behind it', () => {
  const bin = join(root, 'bin');
  mkdirSync(bin);
  symlinkSync(installed.script, join(bin, 'codex'));
  const env = { PATH: `${empty}:${bin}` };
  expect(locateCodex({ findFrom: empty, env }, systemEnv, empty).command).toBe(installed.program);
  expect(locateCodex({ command: join(bin, 'codex') }).command).toBe(installed.program);
});

test('another program on the PATH is taken as it is', () => {
  const program = write(join(root, 'other', 'codex'), '', 0o755);
  const env = { PATH: dirname(program) };
  expect(locateCodex({ findFrom: empty, env }, systemEnv, empty).command).toBe(program);
});

test('without an environment of its own, the PATH is left to the operating system', () => {
  expect(locateCodex({ findFrom: empty }, systemEnv, empty).command).toMatch(/^codex/);
  expect(locateCodex({ command: 'my-codex' }).command).toBe('my-codex');
});

test('an explicit path is taken relative to the folder of the child', () => {
  const program = write(join(root, 'mine', 'run'), '', 0o755);
  expect(locateCodex({ command: './run', cwd: dirname(program) }).command).toBe(program);
});

test('what is not there, or cannot be run, is an error that says where it was looked for', () => {
  const plain = write(join(root, 'plain', 'codex'), '');
  for (const command of [plain, join(root, 'nothing'), root]) {
    expect(() => locateCodex({ command })).toThrow(command);
  }
  const looked = () =>
    locateCodex({ findFrom: empty, env: { PATH: dirname(plain) } }, systemEnv, root);
  expect(looked).toThrow(
    expect.objectContaining({
      code: 'codex_not_found',
      message: expect.stringContaining(
        `the package @openai/codex from ${empty}, the package @openai/codex from ${root}, the PATH`,
      ),
    }),
  );
});
