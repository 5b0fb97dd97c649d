/**
 * The contract between the parts of decoding: each part checks one kind of value and brings it into the
 * form the function declares.
 *
 * Why there is a checker here at all: the arguments of an inferred tool may be recursive, become `Date`s
 * and `bigint`s on the way, and pick a branch of a union by what fits, so checking and converting are
 * one step. Every value is looked at once per definition, whatever a model sends (see `Run.memo`).
 */
import type { StandardIssue } from '../../standard-schema.ts';

/** Something that does not fit. */
interface Issue extends StandardIssue {
  readonly path: readonly PropertyKey[];
  /** Whether it is one of some fixed values that is wrong: what tells the branches of a union apart. */
  readonly isOfValue: boolean;
}

/** One pass over one value. */
export interface Run {
  /** The keys from the outside to the value being looked at. */
  readonly path: PropertyKey[];
  issues: Issue[];
  /**
   * What a definition said of a value. Without it, branches that share a recursive definition would look
   * at the same value again at every level, and nesting would cost powers of two.
   */
  readonly memo: Map<Decoder, Map<unknown, Decoded>>;
}

/** What became of a value: issues if it does not fit. */
export interface Decoded {
  readonly value: unknown;
  readonly issues: readonly Issue[];
}

/** Checks `value` and returns it as the function takes it. Adds issues to `run` if it does not fit. */
export type Decoder = (value: unknown, run: Run) => unknown;

/** More issues of one value are not collected: what is told of them is a handful. */
const issuesMax = 100;

/** Says what is wrong with the value being looked at. */
export function addIssue(run: Run, message: string, isOfValue = false): void {
  if (run.issues.length < issuesMax) run.issues.push({ message, path: [...run.path], isOfValue });
}

/** Decodes what is inside the value being looked at, at `key`. */
export function decodeAt(run: Run, key: PropertyKey, decode: () => unknown): unknown {
  run.path.push(key);
  try {
    return decode();
  } finally {
    run.path.pop();
  }
}

/** Decodes apart from what has been found so far: the issues are returned, not added. */
export function decodeApart(run: Run, decoder: Decoder, value: unknown): Decoded {
  const before = run.issues;
  run.issues = [];
  try {
    const decoded = decoder(value, run);
    return { value: decoded, issues: run.issues };
  } finally {
    run.issues = before;
  }
}
