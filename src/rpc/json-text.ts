/**
 * Values to JSON text that every parser accepts. A receiver that drops what it cannot read, without a
 * word, would leave a request open for ever; so what could be dropped is mended or refused here.
 */
import { SessionMeshError } from '../errors.ts';

/** Whether a text holds more than `countMax` of `character`, looked for at the speed of a byte search. */
function holdsMore(text: string, character: string, countMax: number): boolean {
  let at = -1;
  for (let count = 0; count <= countMax; count += 1) {
    at = text.indexOf(character, at + 1);
    if (at < 0) return false;
  }
  return true;
}

/** Whether JSON text nests deeper than `depthMax`. Most of it has too few brackets for the question. */
function nestsDeeper(text: string, depthMax: number): boolean {
  const half = depthMax >> 1;
  if (!holdsMore(text, '{', half) && !holdsMore(text, '[', half)) return false;
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') {
      inString = true;
    } else if (character === '{' || character === '[') {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (character === '}' || character === ']') {
      depth -= 1;
    }
  }
  return false;
}

/** How the escape of a lone half begins. */
const escapeOfHalf = String.raw`\ud`;

/** Every escape sequence; the ones of a surrogate are captured. `JSON.stringify` writes them in lower case. */
const escapes = /\\(?:u(d[89a-f][0-9a-f]{2})|.)/g;

/**
 * `JSON.stringify` leaves whole surrogate pairs as they are and escapes lone halves, so in the ordinary
 * text there is nothing to find. A text that merely quotes such an escape is looked at more closely.
 */
function replaceLoneSurrogates(text: string): string {
  if (!text.includes(escapeOfHalf)) return text;
  return text.replace(escapes, (escape, surrogate) =>
    surrogate === undefined ? escape : '\ufffd',
  );
}

function stringify(value: unknown): string {
  const expected = 'plain JSON';
  let text: string | undefined;
  try {
    text = JSON.stringify(value ?? null);
  } catch (cause) {
    // A cycle, a BigInt, a `toJSON` that throws, or nesting beyond what the stack holds.
    throw new SessionMeshError('message_invalid', { expected, cause });
  }
  if (text === undefined) {
    throw new SessionMeshError('message_invalid', { expected, found: typeof value });
  }
  return text;
}

/**
 * The JSON of `value`; undefined becomes null, a lone surrogate U+FFFD.
 * @throws SessionMeshError `message_invalid` for what is no JSON and for nesting beyond `depthMax`.
 */
export function toJsonText(value: unknown, depthMax: number): string {
  const text = stringify(value);
  if (nestsDeeper(text, depthMax)) {
    throw new SessionMeshError('message_invalid', {
      expected: `at most ${depthMax} levels of nesting`,
    });
  }
  return replaceLoneSurrogates(text);
}
