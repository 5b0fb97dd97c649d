/** From the result of an MCP server's tool to a tool's result here. */
import type { CallToolResult } from '@modelcontextprotocol/client';
import { isSessionMeshError } from '../errors.ts';
import type { OutputItem } from '../tools/adapters/image-detail.ts';
import { writeJson } from '../tools/adapters/json-text.ts';
import { isJsonObject, jsonOf } from '../tools/adapters/json-value.ts';
import { mcpResultOutput } from '../tools/adapters/mcp-result.ts';
import type { OutputTarget } from '../tools/adapters/output.ts';
import { text } from '../tools/content.ts';
import { ToolError, type ContentItem, type ToolOutput } from '../tools/contract.ts';

/** A model that takes everything: Codex leaves out what the one it talks to does not. */
const everything: OutputTarget = {
  model: { inputModalities: ['text', 'image', 'audio'], supportsImageDetailOriginal: true },
  unifiedImageBudget: true,
};

function contentItem(item: OutputItem): ContentItem {
  switch (item.type) {
    case 'input_text':
      return text(item.text);
    case 'input_image':
      return { type: 'inputImage', imageUrl: item.image_url };
    case 'input_audio':
      return { type: 'inputAudio', audioUrl: item.audio_url };
  }
}

function unreadable(cause?: unknown): ToolError {
  return new ToolError('The tool finished, but its result cannot be read.', { cause });
}

function itemsOf({ content, structuredContent }: CallToolResult): readonly ContentItem[] {
  if (structuredContent !== undefined && structuredContent !== null) {
    return [text(writeJson(jsonOf(structuredContent)))];
  }
  const result = jsonOf({ content });
  const output = mcpResultOutput(isJsonObject(result) ? result : new Map(), 0, everything);
  if (!output.ok || typeof output.value === 'string') throw unreadable();
  // The first item tells how long the call took, which Codex does for its own MCP servers only.
  return output.value.slice(1).map(contentItem);
}

/**
 * What the model is shown of `result`: its structured content as JSON if there is some, else its blocks as
 * Codex shows those of its own MCP servers (resources and links as JSON, media inline). An error of the
 * server's tool is a failed call with the same content. Undefined for a result without any content.
 * @throws ToolError for a result that cannot be shown
 */
export function toolResult(result: CallToolResult): ToolOutput | undefined {
  const success = result.isError !== true;
  try {
    const contentItems = itemsOf(result);
    if (contentItems.length > 0) return { success, contentItems };
  } catch (thrown) {
    throw isSessionMeshError(thrown) ? unreadable(thrown) : thrown;
  }
  if (success) return undefined;
  throw new ToolError('The tool failed and did not say why.');
}
