/**
 * Matches the `pattern`s of a JSON Schema in time proportional to pattern × text, whatever both are.
 *
 * JavaScript's own engine tries alternatives one after the other and can take longer than the universe
 * lasts over thirty characters; here all of them are followed side by side (Thompson's construction). What
 * such a machine cannot do is refused when the schema is read: back-references and looking around.
 */
import { SessionMeshError, messageOf } from '../errors.ts';
import type { Limits } from '../limits.ts';

type Part =
  | { readonly kind: 'character'; readonly source: string }
  | { readonly kind: 'assertion'; readonly source: string }
  | { readonly kind: 'sequence'; readonly parts: readonly Part[] }
  | { readonly kind: 'choice'; readonly parts: readonly Part[] }
  | {
      readonly kind: 'repetition';
      readonly part: Part;
      readonly min: number;
      readonly max: number;
    };

/** One step of the machine; `next` are the steps after it. */
type Step =
  | { readonly kind: 'character'; readonly fits: (character: string) => boolean; next: number }
  | { readonly kind: 'assertion'; readonly source: string; readonly next: number }
  | { readonly kind: 'fork'; next: readonly number[] }
  | { readonly kind: 'match' };

/** A compiled pattern, in the shape a validator asks for. */
export interface Pattern {
  /** Whether the pattern occurs in `text`. */
  test(text: string): boolean;
  /** Differs between patterns that differ. */
  toString(): string;
}

const lexeme =
  /\(\?:|\(\?<[^=!][^>]*>|\(\?|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u\{[^}]*\}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\c[A-Za-z]|\\[pP]\{[^}]*\}|\\[^]|\[(?:\\[^]|[^\]\\])*\]|[^]/uy;
const quantifier = /(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/y;

interface Reader {
  readonly source: string;
  at: number;
}

function refuse(source: string, found: string): never {
  throw new SessionMeshError('schema_invalid', {
    expected: 'a regular expression that can be matched in linear time',
    found: `${found} in ${JSON.stringify(source)}`,
    fix: 'rewrite the pattern, or check the text in the handler',
  });
}

function readChoice(reader: Reader): Part {
  const parts = [readSequence(reader)];
  while (reader.source[reader.at] === '|') {
    reader.at += 1;
    parts.push(readSequence(reader));
  }
  return { kind: 'choice', parts };
}

function readSequence(reader: Reader): Part {
  const parts: Part[] = [];
  while (reader.at < reader.source.length && !'|)'.includes(reader.source.charAt(reader.at))) {
    parts.push(readQuantified(reader, readAtom(reader)));
  }
  return { kind: 'sequence', parts };
}

function readAtom(reader: Reader): Part {
  lexeme.lastIndex = reader.at;
  const [text = ''] = lexeme.exec(reader.source) ?? [];
  reader.at += text.length;
  if (text === '(?') refuse(reader.source, 'looking around or a modifier');
  if (text.startsWith('(')) {
    const part = readChoice(reader);
    reader.at += 1;
    return part;
  }
  if (/^\\[1-9k]/.test(text)) refuse(reader.source, 'a back-reference');
  const isAssertion = text === '^' || text === '$' || text === '\\b' || text === '\\B';
  return { kind: isAssertion ? 'assertion' : 'character', source: text };
}

function readQuantified(reader: Reader, part: Part): Part {
  quantifier.lastIndex = reader.at;
  const match = quantifier.exec(reader.source);
  if (!match) return part;
  const [text, least, comma, most] = match;
  reader.at += text.length;
  if (least === undefined) {
    return {
      kind: 'repetition',
      part,
      min: text.startsWith('+') ? 1 : 0,
      max: text.startsWith('?') ? 1 : Infinity,
    };
  }
  const min = Number(least);
  const max = comma === '' ? min : most ? Number(most) : Infinity;
  return { kind: 'repetition', part, min, max };
}

/** What one character must be. The engine's own syntax decides, on a text of one character: that is safe. */
function fitsOf(source: string): (character: string) => boolean {
  if (/^[^\\[.]/u.test(source)) return (character) => character === source;
  const one = new RegExp(`^${source}$`, 'u');
  return (character) => one.test(character);
}

/** Builds the machine from its end: each part is told where it leads to, and says where it begins. */
function assemble(source: string, root: Part, statesMax: number): { steps: Step[]; start: number } {
  const steps: Step[] = [{ kind: 'match' }];
  const add = (step: Step): number => {
    if (steps.length >= statesMax) refuse(source, `more than ${statesMax} states`);
    return steps.push(step) - 1;
  };
  const place = (part: Part, next: number): number => {
    switch (part.kind) {
      case 'character':
        return add({ kind: 'character', fits: fitsOf(part.source), next });
      case 'assertion':
        return add({ kind: 'assertion', source: part.source, next });
      case 'sequence':
        return part.parts.reduceRight((after, each) => place(each, after), next);
      case 'choice':
        return add({ kind: 'fork', next: part.parts.map((each) => place(each, next)) });
      case 'repetition':
        return repeat(part.part, part.min, part.max, next);
    }
  };
  const repeat = (part: Part, min: number, max: number, next: number): number => {
    let start = next;
    if (max === Infinity) {
      const loop: Step = { kind: 'fork', next: [] };
      start = add(loop);
      loop.next = [place(part, start), next];
    } else {
      for (let optional = min; optional < max; optional += 1) {
        start = add({ kind: 'fork', next: [place(part, start), next] });
      }
    }
    for (let required = 0; required < min; required += 1) start = place(part, start);
    return start;
  };
  const start = place(root, 0);
  return { steps, start };
}

const isWord = (character: string | undefined) =>
  character !== undefined && /^[A-Za-z0-9_]$/.test(character);

function holds(assertion: string, before: string | undefined, after: string | undefined): boolean {
  switch (assertion) {
    case '^':
      return before === undefined;
    case '$':
      return after === undefined;
    case '\\b':
      return isWord(before) !== isWord(after);
    default:
      return isWord(before) === isWord(after);
  }
}

/** Follows every way through the machine at once. */
function run(steps: readonly Step[], start: number, text: string): boolean {
  const characters = Array.from(text);
  const seenAt = new Int32Array(steps.length).fill(-1);
  let active: number[] = [];
  for (let at = 0; at <= characters.length; at += 1) {
    const before = characters[at - 1];
    const character = characters[at];
    const waiting: number[] = [];
    const open = [...active, start];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (seenAt[index] === at) continue;
      seenAt[index] = at;
      const step = steps[index];
      if (step === undefined) continue;
      if (step.kind === 'match') return true;
      if (step.kind === 'fork') open.push(...step.next);
      else if (step.kind === 'assertion') {
        if (holds(step.source, before, character)) open.push(step.next);
      } else if (character !== undefined && step.fits(character)) waiting.push(step.next);
    }
    active = waiting;
  }
  return false;
}

/**
 * Compiles a pattern as JSON Schema means it: ECMAScript's syntax in Unicode mode, matching anywhere.
 * A text longer than `patternTextCharsMax` matches nothing.
 * @throws SessionMeshError `schema_invalid` if it is no regular expression, is too long or too large, or
 * has back-references, looks around, or sets modifiers.
 */
export function compilePattern(source: string, limits: Limits): Pattern {
  if (source.length > limits.patternCharsMax) {
    refuse(`${source.slice(0, 40)}…`, `${source.length} characters`);
  }
  try {
    // oxlint-disable-next-line no-new -- only whether it is a regular expression is asked
    new RegExp(source, 'u');
  } catch (thrown) {
    refuse(source, messageOf(thrown));
  }
  const root = readChoice({ source, at: 0 });
  const { steps, start } = assemble(source, root, limits.patternStatesMax);
  return {
    test: (text) => text.length <= limits.patternTextCharsMax && run(steps, start, text),
    toString: () => `/${source}/u`,
  };
}
