/** What a model can be shown: text, images, audio. Authors build it with these; `toolOutput` checks it. */
import type { ContentItem } from './contract.ts';
import { isRecord } from './json.ts';

/** Bytes of an image or a recording, and what they are: `image/png`. */
export interface Media {
  readonly data: Uint8Array;
  readonly mimeType: string;
}

const contentTypes: ReadonlySet<unknown> = new Set<ContentItem['type']>([
  'inputText',
  'inputImage',
  'inputAudio',
]);

function dataUrl(source: string | Media): string {
  if (typeof source === 'string') return source;
  const { buffer, byteOffset, byteLength } = source.data;
  const base64 = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  return `data:${source.mimeType};base64,${base64}`;
}

/** Text, word for word. */
export function text(content: string): ContentItem {
  return { type: 'inputText', text: content };
}

/** An image: a `data:` URL, or its bytes. Codex takes no other URL. */
export function image(source: string | Media): ContentItem {
  return { type: 'inputImage', imageUrl: dataUrl(source) };
}

/** A recording: a `data:` URL, or its bytes. Models that cannot listen are told that something was left out. */
export function audio(source: string | Media): ContentItem {
  return { type: 'inputAudio', audioUrl: dataUrl(source) };
}

/** Whether `value` says it is a piece of content, well-formed or not. */
export function isContentItem(value: unknown): value is Readonly<Record<string, unknown>> {
  return isRecord(value) && contentTypes.has(value.type);
}

/** Whether `value` has the shape of a whole answer: `{ contentItems, success }`. */
export function isAnswer(
  value: unknown,
): value is { readonly contentItems: readonly unknown[]; readonly success: boolean } {
  return isRecord(value) && Array.isArray(value.contentItems) && typeof value.success === 'boolean';
}

/** Whether `value` is meant to be shown as it is, rather than as JSON. */
export function isContent(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isContentItem);
  return isContentItem(value) || isAnswer(value);
}
