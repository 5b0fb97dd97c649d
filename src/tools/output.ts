/**
 * What a handler returned, as Codex takes it. Codex drops an answer it cannot read and leaves the model
 * with nothing, so whatever comes in, what goes out is valid, bounded, and frozen: the same bytes every
 * time it is sent.
 */
import { isSessionMeshError, SessionMeshError } from '../errors.ts';
import { defaultLimits, type Limits } from '../limits.ts';
import { isAnswer, isContentItem, text } from './content.ts';
import type { ContentItem, ToolOutput } from './contract.ts';
import { failureText, type Failure } from './failure.ts';
import { canonicalJson } from './json.ts';

/**
 * For a handler that returns nothing. Not an empty list: a model that sees no answer at all has no sign
 * that its call was made, and tends to make it again.
 */
const nothingText = 'Done. The tool returned nothing.';

function refuse(found: string): never {
  throw new SessionMeshError('result_invalid', { found });
}

/** An inline URL of the given kind. Codex fails the call on any other. */
function readUrl(url: unknown, kind: 'image' | 'audio', where: string): string {
  if (typeof url !== 'string') return refuse(`${where} has no ${kind} URL`);
  if (new RegExp(`^data:${kind}/[^,]{0,200},`, 'i').test(url)) return url.toWellFormed();
  return refuse(
    /^data:/i.test(url)
      ? `${where} is no data URL of type ${kind}/…`
      : `${where} is a remote URL, and only inline data URLs can be shown`,
  );
}

function readItem(item: unknown, index: number): ContentItem {
  const where = `item ${index + 1}`;
  if (typeof item === 'string') return text(item.toWellFormed());
  if (!isContentItem(item)) return refuse(`${where} is not text, an image or audio`);
  switch (item.type) {
    case 'inputText':
      return typeof item.text === 'string'
        ? text(item.text.toWellFormed())
        : refuse(`${where} has no text`);
    case 'inputImage':
      return { type: 'inputImage', imageUrl: readUrl(item.imageUrl, 'image', where) };
    default:
      return { type: 'inputAudio', audioUrl: readUrl(item.audioUrl, 'audio', where) };
  }
}

function readItems(items: readonly unknown[], limits: Limits): ContentItem[] {
  if (items.length > limits.resultItemsMax) {
    throw new SessionMeshError('result_too_large', {
      found: `${items.length} items, at most ${limits.resultItemsMax} are allowed`,
    });
  }
  return items.map(readItem);
}

/** JSON; but what comes to a text (a date, a URL) is that text, without quotes around it. */
function writeJson(value: unknown, limits: Limits): ContentItem {
  const bounds = { charsMax: limits.resultBytesMax, depthMax: limits.resultDepthMax };
  const json = canonicalJson(value, 'compact', bounds) ?? refuse(`it is a ${typeof value}`);
  return text(json.startsWith('"') ? String(JSON.parse(json)) : json);
}

function readContent(value: unknown, limits: Limits): ContentItem[] {
  if (value === undefined) return [text(nothingText)];
  if (typeof value === 'string') return [text(value.toWellFormed())];
  if (isAnswer(value)) return readItems(value.contentItems, limits);
  if (Array.isArray(value) && value.some(isContentItem)) return readItems(value, limits);
  return [isContentItem(value) ? readItem(value, 0) : writeJson(value, limits)];
}

function bytesOf(item: ContentItem): number {
  switch (item.type) {
    case 'inputText':
      return Buffer.byteLength(item.text);
    case 'inputImage':
      return item.imageUrl.length;
    case 'inputAudio':
      return item.audioUrl.length;
  }
}

/** The longest beginning of `whole` that takes at most `bytesMax` bytes of UTF-8. */
function cutText(whole: string, bytesMax: number): string {
  const bytes = Buffer.from(whole.slice(0, bytesMax));
  let end = Math.min(bytes.length, bytesMax);
  while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

/** Keeps the beginning of all text, says where it was cut, and leaves images and audio alone. */
function cutItems(
  items: readonly ContentItem[],
  textBytes: number,
  bytesMax: number,
): ContentItem[] {
  const kept: ContentItem[] = [];
  let room = bytesMax;
  let last = -1;
  for (const item of items) {
    if (item.type !== 'inputText') kept.push(item);
    else if (room > 0) {
      const part = cutText(item.text, room);
      room = part === item.text ? room - Buffer.byteLength(part) : 0;
      last = kept.push(text(part)) - 1;
    }
  }
  const keptBytes = kept.reduce(
    (sum, item) => sum + (item.type === 'inputText' ? bytesOf(item) : 0),
    0,
  );
  const note = `[cut: ${textBytes - keptBytes} of ${textBytes} bytes of text were left out]`;
  const end = kept[last];
  if (end?.type === 'inputText') kept[last] = text(`${end.text}\n${note}`);
  else kept.push(text(note));
  return kept;
}

function boundText(items: readonly ContentItem[], textBytes: number, limits: Limits) {
  const { resultTextBytesMax } = limits;
  return textBytes > resultTextBytesMax ? cutItems(items, textBytes, resultTextBytesMax) : items;
}

function bound(items: readonly ContentItem[], limits: Limits): readonly ContentItem[] {
  let textBytes = 0;
  let bytes = 0;
  for (const item of items) {
    const itemBytes = bytesOf(item);
    bytes += itemBytes;
    if (item.type === 'inputText') textBytes += itemBytes;
  }
  if (bytes > limits.resultBytesMax) {
    throw new SessionMeshError('result_too_large', {
      found: `${bytes} bytes, at most ${limits.resultBytesMax} are allowed`,
    });
  }
  return boundText(items, textBytes, limits);
}

function freeze(success: boolean, items: readonly ContentItem[]): ToolOutput {
  return Object.freeze({
    success,
    contentItems: Object.freeze(items.map((item) => Object.freeze(item))),
  });
}

function failureOf(thrown: unknown): Failure {
  if (!isSessionMeshError(thrown)) {
    return { kind: 'result_invalid', problem: 'reading it failed' };
  }
  const { found } = thrown.facts;
  const problem = found === undefined ? {} : { problem: found };
  return { kind: thrown.code === 'result_too_large' ? thrown.code : 'result_invalid', ...problem };
}

/**
 * What a handler returned, ready to be sent. Never throws.
 *
 * - A text is itself; nothing (`undefined`) is a fixed short text; `null` is `null`.
 * - A content item, or a list with one among texts and items, is shown as it is; so is
 *   `{ contentItems, success }`, which also says whether the call succeeded.
 * - Anything else is compact JSON with sorted keys, or the text it comes to; see `canonicalJson`.
 *
 * Text beyond `resultTextBytesMax` is cut and says so. What is too large in all, cannot be expressed, or
 * holds a URL that is no inline `data:` URL becomes a failure that says that the tool did finish.
 */
export function toolOutput(value: unknown, limits: Limits = defaultLimits): ToolOutput {
  try {
    const items = bound(readContent(value, limits), limits);
    return freeze(isAnswer(value) ? value.success : true, items);
  } catch (thrown) {
    return failureOutput(failureText(failureOf(thrown), limits), limits);
  }
}

/** A failed call's answer: `message`, word for word up to `resultTextBytesMax`; if blank, that the tool failed. */
export function failureOutput(message: string, limits: Limits = defaultLimits): ToolOutput {
  const isBlank = message.trim() === '';
  const shown = isBlank ? failureText({ kind: 'handler_failed' }) : message.toWellFormed();
  return freeze(false, boundText([text(shown)], Buffer.byteLength(shown), limits));
}
