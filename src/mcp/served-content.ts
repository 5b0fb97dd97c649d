/** From a tool's answer here to an MCP result. */
import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/server';
import type { ContentItem, ToolOutput } from '../tools/contract.ts';

/** A data URL that `toolOutput` let through, in MCP's two parts. */
function mediaOf(url: string): { data: string; mimeType: string } {
  const comma = url.indexOf(',');
  const [mimeType = '', ...parameters] = url.slice('data:'.length, comma).split(';');
  const content = url.slice(comma + 1);
  const isBase64 = parameters.at(-1)?.trim().toLowerCase() === 'base64';
  const data = isBase64 ? content : Buffer.from(decodeText(content)).toString('base64');
  return { data, mimeType };
}

function decodeText(content: string): string {
  try {
    return decodeURIComponent(content);
  } catch {
    return content;
  }
}

function blockOf(item: ContentItem): ContentBlock {
  switch (item.type) {
    case 'inputText':
      return { type: 'text', text: item.text };
    case 'inputImage':
      return { type: 'image', ...mediaOf(item.imageUrl) };
    case 'inputAudio':
      return { type: 'audio', ...mediaOf(item.audioUrl) };
  }
}

/**
 * The result a client is given. What a tool returns is text or media, also where it has an output
 * schema: MCP would ask for structured content with every success, and a tool is free to return content.
 */
export function mcpResult({ success, contentItems }: ToolOutput): CallToolResult {
  return { content: contentItems.map(blockOf), ...(success ? {} : { isError: true }) };
}
