/** One call of a client's tool: from the model to the client and back. */
import type { ContentItem, Validation } from '../contract.ts';
import {
  attempt,
  DecodeError,
  readBoolean,
  readList,
  readMap,
  readText,
  required,
} from './decode.ts';
import { jsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import { readJson } from './json-text.ts';
import {
  dynamicOutput,
  failedDynamicOutput,
  type DynamicOutput,
  type OutputTarget,
} from './output.ts';
import { routeCall, type RoutedCall, type ToolRegistry } from './registry.ts';
import type { HostToolName } from './tool-name.ts';

/** A call as the model makes it: `input` is JSON text for a function, free text for a custom tool. */
export interface ModelCall extends RoutedCall {
  readonly callId: string;
  readonly input: string;
}

/** What a call leads to: a question to the client, a text for the model, or the end of the turn. */
export type PreparedCall =
  | { readonly kind: 'ask'; readonly name: HostToolName; readonly args: JsonValue }
  | { readonly kind: 'respond'; readonly text: string }
  | { readonly kind: 'fatal'; readonly text: string };

/**
 * Finds the tool of `call` and reads its arguments: any JSON will do, the schema is not enforced. The
 * client never hears of arguments that are no JSON.
 */
export function prepareDynamicCall(registry: ToolRegistry, call: ModelCall): PreparedCall {
  const route = routeCall(registry, call);
  if (route.kind !== 'tool') return route;
  const args = readJson(call.input);
  return args.ok
    ? { kind: 'ask', name: route.tool.name, args: args.value }
    : { kind: 'respond', text: `failed to parse function arguments: ${args.problem}` };
}

/** Where a call happens. */
export interface CallPlace {
  readonly threadId: string;
  readonly turnId: string;
  readonly callId: string;
}

/** The parameters of the request that asks the client. */
export function dynamicCallParams(
  place: CallPlace,
  { namespace, name }: HostToolName,
  args: JsonValue,
): JsonObject {
  return jsonObject([
    ['threadId', place.threadId],
    ['turnId', place.turnId],
    ['callId', place.callId],
    ['namespace', namespace],
    ['tool', name],
    ['arguments', args],
  ]);
}

/** What each kind of item carries, and under which key. */
const itemReaders = new Map<string, (item: JsonObject) => ContentItem>([
  ['inputText', (item) => ({ type: 'inputText', text: readMember(item, 'text') })],
  ['inputImage', (item) => ({ type: 'inputImage', imageUrl: readMember(item, 'imageUrl') })],
  ['inputAudio', (item) => ({ type: 'inputAudio', audioUrl: readMember(item, 'audioUrl') })],
]);

function readMember(item: JsonObject, name: string): string {
  return readText(required(item.get(name), name));
}

function readItem(value: JsonValue): ContentItem {
  const item = readMap(value);
  const read = itemReaders.get(readMember(item, 'type'));
  if (read === undefined) throw new DecodeError('unknown content item');
  return read(item);
}

/** A client's answer, decoded. */
export interface DynamicAnswer {
  readonly success: boolean;
  readonly contentItems: readonly ContentItem[];
}

/** Reads a client's answer; keys that are not known are ignored. */
export function decodeDynamicAnswer(value: JsonValue): Validation<DynamicAnswer> {
  return attempt(() => {
    const answer = readMap(value);
    return {
      contentItems: readList(required(answer.get('contentItems'), 'contentItems')).map(readItem),
      success: readBoolean(required(answer.get('success'), 'success')),
    };
  });
}

/** How a client replied: with a result, or with an error of JSON-RPC. */
export type ClientReply =
  { readonly kind: 'result'; readonly result: JsonValue } | { readonly kind: 'error' };

/** What a client's reply becomes. What the client said in an error is not passed on. */
export function dynamicReplyOutput(reply: ClientReply, target: OutputTarget): DynamicOutput {
  if (reply.kind === 'error') return failedDynamicOutput('dynamic tool request failed');
  const answer = decodeDynamicAnswer(reply.result);
  return answer.ok
    ? dynamicOutput(answer.value, target)
    : failedDynamicOutput('dynamic tool response was invalid');
}

/** What a call that was cancelled before its answer came leaves behind. */
export const cancelledDynamicOutput: DynamicOutput = failedDynamicOutput(
  'dynamic tool call was cancelled before receiving a response',
);

/**
 * Which of the calls of one response are cancelled because a later one has the same id. All calls of a
 * response run at once; their outputs are recorded in the order of the calls.
 */
export function cancelledByRepeat(callIds: readonly string[]): readonly boolean[] {
  return callIds.map((callId, index) => callIds.includes(callId, index + 1));
}
