/** Holds the import table of ARCHITECTURE.md, and refuses cycles, stray folders and oversized files. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** Rows from the top down. A folder imports from rows below its own, and freely within itself. */
const rows: readonly (readonly string[])[] = [
  ['cli'],
  ['soak'],
  ['service', 'remote-skills', 'testing'],
  ['history'],
  ['team'],
  ['mesh'],
  ['hosts', 'bus', 'ledger', 'charts', 'mcp'],
  ['rpc', 'tools'],
  ['machines', 'base'],
];

/** Single files directly under src/ form the bottom row; index.ts is the public door above everything but the CLI. */
const baseFiles = new Set([
  'abort.ts',
  'age-list.ts',
  'env.ts',
  'limits.ts',
  'errors.ts',
  'backoff.ts',
  'logger.ts',
  'package-version.ts',
  'transient-map.ts',
  'undo-stack.ts',
]);

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesUnder(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

const files = [...filesUnder(join(root, 'machines')), ...filesUnder(join(root, 'src'))];

function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
}

function folderOf(path: string): string {
  const [top, second] = relative(root, path).split('/');
  if (top === 'machines') return 'machines';
  if (second === 'index.ts') return 'index';
  return baseFiles.has(second!) || second === 'env' ? 'base' : second!;
}

const rowOf = (folder: string) => rows.findIndex((row) => row.includes(folder));

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  if (to === 'index') return from === 'cli';
  if (from === 'index') return to !== 'cli' && to !== 'testing';
  if (from === 'machines') return false;
  return rowOf(to) > rowOf(from);
}

test('the test reads the sources it speaks of', () => {
  expect(files.length).toBeGreaterThan(5);
});

test('every folder has a row in the table', () => {
  const unknown = files.filter((file) => folderOf(file) !== 'index' && rowOf(folderOf(file)) < 0);
  expect(unknown.map((file) => relative(root, file))).toEqual([]);
});

test('imports go down the table only', () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => target.startsWith('.'))
      .map((target) => resolve(dirname(file), target))
      .filter((target) => !mayImport(folderOf(file), folderOf(target)))
      .map((target) => `${relative(root, file)} -> ${relative(root, target)}`),
  );
  expect(wrong).toEqual([]);
});

test('machines import xstate and nothing else', () => {
  const wrong = files
    .filter((file) => folderOf(file) === 'machines')
    .flatMap((file) => importsOf(file).filter((target) => !/^(xstate$|\.\/)/.test(target)));
  expect(wrong).toEqual([]);
});

test('there is no cycle between files', () => {
  const graph = new Map(
    files.map((file) => [
      file,
      importsOf(file)
        .filter((target) => target.startsWith('.'))
        .map((target) => resolve(dirname(file), target)),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file)) {
      cycles.push(
        [...path.slice(path.indexOf(file)), file].map((p) => relative(root, p)).join(' > '),
      );
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(cycles).toEqual([]);
});

test('only the seam reads clocks, randomness and timers', () => {
  const forbidden =
    /\b(Date\.now|performance\.now|Math\.random|randomUUID|new Date\(\))|(?<![.\w])(setTimeout|setInterval|setImmediate)\(/;
  const wrong = files
    .filter((file) => !/src\/(env\/|env\.ts|cli\/)/.test(file))
    .filter((file) => forbidden.test(readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')));
  expect(wrong.map((file) => relative(root, file))).toEqual([]);
});

/**
 * Who may reach for the world besides the seam, because it is not the runtime: the command line; what plays
 * the outside world for tests and soak runs; and what reads source code, as the compiler it uses does.
 */
const outsideTheSeam =
  /src\/(env\/|cli\/|testing\/scripted|soak\/(real|proxy|mutants)\/|tools\/infer\/)/;

test('only the seam reaches for files, network, processes and databases', () => {
  const worldly =
    /^import (?!type)[^;]*'(node:(fs|fs\/promises|net|tls|dns|http|https|http2|dgram|child_process|worker_threads|cluster|sqlite)|undici|ws)';|(?<![.\w])(fetch|WebSocket)\(|(?<![.#\w])process\.(on|off|once|kill|pid|cwd|chdir|platform|arch)\b/m;
  const allowedConstants = /^import \{ (constants|STATUS_CODES) \} from 'node:(fs|http)';$/gm;
  const wrong = files
    .filter((file) => !outsideTheSeam.test(file))
    .filter((file) => {
      const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
      return worldly.test(text.replace(allowedConstants, ''));
    });
  expect(wrong.map((file) => relative(root, file))).toEqual([]);
});

test('only the command line reads argv and the process environment', () => {
  const wrong = files
    .filter((file) => folderOf(file) !== 'cli')
    .filter((file) => /process\.(argv|env|exit)\b/.test(readFileSync(file, 'utf8')));
  expect(wrong.map((file) => relative(root, file))).toEqual([]);
});

/** Lines that are neither blank nor comment: a table of bounds may explain itself at length. */
function codeLines(file: string): number {
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  return text.split('\n').filter((line) => !/^\s*(\/\/.*)?$/.test(line)).length;
}

test('nothing is named utils, helpers, common or types, and no file passes 400 lines', () => {
  const wrong = files.filter(
    (file) => /\/(utils?|helpers?|common|types)(\.ts|\/)/.test(file) || codeLines(file) > 400,
  );
  expect(wrong.map((file) => relative(root, file))).toEqual([]);
  expect(statSync(join(root, 'src/env.ts')).isFile()).toBe(true);
});
