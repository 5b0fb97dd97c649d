/**
 * Text rules that differ between JavaScript and the wire: what counts as white space, which order
 * names have, and how a name is spelled inside an error message.
 */

const outerWhiteSpace = /^\p{White_Space}+|\p{White_Space}+$/gu;

/**
 * `text` without leading and trailing Unicode White_Space. Unlike `String.prototype.trim` it removes
 * U+0085 and keeps U+FEFF.
 */
export function trimWhiteSpace(text: string): string {
  return text.replace(outerWhiteSpace, '');
}

/** Whether `text` is empty or nothing but Unicode White_Space. */
export function isBlank(text: string): boolean {
  return trimWhiteSpace(text) === '';
}

/** The unit at `index`, moved so that surrogates sort after all other units, as they do in UTF-8. */
function orderedUnit(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** Orders two texts by their UTF-8 bytes; for `Array.prototype.sort`. */
export function compareUtf8(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    if (left[index] !== right[index]) return orderedUnit(left, index) - orderedUnit(right, index);
  }
  return left.length - right.length;
}

/** How many code points `text` has. */
export function countCodePoints(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

/** The first `count` code points of `text`. */
export function takeCodePoints(text: string, count: number): string {
  let end = 0;
  let taken = 0;
  for (const point of text) {
    if (taken === count) break;
    taken += 1;
    end += point.length;
  }
  return text.slice(0, end);
}

const namedEscapes = new Map([
  ['\t', '\\t'],
  ['\r', '\\r'],
  ['\n', '\\n'],
  ["'", "\\'"],
  ['"', '\\"'],
  ['\\', '\\\\'],
]);

const codePointEscape = (point: string) => `\\u{${(point.codePointAt(0) ?? 0).toString(16)}}`;

/** `text` as it stands in an error about a name: printable ASCII, everything else escaped. */
export function escapeName(text: string): string {
  return text.replace(
    /['"\\]|[^ -~]/gsu,
    (point) => namedEscapes.get(point) ?? codePointEscape(point),
  );
}

/** `text` in double quotes, as it stands in an error about a value: printable text stays readable. */
export function quoteText(text: string): string {
  const inner = text.replace(/["\\]|[\p{C}\p{Z}\p{Grapheme_Extend}]/gsu, (point) => {
    if (point === ' ') return point;
    return point === '\0' ? '\\0' : (namedEscapes.get(point) ?? codePointEscape(point));
  });
  return `"${inner}"`;
}
