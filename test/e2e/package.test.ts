/** The package as it is published: packed, installed into an empty folder and used from there. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

const root = resolve(import.meta.dirname, '../..');
const exec = promisify(execFile);
const nodeTypes = `@types/node@${packageJson.devDependencies['@types/node']}`;

const program = `
import { createMesh, tool, SessionMeshError, type TurnResult } from 'sessionmesh';
import { simulatedHost } from 'sessionmesh/testing';
import { text } from 'sessionmesh/tools';

const hello = tool({ name: 'hello', description: 'Says hello.', execute: () => text('hello') });
const host = simulatedHost(({ results }) =>
  results[0] ? { text: results[0].output } : { calls: [{ tool: 'hello' }] },
);
await using mesh = await createMesh({ host });
await using session = await mesh.createSession({ tools: [hello] });
const turn: TurnResult = await session.sendAndHandle('hi');
console.log(turn.reply, new SessionMeshError('mesh_closed').code);
`;

test(
  'import, types and the command work from an installed package',
  { timeout: 120_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sessionmesh-package-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const { stdout: packed } = await exec('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: root,
    });
    const [{ filename, files }] = JSON.parse(packed.slice(packed.indexOf('['))) as [
      { filename: string; files: { path: string }[] },
    ];
    expect(
      files.every(({ path }) => /^(dist\/|docs\/|[A-Z]+(\.md)?$|package\.json$)/.test(path)),
    ).toBe(true);

    await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
    await writeFile(join(folder, 'program.ts'), program);
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2024',
      strict: true,
      noEmit: true,
      types: ['node'],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    await exec('npm', ['install', '--no-audit', '--no-fund', join(folder, filename), nodeTypes], {
      cwd: folder,
    });

    const run = (command: string, args: string[]) => exec(command, args, { cwd: folder });
    expect((await run(process.execPath, ['program.ts'])).stdout).toBe('hello mesh_closed\n');
    const bin = join(folder, 'node_modules/.bin/sessionmesh');
    expect((await run(process.execPath, [bin, '--help'])).stdout).toContain('Usage: sessionmesh');
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect((await run(process.execPath, [bin, '--version'])).stdout.trim()).toBe(version);
    const tsc = join(root, 'node_modules/.bin/tsc');
    const types = await run(process.execPath, [tsc, '-p', folder]).catch(
      (error: { stdout: string }) => error,
    );
    expect(types.stdout).toBe('');
  },
);
