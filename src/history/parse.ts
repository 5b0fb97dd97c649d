/** Reads lines that come from outside: strict, and exact about what was wrong with which line. */
import { messageOf, SessionMeshError } from '../errors.ts';
import { historyVersion, type HistoryHeader, type HistoryRecord } from './record.ts';
import { meshShapes, teamShapes, worldShapes, type Kind, type Shape } from './shape.ts';

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const every = (value: unknown, type: 'string' | 'number') =>
  isFields(value) && Object.values(value).every((entry) => typeof entry === type);

const isText = (value: unknown) => typeof value === 'string';
const isNumber = (value: unknown) => typeof value === 'number';
const isFlag = (value: unknown) => typeof value === 'boolean';

const tests: Record<Extract<Kind, string>, (value: unknown) => boolean> = {
  text: isText,
  'text?': (value) => value === null || isText(value),
  number: isNumber,
  'number?': (value) => value === null || isNumber(value),
  flag: isFlag,
  'flag?': (value) => value === null || isFlag(value),
  id: (value) => isText(value) || isNumber(value),
  texts: (value) => Array.isArray(value) && value.every(isText),
  textMap: (value) => every(value, 'string'),
  numberMap: (value) => every(value, 'number'),
  json: (value) => value !== undefined,
};

const words: Record<Extract<Kind, string>, string> = {
  text: 'a text',
  'text?': 'a text or null',
  number: 'a number',
  'number?': 'a number or null',
  flag: 'true or false',
  'flag?': 'true, false or null',
  id: 'a text or a number',
  texts: 'a list of texts',
  textMap: 'an object of texts',
  numberMap: 'an object of numbers',
  json: 'any value',
};

/** What is wrong with `value`, as `path: what was expected`; null if nothing is. */
function problemOf(value: unknown, kind: Kind, path: string): string | null {
  if (typeof kind === 'string') return tests[kind](value) ? null : `${words[kind]} as \`${path}\``;
  if (Array.isArray(kind)) {
    const isOne = kind.some((entry: unknown) => entry === value);
    return isOne ? null : `one of ${kind.map(String).join(', ')} as \`${path}\``;
  }
  if (!isFields(value)) return `an object as \`${path}\``;
  for (const [field, inner] of Object.entries(kind)) {
    const problem = problemOf(value[field], inner, path === '' ? field : `${path}.${field}`);
    if (problem !== null) return problem;
  }
  return null;
}

function problemOfTyped(value: unknown, shapes: Readonly<Record<string, Shape>>, path: string) {
  if (!isFields(value)) return `an object as \`${path}\``;
  const { type } = value;
  const shape = typeof type === 'string' && Object.hasOwn(shapes, type) ? shapes[type] : undefined;
  if (shape === undefined) return `a known \`${path}.type\`, not ${JSON.stringify(type) ?? 'none'}`;
  return problemOf(value, shape, path);
}

const wrapped: Shape = { runtime: 'text' };

function problemOfEvent(event: unknown): string | null {
  if (isFields(event) && (event['type'] === 'mesh' || event['type'] === 'team')) {
    const shapes = event['type'] === 'mesh' ? meshShapes : teamShapes;
    return problemOf(event, wrapped, 'event') ?? problemOfTyped(event['event'], shapes, 'event');
  }
  return problemOfTyped(event, worldShapes, 'event');
}

function problemOfRecord(value: unknown): string | null {
  if (!isFields(value)) return 'an object';
  const { seq, at } = value;
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) {
    return 'a whole number above zero as `seq`';
  }
  if (typeof at !== 'number') return 'a number as `at`';
  return problemOfEvent(value['event']);
}

const headerShape: Shape = {
  source: 'text',
  runId: 'text',
  time: ['wall', 'virtual'],
  seed: 'number?',
  about: {},
};

function problemOfHeader(value: unknown): string | null {
  if (!isFields(value) || value['type'] !== 'history.began') {
    return 'the header of a history, `history.began`';
  }
  if (value['version'] !== historyVersion) {
    return `version ${historyVersion}, not ${JSON.stringify(value['version']) ?? 'none'}`;
  }
  return problemOf(value, headerShape, '');
}

function isHeader(value: unknown): value is HistoryHeader {
  return problemOfHeader(value) === null;
}

function isRecord(value: unknown): value is HistoryRecord {
  return problemOfRecord(value) === null;
}

function refuse(line: number, expected: string | null, found: string): SessionMeshError {
  const where = `${found} on line ${line}`;
  return new SessionMeshError('history_invalid', {
    expected: expected ?? 'a record',
    found: where,
  });
}

/** The beginning of a line, for a message. */
function shown(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

function parseJson(text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw refuse(line, `JSON (${messageOf(thrown)})`, shown(text));
  }
}

/**
 * The header of a history, from its first line.
 * @throws SessionMeshError `history_invalid`.
 */
export function parseHeader(text: string): HistoryHeader {
  const value = parseJson(text, 1);
  if (isHeader(value)) return value;
  throw refuse(1, problemOfHeader(value), shown(text));
}

/**
 * One record of a history. `line` is counted from 1, the header included, and named if it is wrong.
 * @throws SessionMeshError `history_invalid`.
 */
export function parseRecord(text: string, line: number): HistoryRecord {
  const value = parseJson(text, line);
  if (isRecord(value)) return value;
  throw refuse(line, problemOfRecord(value), shown(text));
}
