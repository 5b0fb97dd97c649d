/** Compares what was predicted for a list of tools with what the real Codex sent to its model. */
import {
  codeIdentifier,
  codeName,
  nameKey,
  specJson,
  writeJson,
  type DynamicTool,
  type HostToolName,
  type JsonArray,
} from '../tools/adapters/index.ts';
import { isJsonArray, isJsonObject, type JsonObject } from '../tools/adapters/json-value.ts';
import { textOf } from '../tools/json.ts';
import { predictCatalog, type HostFacts, type Prediction } from './catalog-prediction.ts';
import type { LiveAnswer, LiveRequest } from './live-request.ts';

/** One thing that was predicted otherwise than it was. */
export interface LiveDifference {
  /** The tool, namespace or text it is about. */
  readonly about: string;
  /** What was predicted, letter by letter; null for nothing. */
  readonly predicted: string | null;
  /** What the model was sent; null for nothing. */
  readonly sent: string | null;
}

/** An answer of the real Codex that is no refusal. */
interface Served {
  readonly bare: LiveRequest;
  readonly equipped: LiveRequest;
}

function membersOf(entry: JsonObject): readonly JsonObject[] {
  const members = entry.get('tools');
  return isJsonArray(members) ? members.filter(isJsonObject) : [];
}

const isNamespace = (entry: JsonObject) => entry.get('type') === 'namespace';
const entriesOf = (tools: JsonArray) => tools.filter(isJsonObject);

/** What tells an entry from the others: its kind and its name. */
const keyOf = (entry: JsonObject) =>
  `${textOf(entry.get('type'))} ${textOf(entry.get('name'))}`.trimEnd();

function namesIn(tools: JsonArray): HostToolName[] {
  return entriesOf(tools).flatMap((entry): HostToolName[] => {
    const name = textOf(entry.get('name'));
    return isNamespace(entry)
      ? membersOf(entry).map((member) => ({ namespace: name, name: textOf(member.get('name')) }))
      : [{ namespace: null, name }];
  });
}

/** The names that code can call, as the text about them says. */
function identifiersIn(code: string): ReadonlySet<string> {
  return new Set([...code.matchAll(/^### `([^`]+)`/gm)].map(([, identifier]) => identifier ?? ''));
}

/** What the two requests say of Codex and its model. */
export function factsOf({ bare, equipped }: Served): HostFacts {
  const names = new Set(namesIn(bare.tools).map(nameKey));
  const identifiers = identifiersIn(bare.code ?? '');
  return {
    has: (name) => names.has(nameKey(name)) || identifiers.has(codeIdentifier(codeName(name))),
    searches: entriesOf(equipped.tools).some((entry) => entry.get('type') === 'tool_search'),
  };
}

/** An entry of a request without what is Codex's own; null if nothing is left. */
function ownPart(entry: JsonObject, bare: ReadonlyMap<string, JsonObject>): JsonObject | null {
  const builtIn = bare.get(keyOf(entry));
  if (entry.get('type') === 'tool_search') return null;
  if (!builtIn) return entry;
  if (!isNamespace(entry)) return null;
  const theirs = new Set(membersOf(builtIn).map((member) => writeJson(member)));
  const ours = membersOf(entry).filter((member) => !theirs.has(writeJson(member)));
  return ours.length === 0 ? null : new Map([...entry, ['tools', ours]]);
}

/** A predicted entry as it must look: a namespace of Codex keeps the words of Codex. */
function expectedPart(entry: JsonObject, bare: ReadonlyMap<string, JsonObject>): JsonObject {
  const builtIn = bare.get(keyOf(entry));
  return builtIn ? new Map([...builtIn, ['tools', membersOf(entry)]]) : entry;
}

const byKey = (entries: readonly JsonObject[]) =>
  new Map(entries.map((entry) => [keyOf(entry), writeJson(entry)]));

function compareFunctions({ bare, equipped }: Served, prediction: Prediction): LiveDifference[] {
  const theirs = new Map(entriesOf(bare.tools).map((entry) => [keyOf(entry), entry]));
  const sent = byKey(
    entriesOf(equipped.tools)
      .map((entry) => ownPart(entry, theirs))
      .filter((entry) => entry !== null),
  );
  const predicted = byKey(
    prediction.specs.map((spec) => expectedPart(new Map(specJson(spec)), theirs)),
  );
  const differences = [...new Set([...predicted.keys(), ...sent.keys()])]
    .map((about) => ({
      about,
      predicted: predicted.get(about) ?? null,
      sent: sent.get(about) ?? null,
    }))
    .filter((difference) => difference.predicted !== difference.sent);
  const order = [...predicted.keys()].join(', ');
  const sentOrder = [...sent.keys()].join(', ');
  return differences.length > 0 || order === sentOrder
    ? differences
    : [{ about: 'order of the tools', predicted: order, sent: sentOrder }];
}

/** Where `section` stands in `code` as a section of its own, from `start` on; -1 for nowhere. */
function findSection(code: string, section: string, start: number): number {
  const block = `\n\n${section}`;
  for (let at = code.indexOf(block, start); at >= 0; at = code.indexOf(block, at + 1)) {
    const rest = code.slice(at + block.length);
    if (rest === '' || rest.startsWith('\n\n#')) return at;
  }
  return -1;
}

/** The section of `code` that begins as `section` does; null if there is none. */
function likeSection(code: string, section: string): string | null {
  const [heading = ''] = section.split('\n', 1);
  const at = code.indexOf(`\n\n${heading}\n`);
  if (at < 0) return null;
  const text = code.slice(at + 2);
  const end = text.slice(1).search(/\n\n##/);
  return end < 0 ? text : text.slice(0, end + 1);
}

function compareCode(code: string, bareCode: string, prediction: Prediction): LiveDifference[] {
  const differences: LiveDifference[] = [];
  let rest = code;
  let from = 0;
  for (const section of prediction.sections) {
    const [heading = ''] = section.split('\n', 1);
    // A namespace of Codex keeps its heading and its words.
    if (heading.startsWith('## ') && bareCode.includes(`\n\n${heading}\n`)) continue;
    const at = findSection(rest, section, from);
    if (at < 0) {
      differences.push({ about: heading, predicted: section, sent: likeSection(code, section) });
    } else {
      rest = rest.slice(0, at) + rest.slice(at + 2 + section.length);
      from = at;
    }
  }
  return differences.length > 0 || rest === bareCode
    ? differences
    : [{ about: 'the text about code', predicted: bareCode, sent: rest }];
}

const noticeMark = 'Deferred tool namespaces:';

function compareNotice({ texts }: LiveRequest, notice: string | null): LiveDifference[] {
  const sent = texts.find((text) => text.includes(noticeMark)) ?? null;
  const isSame = notice === null ? sent === null : texts.some((text) => text.includes(notice));
  return isSame ? [] : [{ about: 'notice of deferred namespaces', predicted: notice, sent }];
}

/** How `tools` were predicted for the Codex and the model that answered. */
export function compareServed(tools: readonly DynamicTool[], served: Served): LiveDifference[] {
  const prediction = predictCatalog(tools, factsOf(served));
  const { bare, equipped } = served;
  return [
    ...(equipped.code === null
      ? compareFunctions(served, prediction)
      : compareCode(equipped.code, bare.code ?? '', prediction)),
    ...compareNotice(equipped, prediction.notice),
  ];
}

/**
 * Compares the answer of the real Codex with what was predicted.
 * @param refusal why the list was predicted to be refused; null if it was not
 */
export function compareLive(
  tools: readonly DynamicTool[],
  refusal: string | null,
  { bare, equipped }: LiveAnswer,
): LiveDifference[] {
  if (!('refusal' in equipped) && refusal === null) return compareServed(tools, { bare, equipped });
  const sent = 'refusal' in equipped ? equipped.refusal : null;
  return sent === refusal ? [] : [{ about: 'thread/start', predicted: refusal, sent }];
}
