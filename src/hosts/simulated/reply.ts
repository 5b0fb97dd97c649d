/** Asks a script for the next step of a turn, and makes of its reply something that can be played. */
import { messageOf } from '../../errors.ts';
import type { Script, ScriptCall, ScriptReply, ScriptStep } from './script.ts';
import { unlessAborted } from '../../abort.ts';

/** A {@link ScriptCall} with nothing left open. */
export interface PlayedCall {
  readonly callId: string;
  readonly tool: string;
  readonly namespace: string | null;
  /** A JSON value that nobody else holds. */
  readonly arguments: unknown;
}

/** What the model does next, decided and complete. */
export type PlayedReply =
  | { readonly type: 'calls'; readonly calls: readonly PlayedCall[] }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'fail'; readonly reason: string };

/**
 * The reply of `script` to `step`. Whatever goes wrong in the script, an abort included, becomes a `fail`;
 * never rejects.
 */
export async function askScript(
  script: Script,
  step: ScriptStep,
  signal: AbortSignal,
  callsMax: number,
): Promise<PlayedReply> {
  try {
    const reply = await unlessAborted(Promise.resolve(script(step, signal)), signal);
    return play(reply, step, callsMax);
  } catch (thrown) {
    return { type: 'fail', reason: `the script failed: ${messageOf(thrown)}` };
  }
}

function play(reply: ScriptReply, step: ScriptStep, callsMax: number): PlayedReply {
  if ('fail' in reply) return { type: 'fail', reason: reply.fail };
  if ('text' in reply) return { type: 'text', text: reply.text };
  const before = step.results.length;
  if (before + reply.calls.length > callsMax) {
    return { type: 'fail', reason: `the script made more than ${callsMax} calls in one turn` };
  }
  const calls = reply.calls.map((call, index) => ({
    callId: call.callId ?? `call_${step.turn + 1}_${before + index + 1}`,
    tool: call.tool,
    namespace: call.namespace ?? null,
    arguments: toJson(call),
  }));
  return { type: 'calls', calls };
}

/** What the other side of a wire would read: a copy, without what JSON cannot carry. */
function toJson(call: ScriptCall): unknown {
  const text = JSON.stringify(call.arguments ?? {});
  if (text === undefined) throw new TypeError(`arguments of ${call.tool} are no JSON value`);
  return JSON.parse(text);
}
