/** From the result of an MCP server's tool to what the model reads. */
import type { Validation } from '../contract.ts';
import { attempt, DecodeError } from './decode.ts';
import type { OutputItem } from './image-detail.ts';
import { writeJson } from './json-text.ts';
import {
  isJsonArray,
  isJsonObject,
  jsonObject,
  type JsonObject,
  type JsonValue,
} from './json-value.ts';
import { mcpAudioItem, mcpImageItem, type CallOutput, type OutputTarget } from './output.ts';

function member(block: JsonObject, name: string): string {
  const value = block.get(name);
  if (typeof value !== 'string') throw new DecodeError('Unexpected response type');
  return value;
}

/** The members of `block` that MCP knows and that are set, in MCP's order. */
function pick(block: JsonObject, names: readonly string[]): JsonObject {
  return jsonObject(names.map((name) => [name, block.get(name) ?? undefined]));
}

const linkMembers = [
  'type',
  'uri',
  'name',
  'title',
  'description',
  'mimeType',
  'size',
  'icons',
  '_meta',
  'annotations',
];

/** A link to a resource, as JSON for the model. */
function linkText(block: JsonObject): string {
  member(block, 'uri');
  member(block, 'name');
  return writeJson(pick(block, linkMembers));
}

/** An embedded resource, as JSON for the model. */
function resourceText(block: JsonObject): string {
  const resource = block.get('resource');
  if (!isJsonObject(resource)) throw new DecodeError('Unexpected response type');
  member(resource, 'uri');
  const content = typeof resource.get('text') === 'string' ? 'text' : 'blob';
  member(resource, content);
  return writeJson(
    jsonObject([
      ['type', 'resource'],
      ['resource', pick(resource, ['uri', 'mimeType', content, '_meta'])],
      ...pick(block, ['_meta', 'annotations']),
    ]),
  );
}

function imageWish(block: JsonObject): unknown {
  const meta = block.get('_meta');
  return isJsonObject(meta) ? meta.get('codex/imageDetail') : undefined;
}

function blockItem(block: JsonValue, target: OutputTarget): OutputItem {
  if (!isJsonObject(block)) throw new DecodeError('Unexpected response type');
  switch (block.get('type')) {
    case 'text':
      return { type: 'input_text', text: member(block, 'text') };
    case 'image': {
      const image = { data: member(block, 'data'), mimeType: member(block, 'mimeType') };
      return mcpImageItem({ ...image, detail: imageWish(block) }, target);
    }
    case 'audio':
      return mcpAudioItem(
        { data: member(block, 'data'), mimeType: member(block, 'mimeType') },
        target,
      );
    case 'resource':
      return { type: 'input_text', text: resourceText(block) };
    case 'resource_link':
      return { type: 'input_text', text: linkText(block) };
    default:
      throw new DecodeError('Unexpected response type');
  }
}

/**
 * What the model reads of `result`: its structured content as one text, or its blocks as items, both
 * after the time the call took. Blocks without text are left out, and so is the result's `_meta`.
 * The problem tells of a result that MCP does not allow.
 */
export function mcpResultOutput(
  result: JsonObject,
  wallTimeSeconds: number,
  target: OutputTarget,
): Validation<CallOutput> {
  const heading = `Wall time: ${wallTimeSeconds.toFixed(4)} seconds\nOutput:`;
  const structured = result.get('structuredContent') ?? null;
  if (structured !== null) return { ok: true, value: `${heading}\n${writeJson(structured)}` };
  const content = result.get('content');
  if (!isJsonArray(content)) return { ok: false, problem: 'Unexpected response type' };
  return attempt(() => [
    { type: 'input_text', text: heading },
    ...content
      .map((block) => blockItem(block, target))
      .filter((item) => item.type !== 'input_text' || item.text !== ''),
  ]);
}

/** What code gets from an MCP tool: the result without its `_meta`. */
export function mcpCodeValue(result: JsonObject): JsonObject {
  return jsonObject([...result].filter(([name]) => name !== '_meta'));
}
