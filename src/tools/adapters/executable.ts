/** The contract of a tool that a host runs: its spec, its executor, its output and its errors. */
import { jsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import { writeJson } from './json-text.ts';
import type { PayloadKind } from './registry.ts';
import type { ToolSchema } from './schema-type.ts';
import type { HostToolName } from './tool-name.ts';

/** What a function says of itself to a host. */
export interface ExecutableSpec {
  readonly name: string;
  readonly description: string;
  readonly strict: boolean;
  readonly parameters: ToolSchema;
  readonly deferLoading?: boolean;
  readonly outputSchema?: JsonValue;
}

/** One call: JSON text for a function, free text for a custom tool. */
export interface ExecutableCall {
  readonly callId: string;
  readonly payload: PayloadKind;
  readonly input: string;
}

/** Runs a tool. A rejection that is no {@link ExecutableError} is the host's to handle. */
export interface ToolExecutor {
  execute(call: ExecutableCall, signal: AbortSignal): Promise<ExecutableOutput>;
  /** Whether a call may change something; a tool without this never does. */
  mayMutate?(call: ExecutableCall): boolean;
}

/** A tool as one package ships it: what it says, and what runs it. */
export interface ExecutableBundle {
  readonly spec: ExecutableSpec;
  readonly executor: ToolExecutor;
  readonly supportsParallelToolCalls?: boolean;
  /** The namespace it is shown in, none by default. */
  readonly namespace?: { readonly name: string; readonly description?: string };
}

/** The name under which `bundle` is registered. */
export function bundleName({ spec, namespace }: ExecutableBundle): HostToolName {
  return { namespace: namespace?.name ?? null, name: spec.name };
}

/** What went wrong in an executor: a text for the model, or the end of the turn. */
export interface ExecutableError {
  readonly kind: 'respond_to_model' | 'fatal';
  readonly message: string;
}

/** `error` as people read it. */
export function executableErrorText({ kind, message }: ExecutableError): string {
  return kind === 'fatal' ? `fatal tool error: ${message}` : message;
}

/** What came out of a call, seen by everybody who looks at it. */
export interface ExecutableOutput {
  /** For logs; may leave things out. */
  readonly logText: string;
  readonly success: boolean;
  /** The item that goes back to the model. */
  responseItem(callId: string, payload: PayloadKind): JsonObject;
  /** What hooks after the call are given; undefined runs none. */
  readonly hookValue: JsonValue | undefined;
  /** What code that called the tool gets. */
  readonly codeModeValue: JsonValue;
}

/** The item of one call's output. */
export function callOutputItem(
  callId: string,
  payload: PayloadKind,
  output: JsonValue,
): JsonObject {
  return jsonObject([
    ['type', payload === 'custom' ? 'custom_tool_call_output' : 'function_call_output'],
    ['call_id', callId],
    ['output', output],
  ]);
}

/** The output of a tool that answers with JSON: the model reads it as compact text. */
export function jsonOutput(value: JsonValue, { success = true } = {}): ExecutableOutput {
  const text = writeJson(value);
  return {
    logText: text,
    success,
    responseItem: (callId, payload) => callOutputItem(callId, payload, text),
    hookValue: value,
    codeModeValue: value,
  };
}
