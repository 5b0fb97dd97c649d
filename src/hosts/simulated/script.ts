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
  /** What the user added while the turn ran, in order. */
  readonly steers: readonly string[];
  /** How many turns of this session ended before this one. */
  readonly turn: number;
  /** Results of this turn so far, in call order. */
  readonly results: readonly ScriptResult[];
  /**
   * Names of the tools the model is offered; members of a namespace as `namespace/name`. A tool with
   * `deferLoading` is not offered, but may be called.
   */
  readonly tools: readonly string[];
}

/** One tool call the script wants made. */
export interface ScriptCall {
  readonly tool: string;
  readonly namespace?: string;
  /** Any JSON value; `{}` if left out. */
  readonly arguments?: unknown;
  /**
   * Made up, and unique within the session, if left out. A model may repeat one: the same id in a later
   * step is a new call, the same id twice in one step cancels the first of the two, as in Codex.
   */
  readonly callId?: string;
}

/** What the model does next. `calls` run side by side; `fail` ends the turn as failed. */
export type ScriptReply =
  { readonly calls: readonly ScriptCall[] } | { readonly text: string } | { readonly fail: string };

/**
 * A pure function of the step, or an async one that may wait before it answers. `signal` aborts when the
 * answer is of no use any more. A script that throws ends the turn as failed.
 */
export type Script = (step: ScriptStep, signal: AbortSignal) => ScriptReply | Promise<ScriptReply>;
