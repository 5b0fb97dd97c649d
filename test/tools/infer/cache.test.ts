/** The second start of a program loads no compiler, and nothing out of date is ever used. */
import { execFile } from 'node:child_process';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';
import { readCache, type CacheKey } from '../../../src/tools/infer/cache.ts';
import { toolsFromModule } from '../../../src/tools/infer/index.ts';
import { silentLogger } from '../../../src/logger.ts';
import { createScratch, type Scratch } from './scratch.ts';

const source = `import type { Options } from './options.ts';
/** Finds. */
export const find = (options: Options) => options.when.getUTCFullYear();
`;
const options = 'export interface Options { when: Date }\n';

const createModule = () =>
  createScratch({ 'package.json': '{}', 'tools.ts': source, 'options.ts': options });

const keyOf = (scratch: Scratch, folder = scratch.folder): CacheKey => ({
  cacheDir: join(folder, 'cache'),
  file: join(folder, 'tools.ts'),
  tsconfig: undefined,
});

/** Fills the cache in this process, where the compiler is loaded anyway. */
async function fill(scratch: Scratch): Promise<CacheKey> {
  const key = keyOf(scratch);
  await toolsFromModule(key.file, { cacheDir: key.cacheDir });
  expect(await readCache(key)).not.toBeNull();
  return key;
}

interface Start {
  readonly schemas?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
  readonly requested: readonly string[];
}

/** Starts a program of its own; see `start.ts`. */
async function start(key: CacheKey, mode = ''): Promise<Start> {
  const script = fileURLToPath(new URL('./start.ts', import.meta.url));
  const args = ['--conditions=sessionmesh-source', script, key.file, key.cacheDir, mode];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

test('the second start does not even look for the compiler, and has the same tools', async () => {
  await using scratch = await createModule();
  const first = await start(keyOf(scratch));
  expect(first.requested).toContain('ts-morph');
  const second = await start(keyOf(scratch));
  expect(second.requested).toEqual([]);
  expect(second.result).toBe(2026);
  expect(second.schemas).toEqual(first.schemas);
});

test('where the compiler is gone, what was remembered is still good', async () => {
  await using scratch = await createModule();
  await start(keyOf(scratch));
  expect(await start(keyOf(scratch), '--without-compiler')).toMatchObject({ result: 2026 });
});

test('without compiler and memory the error says what to install', async () => {
  await using scratch = await createModule();
  const { error } = await start(keyOf(scratch), '--without-compiler');
  expect(error).toMatchObject({ code: 'infer_unavailable' });
  expect(error?.message).toContain('npm install --save-dev ts-morph@28');
});

test('a change of the module or of a file its types come from is noticed, and its undoing too', async () => {
  await using scratch = await createModule();
  const key = await fill(scratch);
  for (const [name, text] of [
    ['tools.ts', source],
    ['options.ts', options],
  ] as const) {
    await scratch.write(name, `${text}// changed\n`);
    expect(await readCache(key)).toBeNull();
    await scratch.write(name, text);
    expect(await readCache(key)).not.toBeNull();
  }
  await scratch.write('other.ts', 'export {};');
  expect(await readCache(key)).not.toBeNull();
});

test('a tsconfig.json that appears, or whose base changes, is noticed', async () => {
  await using scratch = await createModule();
  const key = await fill(scratch);
  await scratch.write('tsconfig.json', '{ "extends": "./base.json" }');
  await scratch.write('base.json', '{}');
  expect(await readCache(key)).toBeNull();
  await fill(scratch);
  await scratch.write('base.json', '{ "compilerOptions": { "target": "es2022" } }');
  expect(await readCache(key)).toBeNull();
});

test('a package whose types are used counts by its version', async () => {
  await using scratch = await createModule();
  const manifest = (version: string) =>
    JSON.stringify({ name: 'shapes', version, types: './index.d.ts' });
  await scratch.write('node_modules/shapes/package.json', manifest('1.0.0'));
  await scratch.write('node_modules/shapes/index.d.ts', 'export interface Box { size: number }');
  await scratch.write(
    'tools.ts',
    `import type { Box } from 'shapes';\n/** D. */\nexport const find = (box: Box) => box.size;`,
  );
  const key = await fill(scratch);
  await scratch.write('node_modules/shapes/package.json', manifest('1.0.1'));
  expect(await readCache(key)).toBeNull();
});

test('an entry of another version, or a damaged one, is as good as none', async () => {
  await using scratch = await createModule();
  const key = await fill(scratch);
  const [name = ''] = await readdir(key.cacheDir);
  const entry: object = JSON.parse(await readFile(join(key.cacheDir, name), 'utf8'));
  for (const damage of [
    { ...entry, versions: { sessionmesh: '0.0.0', 'ts-morph': '28.0.0' } },
    { ...entry, versions: { ...Object(entry).versions, 'ts-morph': '27.0.0' } },
    { ...entry, format: 0 },
    { ...entry, tools: [{ name: 'find' }] },
    { ...entry, files: null },
    null,
  ]) {
    await writeFile(join(key.cacheDir, name), JSON.stringify(damage));
    expect(await readCache(key)).toBeNull();
  }
  await writeFile(join(key.cacheDir, name), '{"format":');
  expect(await readCache(key)).toBeNull();
  expect(await toolsFromModule(key.file, { cacheDir: key.cacheDir })).toHaveLength(1);
  expect(await readCache(key)).not.toBeNull();
});

test('a project that moves takes its memory along', async () => {
  await using scratch = await createScratch({
    'old/package.json': '{}',
    'old/tools.ts': source,
    'old/options.ts': options,
  });
  const old = keyOf(scratch, scratch.path('old'));
  await toolsFromModule(old.file, { cacheDir: old.cacheDir });
  await rename(scratch.path('old'), scratch.path('new'));
  expect(await readCache(keyOf(scratch, scratch.path('new')))).not.toBeNull();
});

test('by default the memory is in the node_modules of the package', async () => {
  await using scratch = await createScratch({
    'package.json': '{}',
    'src/tools.ts': source,
    'src/options.ts': options,
  });
  await toolsFromModule(scratch.path('src/tools.ts'));
  expect(await readdir(scratch.path('node_modules/.cache/sessionmesh'))).toHaveLength(1);
});

test('many starts at once leave one entry and nothing else', async () => {
  await using scratch = await createModule();
  const key = keyOf(scratch);
  const starts = Array.from({ length: 4 }, () =>
    toolsFromModule(key.file, { cacheDir: key.cacheDir }),
  );
  for (const tools of await Promise.all(starts)) expect(tools).toHaveLength(1);
  expect(await readdir(key.cacheDir)).toHaveLength(1);
  expect(await readCache(key)).not.toBeNull();
});

test('a folder that cannot be written costs the memory, not the tools', async () => {
  await using scratch = await createModule();
  const inTheWay = await scratch.write('file', '');
  const warn = vi.fn<(fields: object, message: string) => void>();
  const logger = { ...silentLogger, warn };
  expect(
    await toolsFromModule(scratch.path('tools.ts'), { cacheDir: inTheWay, logger }),
  ).toHaveLength(1);
  expect(warn.mock.calls).toMatchObject([[{ cacheDir: inTheWay }, /could not be kept/]]);
});

test('errors are not remembered, warnings are said again', async () => {
  await using scratch = await createScratch({
    'package.json': '{}',
    'tools.ts': '/** D. */\nexport const find = (x: symbol) => x;',
  });
  const key = keyOf(scratch);
  await expect(toolsFromModule(key.file, { cacheDir: key.cacheDir })).rejects.toThrow('symbol');
  await expect(readdir(key.cacheDir)).rejects.toThrow('ENOENT');
  await scratch.write('tools.ts', 'export const find = (x: string) => x;');
  const warn = vi.fn<(fields: object, message: string) => void>();
  const logger = { ...silentLogger, warn };
  await toolsFromModule(key.file, { cacheDir: key.cacheDir, logger });
  await toolsFromModule(key.file, { cacheDir: key.cacheDir, logger });
  expect(warn.mock.calls).toHaveLength(2);
  expect(warn.mock.calls[0]).toEqual(warn.mock.calls[1]);
});
