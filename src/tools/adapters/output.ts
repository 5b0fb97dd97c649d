/** From what a client or an MCP server answers to what the model reads. */
import type { ContentItem } from '../contract.ts';
import {
  dynamicImageDetail,
  mcpImageDetail,
  type DetailFacts,
  type ModelInput,
  type OutputItem,
} from './image-detail.ts';
import { isDataUrl, isRemoteUrl, readAudioUrl, readImageUrl } from './media-url.ts';
import { jsonObject, type JsonValue } from './json-value.ts';
import { isBlank } from './unicode.ts';

/** The output of a call: one text, or items. */
export type CallOutput = string | readonly OutputItem[];

/** The model, and the feature of the host that decides about images. */
export interface OutputTarget {
  readonly model: ModelInput;
  readonly unifiedImageBudget: boolean;
}

const textItem = (text: string): OutputItem => ({ type: 'input_text', text });

const omittedImage = 'image content omitted because';
const omittedAudio = 'audio content omitted because';

const accepts = ({ model }: OutputTarget, modality: string) =>
  model.inputModalities.includes(modality);

const detailFacts = ({ model, unifiedImageBudget }: OutputTarget): DetailFacts => ({
  supportsOriginal: model.supportsImageDetailOriginal,
  unifiedImageBudget,
});

/** What an audio item of the model becomes; `url` is a data URL. */
function audioItem(url: string, target: OutputTarget): OutputItem {
  const audio = readAudioUrl(url);
  if (!audio.ok) {
    return textItem(
      audio.reason === 'unreadable'
        ? `${omittedAudio} it could not be processed`
        : `${omittedAudio} its format is not supported; use wav, mp3, m4a, webm, or ogg`,
    );
  }
  return accepts(target, 'audio')
    ? { type: 'input_audio', audio_url: audio.url }
    : textItem(`${omittedAudio} you do not support audio input`);
}

function dynamicImageItem(url: string, target: OutputTarget): OutputItem {
  const image = isDataUrl(url) ? readImageUrl(url) : url;
  if (image === null) return textItem(`${omittedImage} it could not be processed`);
  if (!accepts(target, 'image')) return textItem(`${omittedImage} you do not support image input`);
  const detail = isDataUrl(url) ? dynamicImageDetail(detailFacts(target)) : 'high';
  return { type: 'input_image', image_url: image, detail };
}

function dynamicItem(item: ContentItem, target: OutputTarget): OutputItem {
  switch (item.type) {
    case 'inputText':
      return textItem(item.text);
    case 'inputImage':
      return dynamicImageItem(item.imageUrl, target);
    case 'inputAudio':
      return audioItem(item.audioUrl, target);
  }
}

/** Why a client's items fail the whole call, in words for the model; null when they do not. */
function refusedMedia(items: readonly ContentItem[]): string | null {
  if (items.some((item) => item.type === 'inputImage' && isRemoteUrl(item.imageUrl))) {
    return 'remote image URLs are not supported; use an inline data URL instead';
  }
  return items.some((item) => item.type === 'inputAudio' && !isDataUrl(item.audioUrl))
    ? 'audio URLs must use an inline data URL'
    : null;
}

const isEmptyText = (item: OutputItem) => item.type === 'input_text' && item.text === '';

/** A client's items after the host has looked at them. */
export interface DynamicOutput {
  readonly success: boolean;
  /** What the client said, or the text that took its place. */
  readonly items: readonly ContentItem[];
  readonly output: CallOutput;
}

/**
 * What the model reads of a client's answer: a text when the answer is exactly one text, otherwise a
 * list without empty texts. Remote images and audio fail the call. `success` never changes the output.
 */
export function dynamicOutput(
  answer: { readonly success: boolean; readonly contentItems: readonly ContentItem[] },
  target: OutputTarget,
): DynamicOutput {
  const refused = refusedMedia(answer.contentItems);
  if (refused !== null) return failedDynamicOutput(refused);
  const { success, contentItems: items } = answer;
  const [only] = items;
  if (items.length === 1 && only?.type === 'inputText')
    return { success, items, output: only.text };
  const output = items
    .map((item) => dynamicItem(item, target))
    .filter((item) => !isEmptyText(item));
  return { success, items, output };
}

/** A call that failed before the model could read an answer: it reads `text` instead. */
export function failedDynamicOutput(text: string): DynamicOutput {
  return { success: false, items: [{ type: 'inputText', text }], output: text };
}

/**
 * What code gets from a client's tool: one text of everything that is not blank, a line feed between.
 * A failed call looks no different.
 */
export function dynamicCodeValue({ items }: DynamicOutput): string {
  return items
    .map((item) => {
      switch (item.type) {
        case 'inputText':
          return item.text;
        case 'inputImage':
          return item.imageUrl;
        case 'inputAudio':
          return item.audioUrl;
      }
    })
    .filter((text) => !isBlank(text))
    .join('\n');
}

/** An image of an MCP server: base64 or a data URL. */
export interface McpImage {
  readonly data: string;
  readonly mimeType: string;
  /** What the server wishes under `codex/imageDetail`. */
  readonly detail: unknown;
}

const dataUrl = ({ data, mimeType }: { readonly data: string; readonly mimeType: string }) =>
  isDataUrl(data) ? data : `data:${mimeType};base64,${data}`;

/** What an MCP server's image becomes. */
export function mcpImageItem(image: McpImage, target: OutputTarget): OutputItem {
  if (!accepts(target, 'image')) {
    return textItem(`<${omittedImage} you do not support image input>`);
  }
  const detail = mcpImageDetail(image.detail, detailFacts(target));
  if (detail === null) {
    return textItem(
      `${omittedImage} detail 'low' is not supported; use 'high', 'original', or 'auto'`,
    );
  }
  const url = readImageUrl(dataUrl(image));
  if (url === null) return textItem(`${omittedImage} it could not be processed`);
  return { type: 'input_image', image_url: url, detail };
}

/** What an MCP server's audio becomes. */
export function mcpAudioItem(
  audio: { readonly data: string; readonly mimeType: string },
  target: OutputTarget,
): OutputItem {
  return accepts(target, 'audio')
    ? audioItem(dataUrl(audio), target)
    : textItem(`<${omittedAudio} you do not support audio input>`);
}

/** `output` on the wire. */
export function outputJson(output: CallOutput): JsonValue {
  return typeof output === 'string'
    ? output
    : output.map((item) => jsonObject(Object.entries(item)));
}
