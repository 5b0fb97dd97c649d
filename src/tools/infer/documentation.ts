/** Reads doc comments as TSDoc means them: a summary, and block tags with their texts. */
import { resolve } from 'node:path';
import { ts, type Node } from 'ts-morph';
import type { SourcePlace } from './inferred.ts';
import { readProse } from './prose.ts';

/** One block tag that says something about a value: `@minimum 1`. */
export interface DocTag {
  readonly name: string;
  readonly text: string;
  readonly place: SourcePlace;
}

/** What a comment says about one thing. */
export interface Doc {
  readonly summary: string;
  readonly tags: readonly DocTag[];
}

/** What a `@param` and the tags after it say. */
export interface ParameterDoc extends Doc {
  readonly place: SourcePlace;
}

/** What a function's comment says about its parameters and its result besides. */
export interface FunctionDoc extends Doc {
  /** By the name after `@param`, which may be dotted: `options.limit`. */
  readonly parameters: ReadonlyMap<string, ParameterDoc>;
  readonly returns: string | null;
}

/** Says nothing. */
export const emptyDoc: Doc = { summary: '', tags: [] };

/** The comment that belongs to `node`: the nearest above it that does not describe the whole file. */
function commentOf(node: Node): ts.JSDoc | undefined {
  const comment = ts.getJSDocCommentsAndTags(node.compilerNode).findLast(ts.isJSDoc);
  const fileTags = new Set(['packageDocumentation', 'module', 'file', 'fileoverview']);
  return comment?.tags?.some((tag) => fileTags.has(tag.tagName.text)) ? undefined : comment;
}

function readText(comment: ts.JSDocTag['comment']): string {
  return readProse(ts.getTextOfJSDocComment(comment) ?? '');
}

function placeOfTag(tag: ts.JSDocTag): SourcePlace {
  const file = tag.getSourceFile();
  const { line, character } = file.getLineAndCharacterOfPosition(tag.getStart(file));
  return { file: resolve(file.fileName), line: line + 1, column: character + 1 };
}

function readTag(tag: ts.JSDocTag): DocTag {
  // The text is not prose: a pattern or a JSON value must stay as it is.
  const text = (ts.getTextOfJSDocComment(tag.comment) ?? '').trim();
  return { name: tag.tagName.text, text, place: placeOfTag(tag) };
}

/** The comment of a property, a parameter or a type. */
export function readDoc(node: Node): Doc {
  const comment = commentOf(node);
  if (!comment) return emptyDoc;
  return { summary: readText(comment.comment), tags: (comment.tags ?? []).map(readTag) };
}

/** `later` on top of `earlier`: its summary wins, its tags come after. */
export function mergeDocs(earlier: Doc, later: Doc | undefined): Doc {
  if (!later) return earlier;
  return {
    summary: later.summary || earlier.summary,
    tags: [...earlier.tags, ...later.tags],
  };
}

/** What a `@param` says, without the dash TSDoc puts before it. */
function readParameterText(tag: ts.JSDocParameterTag): string {
  return readText(tag.comment).replace(/^-\s+/, '');
}

/** Adds a `@param`, or what a second one of the same name says. */
function addParameter(
  parameters: Map<string, ParameterDoc>,
  name: string,
  tag: ts.JSDocParameterTag,
): void {
  const before = parameters.get(name) ?? { ...emptyDoc, place: placeOfTag(tag) };
  parameters.set(name, { ...before, summary: readParameterText(tag) || before.summary });
}

/**
 * The comment of a function. Tags that follow a `@param` directly belong to that parameter:
 *
 *     @param limit - How many to return.
 *     @minimum 1
 *     @param since - …
 */
export function readFunctionDoc(node: Node): FunctionDoc {
  const comment = commentOf(node);
  const parameters = new Map<string, ParameterDoc>();
  const tags: DocTag[] = [];
  let returns: string | null = null;
  let current: string | null = null;
  for (const tag of comment?.tags ?? []) {
    const described: ParameterDoc | undefined = parameters.get(current ?? '');
    if (ts.isJSDocParameterTag(tag)) {
      current = tag.name.getText();
      addParameter(parameters, current, tag);
    } else if (ts.isJSDocReturnTag(tag)) {
      returns = readText(tag.comment).replace(/^-\s+/, '') || null;
      current = null;
    } else if (current !== null && described) {
      parameters.set(current, { ...described, tags: [...described.tags, readTag(tag)] });
    } else {
      tags.push(readTag(tag));
    }
  }
  return { summary: readText(comment?.comment), tags, parameters, returns };
}
