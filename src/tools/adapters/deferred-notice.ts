/** The text that tells a model which namespaces hold tools it has not been shown. */
import { byName } from './tool-name.ts';
import { countCodePoints, takeCodePoints, trimWhiteSpace } from './unicode.ts';

/** One namespace with deferred tools; an empty description shows its name only. */
export interface DeferredNamespace {
  readonly name: string;
  readonly description: string;
}

/** Bytes of the whole text. Beyond it descriptions are cut, then namespaces left out. */
const noticeBytesMax = 4096;

/** Bytes kept free for the line that counts the namespaces left out. */
const omissionBytes = 64;

/** Characters of one description; a longer one is cut. */
const descriptionCharsMax = 250;

const ellipsis = '...';
const head = '<tools>\nDeferred tool namespaces:\n';
const foot = '</tools>';

const nameLine = ({ name }: DeferredNamespace) => `- ${name}`;

/** What joins a name and its description. */
const joint = ': ';

const wrap = (lines: readonly string[]) =>
  `${head}${lines.map((line) => `${line}\n`).join('')}${foot}`;

function summarise(description: string): string {
  const line = trimWhiteSpace(description.split('\n', 1)[0] ?? '');
  if (countCodePoints(line) <= descriptionCharsMax) return line;
  return takeCodePoints(line, descriptionCharsMax - ellipsis.length) + ellipsis;
}

/** The longest start of `text` within `bytesMax`, no character cut in two. */
function takeBytes(text: string, bytesMax: number): string {
  let kept = '';
  let bytes = 0;
  for (const point of text) {
    bytes += Buffer.byteLength(point);
    if (bytes > bytesMax) break;
    kept += point;
  }
  return kept;
}

/**
 * How many characters of each text fit `room` together: one more for each in turn, the first of them
 * with the joint, as long as any fits.
 */
function shareRoom(texts: readonly (readonly string[])[], room: number): readonly number[] {
  const shares = texts.map(() => 0);
  let left = room;
  for (let granted = true; granted;) {
    granted = false;
    for (const [index, characters] of texts.entries()) {
      const share = shares[index] ?? 0;
      const next = characters[share];
      if (next === undefined) continue;
      const bytes = Buffer.byteLength(share === 0 ? joint + next : next);
      if (bytes > left) continue;
      left -= bytes;
      shares[index] = share + 1;
      granted = true;
    }
  }
  return shares;
}

/** `characters` cut to `share` of them; the ellipsis takes the room of the last ones. */
function cutToShare(characters: readonly string[], share: number): string {
  if (share >= characters.length) return characters.join('');
  const granted = characters.slice(0, share).join('');
  const bytes = Buffer.byteLength(granted) - ellipsis.length;
  return bytes < 0 ? '' : takeBytes(granted, bytes) + ellipsis;
}

/** As many names as leave room to say how many do not fit. */
function listNames(names: readonly string[]): string {
  let room = noticeBytesMax - omissionBytes - Buffer.byteLength(wrap([]));
  const cut = names.findIndex((name) => {
    room -= Buffer.byteLength(`${name}\n`);
    return room < 0;
  });
  const kept = names.slice(0, cut < 0 ? names.length : cut);
  return wrap([...kept, `... ${names.length - kept.length} additional namespaces omitted.`]);
}

/**
 * The notice for `namespaces`, in UTF-8 order of their names; null when there are none. It is sent
 * whether or not the model can search.
 */
export function deferredNotice(namespaces: readonly DeferredNamespace[]): string | null {
  if (namespaces.length === 0) return null;
  const sorted = namespaces.toSorted(byName);
  const names = sorted.map(nameLine);
  const summaries = sorted.map(({ description }) => Array.from(summarise(description)));
  const describe = (index: number, share: number) => {
    const shown = cutToShare(summaries[index] ?? [], share);
    return shown === '' ? '' : joint + shown;
  };
  const whole = wrap(names.map((name, index) => name + describe(index, Infinity)));
  if (Buffer.byteLength(whole) <= noticeBytesMax) return whole;
  const room = noticeBytesMax - Buffer.byteLength(wrap(names));
  if (room < 0) return listNames(names);
  const shares = shareRoom(summaries, room);
  return wrap(names.map((name, index) => name + describe(index, shares[index] ?? 0)));
}
