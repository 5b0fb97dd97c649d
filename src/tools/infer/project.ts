/** Opens a module the way its own project compiles it, and tells which files the result depends on. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve, sep } from 'node:path';
import { Node, Project, ts, type Program, type SourceFile, type Symbol, type Type } from 'ts-morph';
import type { SourcePlace } from './inferred.ts';

/** A place at which the module does not parse. */
export interface SyntaxMistake {
  readonly place: SourcePlace;
  readonly message: string;
}

/** A module, opened. */
export interface OpenModule {
  readonly source: SourceFile;
  /** In the order of the text; empty for a module that parses. */
  readonly syntaxMistakes: readonly SyntaxMistake[];
  /** Whether `symbol` is a class or interface of the language's own library. */
  readonly isBuiltIn: (symbol: Symbol | undefined) => boolean;
  /** Whether `node` is in the user's own sources, not in a package or in the library. */
  readonly isOwn: (node: Node) => boolean;
  /** How many rules for names of any kind `type` has: `[key: string]`, `` [key: `x-${string}`] ``. */
  readonly countIndexes: (type: Type) => number;
  /** Absolute paths of all files that a change of could change the result. Sorted. */
  readonly dependencies: readonly string[];
}

/** The settings of a module that belongs to no project. */
const looseOptions = {
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.NodeNext,
  // No DOM: a signature can use nothing of it, and reading it takes longer than all the rest.
  lib: ['lib.esnext.d.ts'],
};

/** What inference needs whatever the project says: `null` must be told from everything else. */
const neededOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
};

async function readTextIfAny(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return null;
  }
}

/** The `tsconfig.json` files that would apply to `folder`, nearest first, whether they exist or not. */
function configCandidates(folder: string): string[] {
  const parent = dirname(folder);
  const here = join(folder, 'tsconfig.json');
  return parent === folder ? [here] : [here, ...configCandidates(parent)];
}

/** Where `extends` of the file at `path` leads. What cannot be found is left to the compiler. */
function extendedPath(path: string, specifier: string): string | null {
  try {
    return specifier.startsWith('.') || specifier.startsWith('/')
      ? resolve(dirname(path), specifier.endsWith('.json') ? specifier : `${specifier}.json`)
      : createRequire(path).resolve(specifier);
  } catch {
    return null;
  }
}

function extendsOf(text: string, path: string): string[] {
  const { config } = ts.parseConfigFileTextToJson(path, text);
  const value: unknown = typeof config === 'object' && config !== null ? config.extends : undefined;
  return [value].flat().filter((specifier) => typeof specifier === 'string');
}

/** `path` and everything it extends. */
async function configChain(path: string, chain: string[] = []): Promise<string[]> {
  if (chain.includes(path)) return chain;
  chain.push(path);
  for (const specifier of extendsOf((await readTextIfAny(path)) ?? '', path)) {
    const extended = extendedPath(path, specifier);
    if (extended !== null) await configChain(extended, chain);
  }
  return chain;
}

interface Config {
  readonly path: string | null;
  /** Files whose appearance or change would change the settings. */
  readonly watched: readonly string[];
}

async function findConfig(file: string, given: string | undefined): Promise<Config> {
  if (given !== undefined) {
    const path = resolve(given);
    return { path, watched: await configChain(path) };
  }
  const absent: string[] = [];
  for (const path of configCandidates(dirname(file))) {
    if ((await readTextIfAny(path)) !== null) {
      return { path, watched: [...absent, ...(await configChain(path))] };
    }
    absent.push(path);
  }
  return { path: null, watched: absent };
}

/** A package's own manifest stands for all its files: they change with its version. */
function manifestOf(path: string): string {
  const marker = `${sep}node_modules${sep}`;
  const at = path.lastIndexOf(marker);
  if (at < 0) return path;
  const parts = path.slice(at + marker.length).split(sep);
  const name = parts.slice(0, parts[0]?.startsWith('@') ? 2 : 1);
  return join(path.slice(0, at), 'node_modules', ...name, 'package.json');
}

function sourceDependencies(program: Program): string[] {
  const compiler = program.compilerObject;
  return compiler
    .getSourceFiles()
    .filter((source) => !compiler.isSourceFileDefaultLibrary(source))
    .map((source) => manifestOf(resolve(source.fileName)));
}

function syntaxMistakesOf(source: SourceFile, program: Program): SyntaxMistake[] {
  return program.compilerObject
    .getSyntacticDiagnostics(source.compilerNode)
    .map(({ start, messageText }) => ({
      place: { file: source.getFilePath(), ...source.getLineAndColumnAtPos(start) },
      message: ts.flattenDiagnosticMessageText(messageText, '\n'),
    }));
}

/**
 * Opens the module at `file`.
 * @param tsconfig the settings to read it with; by default the nearest `tsconfig.json` above it
 */
export async function openModule(file: string, tsconfig?: string): Promise<OpenModule> {
  const config = await findConfig(file, tsconfig);
  const project = new Project({
    ...(config.path === null ? {} : { tsConfigFilePath: config.path }),
    skipAddingFilesFromTsConfig: true,
    compilerOptions: { ...(config.path === null ? looseOptions : {}), ...neededOptions },
  });
  const source = project.addSourceFileAtPath(file);
  const program = project.getProgram();
  const checker = project.getTypeChecker().compilerObject;
  const isLibrary = (node: Node) =>
    program.compilerObject.isSourceFileDefaultLibrary(node.getSourceFile().compilerNode);
  return {
    source,
    syntaxMistakes: syntaxMistakesOf(source, program),
    isBuiltIn: (symbol) => {
      const declarations = symbol?.getDeclarations() ?? [];
      const isNamed = declarations.some(
        (node) => Node.isInterfaceDeclaration(node) || Node.isClassDeclaration(node),
      );
      return isNamed && declarations.every(isLibrary);
    },
    isOwn: (node) => !isLibrary(node) && !node.getSourceFile().isInNodeModules(),
    countIndexes: (type) => checker.getIndexInfosOfType(type.compilerType).length,
    dependencies: [...new Set([...config.watched, ...sourceDependencies(program)])].toSorted(),
  };
}
