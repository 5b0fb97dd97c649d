/** What a host accepts as an image or as audio: data URLs of the formats it knows. */

interface DataUrl {
  /** Lower case, without parameters; may be empty. */
  readonly mimeType: string;
  /** Null when the content is not base64. */
  readonly base64: string | null;
}

/** Whether `url` points elsewhere instead of carrying its content. */
export function isRemoteUrl(url: string): boolean {
  return /^https?:/i.test(url);
}

/** Whether `url` says that it carries its content. */
export function isDataUrl(url: string): boolean {
  return /^data:/i.test(url);
}

function readDataUrl(url: string): DataUrl | null {
  const comma = url.indexOf(',');
  if (!isDataUrl(url) || comma < 0) return null;
  const [mimeType = '', ...parameters] = url.slice('data:'.length, comma).toLowerCase().split(';');
  const content = url.slice(comma + 1);
  const isBase64 =
    parameters.at(-1) === 'base64' &&
    content.length > 0 &&
    content.length % 4 === 0 &&
    /^[A-Za-z0-9+/]+={0,2}$/.test(content);
  return { mimeType, base64: isBase64 ? content : null };
}

/** How the formats begin that a host can decode, bytes as Latin-1. What is declared does not count. */
const imageStarts: readonly (readonly [mimeType: string, start: string, after?: string])[] = [
  ['image/png', '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', '\xff\xd8\xff'],
  ['image/gif', 'GIF87a'],
  ['image/gif', 'GIF89a'],
  ['image/webp', 'RIFF', 'WEBP'],
];

/**
 * A data URL of an image with the type that its content shows, or null when it does not begin as an
 * image does. The pixels are not looked at.
 */
export function readImageUrl(url: string): string | null {
  const base64 = readDataUrl(url)?.base64;
  if (!base64) return null;
  const bytes = Buffer.from(base64.slice(0, 16), 'base64').toString('latin1');
  const format = imageStarts.find(
    ([, start, after = '']) => bytes.startsWith(start) && bytes.startsWith(after, 8),
  );
  return format === undefined ? null : `data:${format[0]};base64,${base64}`;
}

const audioTypes = new Map([
  ['audio/wav', 'audio/wav'],
  ['audio/x-wav', 'audio/wav'],
  ['audio/wave', 'audio/wav'],
  ['audio/vnd.wave', 'audio/wav'],
  ['audio/mpeg', 'audio/mpeg'],
  ['audio/mp3', 'audio/mpeg'],
  ['audio/mp4', 'audio/mp4'],
  ['audio/m4a', 'audio/mp4'],
  ['audio/x-m4a', 'audio/mp4'],
  ['audio/webm', 'audio/webm'],
  ['audio/ogg', 'audio/ogg'],
]);

/** Audio that can be sent, its type in its common spelling, or why it cannot be. */
export type AudioReading =
  | { readonly ok: true; readonly url: string }
  | { readonly ok: false; readonly reason: 'unreadable' | 'unknown-format' };

/** Reads a data URL of audio. The sound is not looked at. */
export function readAudioUrl(url: string): AudioReading {
  const data = readDataUrl(url);
  if (data === null || data.mimeType === '') return { ok: false, reason: 'unreadable' };
  const mimeType = audioTypes.get(data.mimeType);
  if (mimeType === undefined) return { ok: false, reason: 'unknown-format' };
  if (data.base64 === null) return { ok: false, reason: 'unreadable' };
  return { ok: true, url: `data:${mimeType};base64,${data.base64}` };
}
