/**
 * What a tool author depends on, and nothing more. A package that contributes one tool needs these
 * types and `tool()`; it never sees a session, a host or a mesh.
 *
 * One handler owns exactly one name, and the name lives on the handler.
 */
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
  /** Writes to the mesh's logger with session, turn, call and tool filled in. */
  readonly log: Logger;
}

/** How the mesh runs a tool. All of it is optional; the mesh's limits are the defaults. */
export interface ToolPolicy {
  /** Milliseconds a handler may take. */
  readonly timeoutMs?: number;
  /** One call at a time within the session, in the order they came. */
  readonly serial?: boolean;
  /**
   * What may happen to a call whose handler was started and is not known to have finished:
   * `at-most-once` (default) reports the outcome as unknown, `repeatable` runs it again.
   */
  readonly effects?: 'at-most-once' | 'repeatable';
}

/** Why arguments (or a result) did not fit: one sentence a model can act on. */
export type Validation<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problem: string };

/** A tool, ready for any session. Made by `tool()`; immutable. */
export interface Tool<Input = unknown> {
  readonly name: string;
  readonly description: string;
  /** What Codex is given, and what the model sees after Codex has cleaned it. */
  readonly inputSchema: JsonSchema;
  readonly policy: ToolPolicy;
  /** Checks raw arguments and brings them into the declared shape. Never throws. */
  validate(args: unknown): Validation<Input> | Promise<Validation<Input>>;
  /** The author's function. What it returns is normalised by `toolOutput`. */
  execute(input: Input, call: ToolCall): unknown;
}

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
