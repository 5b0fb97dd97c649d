/**
 * What a tool author depends on, and nothing more. A package that contributes one tool needs these
 * types and `tool()`; it never sees a session, a host or a mesh.
 *
 * One handler owns exactly one name, and the name lives on the handler.
 */
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';

/** A JSON Schema (draft 2020-12, as far as Codex passes it to the model). */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** One piece of what the model sees. Codex knows exactly these three kinds. */
export type ContentItem =
  | { readonly type: 'inputText'; readonly text: string }
  | { readonly type: 'inputImage'; readonly imageUrl: string }
  | { readonly type: 'inputAudio'; readonly audioUrl: string };

/** The answer to one call, in the shape Codex takes it. `success: false` does not hide the text. */
export interface ToolOutput {
  readonly success: boolean;
  readonly contentItems: readonly ContentItem[];
}

/** What a handler is told about the call it serves. */
export interface ToolCall {
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly tool: string;
  /** The namespace the model used, or null. */
  readonly namespace: string | null;
  /** The arguments as they came, before validation. */
  readonly arguments: unknown;
  /** 1 on the first start; higher only for a tool declared `repeatable` that is run again. */
  readonly attempt: number;
  /** When the call expires, in milliseconds since the Unix epoch. */
  readonly deadline: number;
  /** Aborts at the deadline, and when the turn is interrupted, the call expires or the session closes. */
  readonly signal: AbortSignal;
  /** Moves the deadline to `ms` milliseconds from now: for a handler that sees its work make progress. */
  extend(ms: number): void;
  /** Writes to the mesh's logger with session, turn, call and tool filled in. */
  readonly log: Logger;
}

/** Whether a call may run: `true`, or why not, in words the model may read. */
export type ApprovalDecision = true | { readonly denied: string };

/**
 * Names the line a call waits in. A method type, so that a tool of any input fits a catalog: whoever
 * calls it passes what the same tool's `validate` returned.
 */
export type SerialKey<Input = unknown> = {
  of(input: Input, call: ToolCall): string;
}['of'];

/** How the mesh runs a tool. All of it is optional; the mesh's limits are the defaults. */
export interface ToolPolicy<Input = unknown> {
  /** Milliseconds a handler may take. */
  readonly timeoutMs?: number;
  /** Calls of this tool that run at once within one session; the others wait in the order they came. */
  readonly maxConcurrency?: number;
  /** Short for `maxConcurrency: 1`. */
  readonly serial?: boolean;
  /**
   * Calls of one session with the same key run one after the other, in the order they came, whichever
   * tool they are of. A function is given the validated input.
   */
  readonly serialKey?: string | SerialKey<Input>;
  /**
   * The work is done elsewhere and the handler only waits for it: the call takes no handler slot, and
   * has a deadline only if `timeoutMs` says so.
   */
  readonly external?: boolean;
  /**
   * What may happen to a call whose handler was started and is not known to have finished:
   * `at-most-once` (default) reports the outcome as unknown, `repeatable` runs it again.
   */
  readonly effects?: 'at-most-once' | 'repeatable';
  /**
   * Whether somebody has to agree before a call runs: nobody (`never`, the default), the approver of
   * the mesh (`always`), or this function, which decides by itself.
   */
  readonly approval?:
    'never' | 'always' | ((call: ToolCall) => ApprovalDecision | Promise<ApprovalDecision>);
}

/**
 * Why arguments (or a result) did not fit: one sentence a model can act on. `cause` is what the check
 * itself threw, for the log only.
 */
export type Validation<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string; readonly cause?: unknown };

/** A tool, ready for any session. Made by `tool()`; immutable. */
export interface Tool<Input = unknown> {
  readonly name: string;
  readonly description: string;
  /** What Codex is given, and what the model sees after Codex has cleaned it. */
  readonly inputSchema: JsonSchema;
  /** What the tool promises to return. Told to the model in instructions only; Codex has no place for it. */
  readonly outputSchema?: JsonSchema;
  /** Kept from the model until it searches for it. Only within a namespace. */
  readonly deferLoading?: boolean;
  readonly policy: ToolPolicy<Input>;
  /**
   * Checks raw arguments and brings them into the declared shape. Never throws, and never rejects.
   * `limits` bound what is looked at; the defaults are those the tool was made with.
   */
  validate(args: unknown, limits?: Limits): Validation<Input> | Promise<Validation<Input>>;
  /**
   * The author's function, with its result checked where an output schema was given: a result that
   * does not fit is logged and thrown as a {@link ToolError}. What it returns is normalised by
   * `toolOutput`.
   */
  execute(input: Input, call: ToolCall): unknown;
}

/** Tools under one name, shown to the model together. Made by `namespace()`; immutable. */
export interface ToolNamespace {
  readonly kind: 'namespace';
  readonly name: string;
  readonly description: string;
  readonly tools: readonly Tool[];
}

/** Tools and namespaces that are shipped and added together. Made by `bundle()`; immutable. */
export interface ToolBundle {
  readonly kind: 'bundle';
  readonly parts: readonly (Tool | ToolNamespace)[];
}

/** What Codex is told of one tool. */
export interface FunctionToolSpec {
  readonly type: 'function';
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly deferLoading?: boolean;
}

/** What Codex is told of one namespace. */
export interface NamespaceToolSpec {
  readonly type: 'namespace';
  readonly name: string;
  readonly description: string;
  readonly tools: readonly FunctionToolSpec[];
}

/** What Codex is told when a session opens: plain data, nothing of the handlers. */
export type ToolSpec = FunctionToolSpec | NamespaceToolSpec;

/**
 * Thrown by a handler to tell the model something: its message is the answer, word for word, with
 * `success: false`. Any other exception reaches the log only.
 */
export class ToolError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ToolError';
  }
}
