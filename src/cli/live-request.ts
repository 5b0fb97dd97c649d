/** What the real Codex sends to its model for a list of tools: one thread, one turn, a scripted model. */
import { SessionMeshError } from '../errors.ts';
import { scriptedCodexHome, startScriptedModel, type ScriptedModel } from '../testing/index.ts';
import { jsonOf, readJson, type JsonArray, type JsonValue } from '../tools/adapters/index.ts';
import { isJsonArray, isJsonObject, type JsonObject } from '../tools/adapters/json-value.ts';
import {
  objectAt,
  openConversation,
  textAt,
  type CodexConversation,
} from './codex-conversation.ts';

/** A request of Codex to its model, as far as tools go. */
export interface LiveRequest {
  /** The tools, of Codex and of the list, in order. */
  readonly tools: JsonArray;
  /** The text that tells of nested tools, where the model calls tools from code; null where it does not. */
  readonly code: string | null;
  /** Everything else that the model reads, as texts. */
  readonly texts: readonly string[];
}

/** What Codex made of two threads: one without tools of ours, and one with them. */
export interface LiveAnswer {
  /** What the server says it is: its name and version. */
  readonly server: string;
  readonly bare: LiveRequest;
  /** The request of the thread with the tools, or why Codex refused to start it. */
  readonly equipped: LiveRequest | { readonly refusal: string };
}

/** Which Codex and which model to ask. */
export interface LiveOptions {
  readonly command?: string;
  readonly model: string;
  readonly signal: AbortSignal;
}

/** Codex as people run it: the tools of its own that may win over others are on. */
const everydayFeatures = {
  features: { shell_tool: true, view_image: true, goals: true },
};

function* textsIn(value: JsonValue): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (isJsonArray(value)) for (const element of value) yield* textsIn(element);
  else if (isJsonObject(value)) for (const member of value.values()) yield* textsIn(member);
}

const membersOf = (tool: JsonValue): JsonArray => {
  const members = isJsonObject(tool) ? tool.get('tools') : undefined;
  return isJsonArray(members) ? members : [];
};

function listAt(value: JsonObject, name: string): JsonArray {
  const list = value.get(name);
  return isJsonArray(list) ? list : [];
}

/** The description of the tool with which code is run, wherever it stands. */
function codeText(tools: JsonArray): string | null {
  const exec = [...tools, ...tools.flatMap(membersOf)]
    .filter(isJsonObject)
    .find((tool) => tool.get('type') === 'custom' && tool.get('name') === 'exec');
  return exec ? textAt(exec, 'description') : null;
}

/** Where tools stand for models that take no `tools` field. */
const isToolItem = (item: JsonValue) =>
  isJsonObject(item) && item.get('type') === 'additional_tools';

function readRequest(body: string): LiveRequest {
  const read = readJson(body);
  if (!read.ok || !isJsonObject(read.value)) {
    throw new SessionMeshError('protocol_invalid', { expected: 'a request to the model' });
  }
  const input = listAt(read.value, 'input');
  const [item] = input.filter(isToolItem).filter(isJsonObject);
  const tools = listAt(item ?? read.value, 'tools');
  return {
    tools,
    code: codeText(tools),
    texts: input.filter((each) => !isToolItem(each)).flatMap((each) => [...textsIn(each)]),
  };
}

/** Starts a thread, runs a turn in it and returns what the model was asked. */
async function ask(
  codex: CodexConversation,
  model: ScriptedModel,
  settings: JsonObject,
): Promise<LiveAnswer['equipped']> {
  const started = await codex.request('thread/start', settings);
  if (!started.ok) return { refusal: started.problem };
  const threadId = textAt(objectAt(started.value, 'thread'), 'id');
  const input = [{ type: 'text', text: 'Say ok.' }];
  const [turn] = await Promise.all([
    codex.request('turn/start', jsonOf({ threadId, input })),
    codex.heard('turn/completed', (params) => params.get('threadId') === threadId),
  ]);
  const request = model.requests.findLast(({ sessionId }) => sessionId === threadId);
  if (turn.ok && request) return readRequest(request.text);
  throw new SessionMeshError('protocol_invalid', {
    expected: 'a turn that asks the model',
    found: turn.ok ? 'none' : turn.problem,
  });
}

/**
 * Starts a Codex of its own, with a home of its own and no account, and gives it `dynamicTools`.
 * @throws SessionMeshError as `openConversation`, and `protocol_invalid` for a Codex that behaves
 * otherwise than expected.
 */
export async function askLiveCodex(
  dynamicTools: JsonValue,
  { command, model: name, signal }: LiveOptions,
): Promise<LiveAnswer> {
  await using model = await startScriptedModel(() => ({ text: 'ok' }), { signal });
  await using home = await scriptedCodexHome(model, { model: name, config: everydayFeatures });
  await using codex = await openConversation({
    ...(command === undefined ? {} : { command }),
    env: { ...process.env, ...home.env },
    signal,
  });
  const settings = [
    ['cwd', home.path],
    ['approvalPolicy', 'never'],
    ['sandbox', 'read-only'],
  ] as const;
  const bare = await ask(codex, model, new Map(settings));
  if ('refusal' in bare) throw new SessionMeshError('session_open_failed', { found: bare.refusal });
  const equipped = await ask(codex, model, new Map([...settings, ['dynamicTools', dynamicTools]]));
  return { server: codex.server, bare, equipped };
}
