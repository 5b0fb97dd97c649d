/**
 * Runs every vector of `data/`, and of the folder that SESSIONMESH_VECTORS names, against our functions.
 * One test for each file; its name tells how many cases it holds.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readJson, writeJson } from '../../src/tools/adapters/json-text.ts';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../src/tools/adapters/json-value.ts';
import { drive } from './drive.ts';
import type { Driven, Vector } from './vector.ts';

function readVector(value: JsonValue): Vector {
  if (!isJsonObject(value)) throw new Error('a vector is an object');
  const name = value.get('name');
  const fn = value.get('fn');
  const expectedJson = value.get('expectedJson');
  const error = value.get('error');
  if (typeof name !== 'string' || typeof fn !== 'string')
    throw new Error('a vector has a name and a fn');
  const surface = value.get('surface');
  const expected = value.get('expected');
  return {
    name,
    fn,
    input: value.get('input') ?? null,
    ...(typeof surface === 'string' ? { surface } : {}),
    ...(expected === undefined ? {} : { expected }),
    ...(typeof expectedJson === 'string' ? { expectedJson } : {}),
    ...(error === undefined ? {} : { error }),
  };
}

function readVectors(path: string): readonly Vector[] {
  const read = readJson(readFileSync(path, 'utf8'));
  if (!read.ok) throw new Error(`${path}: ${read.problem}`);
  return isJsonArray(read.value) ? read.value.map(readVector) : [];
}

/** `{"$any": ...}`: any value of the kind it describes. */
function isAnySuch(description: JsonValue, actual: JsonValue): boolean {
  return description === 'non-empty string'
    ? typeof actual === 'string' && actual !== ''
    : actual !== null;
}

/** A text in which `<T>` stands for a number. */
function matchesText(expected: string, actual: string): boolean {
  const parts = expected
    .split('<T>')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(String.raw`\d+(?:\.\d+)?`)}$`, 's').test(actual);
}

/** Whether `actual` is what `expected` describes. Key order does not count here. */
function matches(expected: JsonValue, actual: JsonValue | undefined): boolean {
  if (actual === undefined) return false;
  if (typeof expected === 'string') {
    return typeof actual === 'string' && (expected === actual || matchesText(expected, actual));
  }
  if (isJsonArray(expected)) {
    return (
      isJsonArray(actual) &&
      actual.length === expected.length &&
      expected.every((element, index) => matches(element, actual[index]))
    );
  }
  if (!isJsonObject(expected)) return writeJson(expected) === writeJson(actual);
  const any = expected.get('$any');
  if (expected.size === 1 && any !== undefined) return isAnySuch(any, actual);
  return (
    isJsonObject(actual) &&
    actual.size === expected.size &&
    [...expected].every(([name, member]) => matches(member, actual.get(name)))
  );
}

const show = (value: JsonValue | undefined) => writeJson(value ?? null).slice(0, 2_000);

/** An error holds when it has all that the vector tells of it: its members, or its message. */
function matchesError(expected: JsonValue, actual: JsonObject): boolean {
  if (!isJsonObject(expected)) return matches(expected, actual.get('message'));
  return [...expected].every(([name, member]) => matches(member, actual.get(name)));
}

function holds(vector: Vector, driven: Driven): boolean {
  if (vector.error !== undefined) {
    return driven.kind === 'error' && matchesError(vector.error, driven.error);
  }
  if (driven.kind === 'error') return false;
  const { expected = null, expectedJson } = vector;
  return (
    matches(expected, driven.value) &&
    (expectedJson === undefined || writeJson(driven.value) === expectedJson)
  );
}

/** Why `vector` does not hold; null when it does. */
async function failure(vector: Vector): Promise<string | null> {
  if ((vector.expected === undefined) === (vector.error === undefined)) {
    return `${vector.name} must expect either a value or an error`;
  }
  const driven = await drive(vector);
  if (holds(vector, driven)) return null;
  const expected = vector.expectedJson ?? show(vector.error ?? vector.expected);
  const found = show(driven.kind === 'value' ? driven.value : driven.error);
  return `${vector.name}\n  expected ${expected}\n  found    ${found}`;
}

interface VectorFolder {
  readonly path: string;
  /** What stands before a file's name in the title of its test. */
  readonly label: string;
}

const given = process.env['SESSIONMESH_VECTORS'];

const folders: readonly VectorFolder[] = [
  { path: join(import.meta.dirname, 'data'), label: '' },
  ...(given ? [{ path: given, label: 'SESSIONMESH_VECTORS/' }] : []),
];

const files = folders.flatMap(({ path, label }) =>
  readdirSync(path)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ file: label + file, vectors: readVectors(join(path, file)) })),
);

test('there are vector files, and each holds cases', () => {
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter(({ vectors }) => vectors.length === 0).map(({ file }) => file)).toEqual([]);
});

for (const { file, vectors } of files) {
  test(`${file}: ${vectors.length} cases`, async () => {
    const failures: string[] = [];
    for (const vector of vectors) {
      const problem = await failure(vector).catch(
        (error: unknown) => `${vector.name}: ${String(error)}`,
      );
      if (problem !== null) failures.push(problem);
    }
    console.log(`${file}: ${vectors.length - failures.length} of ${vectors.length} cases hold`);
    expect(failures.join('\n')).toBe('');
  });
}
