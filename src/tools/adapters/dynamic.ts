/**
 * The list of tools a client brings when a thread starts. Two forms exist on the wire: entries tagged
 * by `type`, and the older flat entries that carry their namespace. Both become one list.
 */
import type { Validation } from '../contract.ts';
import {
  attempt,
  buffer,
  DecodeError,
  describe,
  fillDraft,
  readBoolean,
  readList,
  readText,
  required,
  wrongType,
  type DraftFields,
  type Holding,
} from './decode.ts';
import { holdNumber } from './held-number.ts';
import {
  checkJsonDepth,
  isJsonArray,
  isJsonNumber,
  isJsonObject,
  jsonObject,
  type JsonArray,
  type JsonObject,
  type JsonValue,
} from './json-value.ts';

/** A function of the client, its schema as it came. */
export interface DynamicFunction {
  readonly type: 'function';
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonValue;
  readonly deferLoading: boolean;
}

/** A namespace of the client. Namespaces do not nest. */
export interface DynamicNamespace {
  readonly type: 'namespace';
  readonly name: string;
  readonly description: string;
  readonly tools: readonly DynamicFunction[];
}

/** One entry of the canonical list. */
export type DynamicTool = DynamicFunction | DynamicNamespace;

function looksLegacy(entry: JsonValue): boolean {
  if (!isJsonObject(entry)) return true;
  return entry.has('namespace') || entry.has('exposeToContext') || !entry.has('type');
}

function holdsLegacy(entry: JsonValue): boolean {
  if (looksLegacy(entry)) return true;
  const members = isJsonObject(entry) ? entry.get('tools') : undefined;
  return isJsonArray(members) && members.some(looksLegacy);
}

interface FunctionDraft {
  name?: string;
  description?: string;
  inputSchema?: JsonValue;
  deferLoading?: boolean;
}

const functionFields: DraftFields<FunctionDraft> = new Map([
  ['name', (draft, value) => void (draft.name = readText(value, 'buffered'))],
  ['description', (draft, value) => void (draft.description = readText(value, 'buffered'))],
  ['inputSchema', (draft, value) => void (draft.inputSchema = value)],
  ['deferLoading', (draft, value) => void (draft.deferLoading = readBoolean(value, 'buffered'))],
]);

function completeFunction(draft: FunctionDraft, deferLoading: boolean): DynamicFunction {
  return {
    type: 'function',
    name: required(draft.name, 'name'),
    description: required(draft.description, 'description'),
    inputSchema: required(draft.inputSchema, 'inputSchema'),
    deferLoading,
  };
}

function readFunction(entry: JsonObject): DynamicFunction {
  const draft = fillDraft<FunctionDraft>({}, entry, functionFields);
  return completeFunction(draft, draft.deferLoading ?? false);
}

interface NamespaceDraft {
  name?: string;
  description?: string;
  tools?: readonly DynamicFunction[];
}

const namespaceFields: DraftFields<NamespaceDraft> = new Map([
  ['name', (draft, value) => void (draft.name = readText(value, 'buffered'))],
  ['description', (draft, value) => void (draft.description = readText(value, 'buffered'))],
  [
    'tools',
    (draft, value) => void (draft.tools = readList(value, 'buffered').map(readMemberFunction)),
  ],
]);

function readNamespace(entry: JsonObject): DynamicNamespace {
  const draft = fillDraft<NamespaceDraft>({}, entry, namespaceFields);
  return {
    type: 'namespace',
    name: required(draft.name, 'name'),
    description: required(draft.description, 'description'),
    tools: required(draft.tools, 'tools'),
  };
}

/** Which of `variants` a tag names. A buffered tag may also be the variant's number. */
function readTag(tag: JsonValue, variants: readonly string[], holding: Holding): string {
  if (typeof tag === 'string') {
    if (variants.includes(tag)) return tag;
    const known = variants.map((variant) => `\`${variant}\``).join(' or ');
    throw new DecodeError(`unknown variant \`${tag}\`, expected ${known}`);
  }
  const index = holding === 'buffered' && isJsonNumber(tag) ? holdNumber(tag.numberText) : null;
  if (index?.kind !== 'integer' || index.text.startsWith('-')) {
    throw wrongType(tag, 'variant identifier', holding);
  }
  const variant = variants[Number(index.text)];
  if (variant !== undefined) return variant;
  throw new DecodeError(
    `invalid value: ${describe(tag, holding)}, expected variant index 0 <= i < ${variants.length}`,
  );
}

function readMemberFunction(entry: JsonValue): DynamicFunction {
  if (!isJsonObject(entry)) throw wrongType(entry, 'a map', 'buffered');
  readTag(entry.get('type') ?? null, ['function'], 'buffered');
  return readFunction(entry);
}

function readCanonical(entry: JsonValue): DynamicTool {
  if (!isJsonObject(entry)) throw wrongType(entry, 'a map');
  const tag = readTag(entry.get('type') ?? null, ['function', 'namespace'], 'plain');
  return tag === 'function' ? readFunction(entry) : readNamespace(entry);
}

/** One flat entry of the older form. */
interface LegacyTool {
  readonly namespace: string | null;
  readonly tool: DynamicFunction;
}

interface LegacyDraft extends Omit<FunctionDraft, 'deferLoading'> {
  namespace?: string | null;
  deferLoading?: boolean | null;
  exposeToContext?: boolean | null;
}

/** The members of a flat entry, in the order in which a list may give them instead. */
const legacyFields: DraftFields<LegacyDraft> = new Map([
  ['namespace', (draft, value) => void (draft.namespace = readNullable(value, readText))],
  ['name', (draft, value) => void (draft.name = readText(value))],
  ['description', (draft, value) => void (draft.description = readText(value))],
  ['inputSchema', (draft, value) => void (draft.inputSchema = value)],
  ['deferLoading', (draft, value) => void (draft.deferLoading = readNullable(value, readBoolean))],
  [
    'exposeToContext',
    (draft, value) => void (draft.exposeToContext = readNullable(value, readBoolean)),
  ],
]);

const legacyStruct = 'struct LegacyDynamicToolSpec';

function readNullable<Value>(value: JsonValue, read: (value: JsonValue) => Value): Value | null {
  return value === null ? null : read(value);
}

/** A flat entry given as a list: its members by position, as many as there are. */
function readPositions(entry: JsonArray): LegacyDraft {
  const count = legacyFields.size;
  const named = [...legacyFields.keys()].map((name, index) => [name, entry[index]] as const);
  const draft = fillDraft<LegacyDraft>({}, jsonObject(named), legacyFields);
  if (entry.length === count) return draft;
  throw new DecodeError(
    entry.length < count
      ? `invalid length ${entry.length}, expected ${legacyStruct} with ${count} elements`
      : `invalid length ${entry.length}, expected fewer elements in array`,
  );
}

function readLegacyDraft(entry: JsonValue): LegacyDraft {
  if (isJsonArray(entry)) return readPositions(entry);
  if (isJsonObject(entry)) return fillDraft<LegacyDraft>({}, entry, legacyFields);
  throw wrongType(entry, legacyStruct);
}

function readLegacy(entry: JsonValue): LegacyTool {
  const { namespace, deferLoading, exposeToContext, ...draft } = readLegacyDraft(entry);
  const deferred = deferLoading ?? !(exposeToContext ?? true);
  return { namespace: namespace ?? null, tool: completeFunction(draft, deferred) };
}

/** Gathers the members of each namespace where its first one stood. */
function groupLegacy(entries: readonly LegacyTool[]): readonly DynamicTool[] {
  const members = new Map<string, DynamicFunction[]>();
  const grouped: DynamicTool[] = [];
  for (const { namespace, tool } of entries) {
    const tools = namespace === null ? undefined : members.get(namespace);
    if (namespace === null) grouped.push(tool);
    else if (tools !== undefined) tools.push(tool);
    else {
      const first = [tool];
      members.set(namespace, first);
      grouped.push({ type: 'namespace', name: namespace, description: '', tools: first });
    }
  }
  return grouped;
}

function decode(value: JsonValue): readonly DynamicTool[] | null {
  if (value === null) return null;
  const entries = readList(buffer(value), 'buffered');
  if (!entries.some(holdsLegacy)) return entries.map(readCanonical);
  if (entries.some((entry) => isJsonObject(entry) && entry.has('type'))) {
    throw new DecodeError('dynamic tools must use either canonical or legacy format consistently');
  }
  return groupLegacy(entries.map(readLegacy));
}

/**
 * Reads the list in either form, as it comes from a client or from an old session's metadata. Null
 * stays null. The problem is the host's own text, without a prefix.
 * @throws SessionMeshError `json_invalid` for a list nested `jsonDepthMax` levels or deeper.
 */
export function decodeDynamicTools(value: JsonValue): Validation<readonly DynamicTool[] | null> {
  checkJsonDepth(value);
  return attempt(() => decode(value));
}

function functionJson(tool: DynamicFunction): JsonObject {
  return jsonObject([
    ['type', 'function'],
    ['name', tool.name],
    ['description', tool.description],
    ['inputSchema', tool.inputSchema],
    ['deferLoading', tool.deferLoading ? true : undefined],
  ]);
}

/** The canonical list on the wire. */
export function dynamicToolsJson(tools: readonly DynamicTool[]): JsonArray {
  return tools.map((tool) =>
    tool.type === 'function'
      ? functionJson(tool)
      : jsonObject([
          ['type', 'namespace'],
          ['name', tool.name],
          ['description', tool.description],
          ['tools', tool.tools.map(functionJson)],
        ]),
  );
}
