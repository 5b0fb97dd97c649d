/**
 * What Codex asks its model for, read once, at the edge. The shapes are those that Codex 0.169.0 sends:
 *
 * - Session and turn stand in `client_metadata` (`thread_id`, `turn_id`) and in the header `thread-id`;
 *   `prompt_cache_key` is the session too. What the request is for is `request_kind` in the JSON text
 *   `x-codex-turn-metadata`: `turn`, or `compaction`, or something newer.
 * - The first developer message is Codex's own prompt, unless `instructions` carries that. The session's
 *   developer instructions are a part of a later developer message, among parts in tags of Codex's own.
 * - Some user messages are Codex's (`<environment_context>`, `<turn_aborted>`, the summary after a
 *   compaction); the rest are the user's.
 */
import { toolKey } from '../hosts/simulated/tool-names.ts';
import { isRecord, parseRecord, textOf } from '../tools/json.ts';

/** One item of the conversation, as far as a script cares. */
export type ModelInput =
  | { readonly type: 'user'; readonly text: string }
  | { readonly type: 'assistant' }
  | {
      readonly type: 'call';
      readonly callId: string;
      readonly tool: string;
      readonly namespace: string | null;
    }
  | { readonly type: 'result'; readonly callId: string; readonly output: string }
  /** Anything else: prompts, what Codex says in the user's name, reasoning. */
  | { readonly type: 'context' };

/** One request of Codex to its model. */
export interface ModelRequest {
  readonly sessionId: string;
  readonly turnId: string;
  /** `turn` for a step of a turn. */
  readonly kind: string;
  /** Developer instructions of the session, or the empty string. */
  readonly instructions: string;
  /** Functions and members of namespaces, the latter as `namespace/name`. */
  readonly tools: readonly string[];
  readonly input: readonly ModelInput[];
}

/** Developer texts that Codex writes itself. */
const codexPrompt =
  /^<(?:[a-z]+[ _]instructions|collaboration_mode|model_switch|multi_agent_mode|personality_spec|realtime_\w+)\b/;

/** User texts that Codex writes itself. */
const codexContext =
  /^(?:<(?:environment_context|turn_aborted|user_instructions|user_shell_command|skill|subagent_notification)>|# AGENTS\.md instructions|Another language model started to solve this problem)/;

/**
 * Reads a request body, and `threadHeader`, the header `thread-id`, which stands in for a body that
 * names no session. Returns null if it is no request of Codex.
 */
export function parseModelRequest(
  body: unknown,
  threadHeader: string | undefined,
): ModelRequest | null {
  if (!isRecord(body) || !Array.isArray(body['input'])) return null;
  const metadata = isRecord(body['client_metadata']) ? body['client_metadata'] : {};
  const sessionId =
    textOf(metadata['thread_id']) || threadHeader || textOf(body['prompt_cache_key']);
  if (!sessionId) return null;
  const items = body['input'].filter(isRecord);
  return {
    sessionId,
    turnId: textOf(metadata['turn_id']),
    kind: requestKind(metadata['x-codex-turn-metadata']),
    instructions: findInstructions(items, textOf(body['instructions']) !== ''),
    tools: Array.isArray(body['tools']) ? body['tools'].flatMap(readToolNames) : [],
    input: items.map(readItem),
  };
}

type JsonObject = { readonly [key: string]: unknown };

function requestKind(metadataText: unknown): string {
  return textOf(parseRecord(textOf(metadataText))?.['request_kind']) || 'turn';
}

function findInstructions(items: readonly JsonObject[], isPromptApart: boolean): string {
  const prompts = items.filter(({ role }) => role === 'developer');
  const later = isPromptApart ? prompts : prompts.slice(1);
  const own = later.flatMap((item) => partsOf(item).filter((text) => !codexPrompt.test(text)));
  return own.at(-1) ?? '';
}

function readItem(item: JsonObject): ModelInput {
  const callId = textOf(item['call_id']);
  switch (item['type']) {
    case 'function_call':
      return {
        type: 'call',
        callId,
        tool: textOf(item['name']),
        namespace: textOf(item['namespace']) || null,
      };
    case 'function_call_output':
      return { type: 'result', callId, output: readOutput(item['output']) };
    case 'message':
      return readMessage(item);
    default:
      return { type: 'context' };
  }
}

function readMessage(item: JsonObject): ModelInput {
  if (item['role'] === 'assistant') return { type: 'assistant' };
  const text = partsOf(item).join('\n');
  if (item['role'] !== 'user' || codexContext.test(text)) return { type: 'context' };
  return { type: 'user', text };
}

/** The texts of a message. */
function partsOf(item: JsonObject): string[] {
  const content = Array.isArray(item['content']) ? item['content'].filter(isRecord) : [];
  return content.flatMap(({ text }) => (typeof text === 'string' ? [text] : []));
}

/** The output of a call: a text, or a list of texts and images. */
function readOutput(output: unknown): string {
  if (!Array.isArray(output)) return textOf(output);
  return output
    .filter(isRecord)
    .map((part) => textOf(part['text']) || textOf(part['image_url']))
    .join('\n');
}

function readToolNames(entry: unknown): string[] {
  if (!isRecord(entry)) return [];
  const name = textOf(entry['name']);
  if (entry['type'] === 'function') return [toolKey(null, name)];
  if (entry['type'] !== 'namespace' || !Array.isArray(entry['tools'])) return [];
  return entry['tools'].filter(isRecord).map((tool) => toolKey(name, textOf(tool['name'])));
}
