/** Drives the functions about calls and their outputs. */
import {
  type ClientReply,
  cancelledByRepeat,
  cancelledDynamicOutput,
  dynamicReplyOutput,
  prepareDynamicCall,
} from '../../src/tools/adapters/dynamic-call.ts';
import { bundleName, callOutputItem } from '../../src/tools/adapters/executable.ts';
import { type JsonValue, isJsonObject } from '../../src/tools/adapters/json-value.ts';
import { dynamicOutput, outputJson } from '../../src/tools/adapters/output.ts';
import { type PayloadKind, registerTools, routeCall } from '../../src/tools/adapters/registry.ts';
import { defaultHost, hostTool } from './host.ts';
import { dynamicTools, functionSpec, target } from './shapes.ts';
import { type Drive, get, list, must, number, object, record, text, textOrNull } from './vector.ts';

export const dynamicResponse: Drive = (input) => {
  const success = get(input, 'success') !== false;
  const answer = record({ success, contentItems: get(input, 'contentItems') ?? [] });
  const output = dynamicReplyOutput({ kind: 'result', result: answer }, target(input));
  return record({ output: outputJson(output.output) });
};

const modelCall = (json: JsonValue) => ({
  callId: text(get(json, 'call_id')),
  namespace: textOrNull(get(json, 'namespace')),
  name: text(get(json, 'name')),
  payload: 'function' as const,
  input: text(get(json, 'arguments')),
});

const clientReply = (json: JsonValue | undefined): ClientReply =>
  isJsonObject(json) && json.has('error')
    ? { kind: 'error' }
    : { kind: 'result', result: get(json ?? null, 'result') ?? null };

export const dispatchCall: Drive = (input) => {
  const host = defaultHost.map((name) => hostTool(null, name));
  const registry = must(registerTools([...host, ...dynamicTools(input)]));
  const call = modelCall(get(input, 'functionCall') ?? null);
  const prepared = prepareDynamicCall(registry, call);
  if (prepared.kind === 'fatal') return record({ turnStatus: 'failed', message: prepared.text });
  const asks = prepared.kind === 'ask';
  const request =
    asks &&
    record({
      callId: call.callId,
      namespace: prepared.name.namespace,
      tool: prepared.name.name,
      arguments: prepared.args,
    });
  const output = asks
    ? outputJson(dynamicReplyOutput(clientReply(get(input, 'clientReply')), target(input)).output)
    : prepared.text;
  return record({
    toolCallRequests: request ? [request] : [],
    functionCallOutput: callOutputItem(call.callId, 'function', output),
    turnStatus: 'completed',
  });
};

/** Plays the calls of one response in virtual time; the n-th request is answered `Rn` after its delay. */
export const dispatchMany: Drive = (input) => {
  const registry = must(registerTools(dynamicTools(input)));
  const calls = list(get(input, 'functionCalls')).map(modelCall);
  const delays = list(get(input, 'replyDelaysMs')).map(number);
  const cancelled = cancelledByRepeat(calls.map(({ callId }) => callId));
  const requests: string[] = [];
  const replies: { readonly at: number; readonly callId: string }[] = [];
  const outputs = calls.map((call, index) => {
    const prepared = prepareDynamicCall(registry, call);
    if (prepared.kind !== 'ask') return record({ call_id: call.callId, output: prepared.text });
    const order = requests.length;
    requests.push(`request ${call.callId}`);
    const answer = {
      success: true,
      contentItems: [{ type: 'inputText' as const, text: `R${order}` }],
    };
    const output = cancelled[index] ? cancelledDynamicOutput : dynamicOutput(answer, target(input));
    if (!cancelled[index]) replies.push({ at: delays[order] ?? 0, callId: call.callId });
    return record({ call_id: call.callId, output: outputJson(output.output) });
  });
  const events = replies.toSorted((left, right) => left.at - right.at);
  return record({
    clientEvents: [...requests, ...events.map(({ callId }) => `reply ${callId}`)],
    outputs,
  });
};

const payloadKind = (value: JsonValue | undefined): PayloadKind =>
  value === 'custom' ? 'custom' : 'function';

export const routed = (input: JsonValue) => ({
  namespace: textOrNull(get(input, 'namespace')),
  name: text(get(input, 'name')),
  payload: payloadKind(get(input, 'payload')),
});

export const payloadMismatch: Drive = (input) => {
  const call = routed(input);
  const tool = hostTool(call.namespace, call.name, payloadKind(get(input, 'handlerKind')));
  const route = routeCall(must(registerTools([tool])), call);
  return route.kind === 'tool' ? record({ handled: true }) : record({ [route.kind]: route.text });
};

export const bundle: Drive = (input) => {
  const spec = functionSpec(object(get(input, 'spec')));
  const executor = { execute: () => Promise.reject(new Error('not called')) };
  const name = bundleName({ spec, executor });
  return record({ namespace: name.namespace, name: name.name });
};
