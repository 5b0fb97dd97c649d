/** A tool that is watched while it works: how often each call starts, how long it takes, what it ignores. */
import type { Env } from '../../env.ts';
import { isAnswer } from '../../tools/content.ts';
import { ToolError, type Tool, type ToolCall } from '../../tools/contract.ts';

/** What was seen of the handlers of one tool. Times are milliseconds. */
export interface Observation {
  /** Handlers that were started. */
  starts: number;
  /** Starts of a call that had been started before. */
  secondStarts: number;
  /** Handlers that run now. */
  running: number;
  /** How long the longest handler kept the event loop before it first waited. */
  blockedMs: number;
  /** Handlers whose signal aborted while they ran. */
  aborts: number;
  /** Those of them that went on for longer than they were given. */
  ignoredAborts: number;
  /** The longest that a handler went on after its signal. */
  afterAbortMs: number;
  /** Failures that handlers meant to tell: a `ToolError`, or an answer that says so. */
  declaredFailures: number;
  /** How long handlers took that came back; the first `durationsMax` of them. */
  readonly durationsMs: number[];
}

/** How a tool is watched. */
export interface ProbeOptions {
  readonly env: Env;
  /** How long a handler may go on once its signal has aborted. */
  readonly abortGraceMs: number;
}

/** Durations that are kept; enough for quantiles that do not move any more. */
const durationsMax = 10_000;

/** Nothing seen yet. */
export function emptyObservation(): Observation {
  return {
    starts: 0,
    secondStarts: 0,
    running: 0,
    blockedMs: 0,
    aborts: 0,
    ignoredAborts: 0,
    afterAbortMs: 0,
    declaredFailures: 0,
    durationsMs: [],
  };
}

const keyOf = ({ sessionId, turnId, callId }: ToolCall): string =>
  JSON.stringify([sessionId, turnId, callId]);

/** Watches what a handler does with its signal. Returns what to call when it has come back. */
function watchAbort(
  signal: AbortSignal,
  seen: Observation,
  { env, abortGraceMs }: ProbeOptions,
): () => void {
  let abortedAtMs: number | null = null;
  const onAbort = () => {
    abortedAtMs = env.clock.monotonic();
    seen.aborts += 1;
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return () => {
    signal.removeEventListener('abort', onAbort);
    if (abortedAtMs === null) return;
    const lateMs = env.clock.monotonic() - abortedAtMs;
    seen.afterAbortMs = Math.max(seen.afterAbortMs, lateMs);
    if (lateMs > abortGraceMs) seen.ignoredAborts += 1;
  };
}

/** `tool` with a handler that writes down in `seen` what it does. Everything else of it is the same. */
export function probe(tool: Tool, seen: Observation, options: ProbeOptions): Tool {
  const { clock } = options.env;
  const started = new Set<string>();
  const run = async (input: unknown, call: ToolCall): Promise<unknown> => {
    const key = keyOf(call);
    seen.starts += 1;
    if (started.has(key)) seen.secondStarts += 1;
    started.add(key);
    seen.running += 1;
    const onBack = watchAbort(call.signal, seen, options);
    const beganMs = clock.monotonic();
    const declare = () => {
      // After its signal, the call has another answer.
      if (!call.signal.aborted) seen.declaredFailures += 1;
    };
    try {
      const result = tool.execute(input, call);
      seen.blockedMs = Math.max(seen.blockedMs, clock.monotonic() - beganMs);
      const answer = await result;
      if (isAnswer(answer) && !answer.success) declare();
      return answer;
    } catch (thrown) {
      if (thrown instanceof ToolError) declare();
      throw thrown;
    } finally {
      onBack();
      seen.running -= 1;
      if (seen.durationsMs.length < durationsMax) {
        seen.durationsMs.push(clock.monotonic() - beganMs);
      }
    }
  };
  return { ...tool, execute: run };
}
