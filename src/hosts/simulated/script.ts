/**
 * A script stands in for the model: from what it was asked and the tool results so far, it says which
 * tools to call next or how to answer. The same script drives the simulated host (no Codex at all) and
 * the scripted model provider (the real Codex, no account).
 */

/** The result of one tool call, as the model sees it. */
export interface ScriptResult {
  readonly callId: string;
  readonly tool: string;
  readonly namespace: string | null;
  /** Text items joined by line feeds; images and audio as their URL. */
  readonly output: string;
}

/** One step of a turn: all a model would know. */
export interface ScriptStep {
  readonly sessionId: string;
  /** Developer instructions of the session, or the empty string. */
  readonly instructions: string;
  /** What the user said to begin this turn. */
  readonly text: string;
  /** How many turns of this session ended before this one. */
  readonly turn: number;
  /** Results of this turn so far, in call order. */
  readonly results: readonly ScriptResult[];
  /** Names of the tools the model is offered; members of a namespace as `namespace/name`. */
  readonly tools: readonly string[];
}

/** One tool call the script wants made. */
export interface ScriptCall {
  readonly tool: string;
  readonly namespace?: string;
  /** Any JSON value; `{}` if left out. */
  readonly arguments?: unknown;
  /** Unique within the turn; made up if left out. */
  readonly callId?: string;
}

/** What the model does next. `calls` run side by side; `fail` ends the turn as failed. */
export type ScriptReply =
  { readonly calls: readonly ScriptCall[] } | { readonly text: string } | { readonly fail: string };

/** A pure function of the step, or an async one that may wait before it answers. */
export type Script = (step: ScriptStep) => ScriptReply | Promise<ScriptReply>;
