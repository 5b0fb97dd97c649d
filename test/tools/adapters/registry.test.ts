/** Section 8: who answers to a name, and what an executable tool promises. */
import { expect, test } from 'vitest';
import {
  bundleName,
  jsonOutput,
  type ExecutableBundle,
} from '../../../src/tools/adapters/executable.ts';
import { prepareDynamicCall } from '../../../src/tools/adapters/dynamic-call.ts';
import { jsonOf } from '../../../src/tools/adapters/json-value.ts';
import { writeJson } from '../../../src/tools/adapters/json-text.ts';
import {
  configuredSpecs,
  registerTools,
  routeCall,
  type HostTool,
  type ToolOrigin,
  type ToolRegistry,
} from '../../../src/tools/adapters/registry.ts';

function tool(origin: ToolOrigin, name: string, namespace: string | null = null): HostTool {
  return {
    name: { namespace, name },
    origin,
    payload: 'function',
    exposure: 'direct',
    spec: {
      type: 'function',
      name,
      description: origin,
      strict: false,
      deferLoading: false,
      parameters: {},
      outputSchema: null,
    },
    supportsParallelToolCalls: origin === 'dynamic',
    searchText: null,
    noticeText: null,
  };
}

function registry(...tools: readonly HostTool[]): ToolRegistry {
  const registered = registerTools(tools);
  if (!registered.ok) throw new Error(registered.problem);
  return registered.value;
}

test('8.1, 8.2: the key comes from the tool, and the tool brings its spec and its flag', () => {
  const tools = registry(
    tool('host', 'a'),
    { ...tool('dynamic', 'b', 'n'), spec: null },
    tool('mcp', 'c'),
  );
  expect([...tools.values()].map(({ name }) => name.name)).toEqual(['a', 'b', 'c']);
  expect(
    configuredSpecs(tools).map(({ spec, supportsParallelToolCalls }) => [
      spec.type,
      supportsParallelToolCalls,
    ]),
  ).toEqual([
    ['function', false],
    ['function', false],
  ]);
});

test('8.3: of two tools of the host the first stays', () => {
  const first = tool('host', 'a');
  expect(registry(first, { ...tool('host', 'a'), exposure: 'hidden' }).size).toBe(1);
  expect([...registry(first, tool('host', 'a')).values()]).toEqual([first]);
});

test('8.4: an external tool gives way to the host, also to one registered later, and to an earlier one', () => {
  const tools = registry(
    tool('dynamic', 'a'),
    tool('mcp', 'b', 'n'),
    tool('dynamic', 'b', 'n'),
    tool('host', 'a'),
  );
  expect([...tools.values()].map(({ origin }) => origin)).toEqual(['mcp', 'host']);
});

test('8.4: when collisions are errors the namespace of the problem has a name', () => {
  const strict = { errorOnToolCollisions: true };
  expect(registerTools([tool('host', 'a', 'n'), tool('dynamic', 'a', 'n')], strict)).toEqual({
    ok: false,
    problem: 'duplicate tool: n.a',
  });
  expect(registerTools([tool('host', 'a'), tool('dynamic', 'a', 'functions')], strict)).toEqual({
    ok: false,
    problem: 'duplicate tool: functions.a',
  });
});

test('8.5: two plain names are refused to external tools, and collide only where the host has them', () => {
  const strict = { errorOnToolCollisions: true };
  const external = [tool('dynamic', 'exec_command'), tool('mcp', 'shell_command')];
  expect(registerTools(external, strict)).toEqual({ ok: true, value: new Map() });
  expect(registerTools([tool('host', 'exec_command'), ...external], strict)).toEqual({
    ok: false,
    problem: 'duplicate tool: functions.exec_command',
  });
  expect(registry(tool('dynamic', 'exec_command', 'n')).size).toBe(1);
});

test('8.6: a flattened name, or a member without its namespace, is unknown', () => {
  const tools = registry(tool('dynamic', 'a', 'n'));
  const call = { payload: 'function' as const };
  expect(routeCall(tools, { ...call, namespace: null, name: 'n__a' })).toEqual({
    kind: 'respond',
    text: 'unsupported call: n__a',
  });
  expect(routeCall(tools, { ...call, namespace: 'functions', name: 'a' })).toEqual({
    kind: 'respond',
    text: 'unsupported call: functionsa',
  });
  expect(routeCall(tools, { ...call, namespace: 'n', name: 'a' }).kind).toBe('tool');
});

test('8.6: free text for a function ends the turn', () => {
  const route = routeCall(registry(tool('host', 'a', 'n')), {
    payload: 'custom',
    namespace: 'n',
    name: 'a',
  });
  expect(route).toEqual({ kind: 'fatal', text: 'tool na invoked with incompatible payload' });
});

test('8.7: hidden and deferred tools can be called', () => {
  const tools = registry(
    { ...tool('host', 'a'), exposure: 'hidden' },
    { ...tool('mcp', 'b'), exposure: 'deferred' },
  );
  const kinds = ['a', 'b'].map(
    (name) => routeCall(tools, { payload: 'function', namespace: '', name }).kind,
  );
  expect(kinds).toEqual(['tool', 'tool']);
});

test('9.2: any JSON is passed on; a text that is none is answered without the client', () => {
  const tools = registry(tool('dynamic', 'a'));
  const call = { callId: 'c', payload: 'function' as const, namespace: null, name: 'a' };
  expect(prepareDynamicCall(tools, { ...call, input: ' [1.0] ' })).toMatchObject({ kind: 'ask' });
  expect(prepareDynamicCall(tools, { ...call, input: '{"a":1,}' })).toEqual({
    kind: 'respond',
    text: 'failed to parse function arguments: trailing comma at line 1 column 8',
  });
});

const bundle: ExecutableBundle = {
  spec: { name: 'echo', description: 'Echo.', strict: false, parameters: {} },
  executor: { execute: (call) => Promise.resolve(jsonOutput(jsonOf({ said: call.input }))) },
};

test('8.8: a bundle is registered under its name, in its namespace if it has one', () => {
  expect(bundleName(bundle)).toEqual({ namespace: null, name: 'echo' });
  expect(bundleName({ ...bundle, namespace: { name: 'n' } })).toEqual({
    namespace: 'n',
    name: 'echo',
  });
});

test('8.9, 8.11: JSON comes back as compact text, in the item that fits the payload', async () => {
  const call = { callId: 'c1', payload: 'function' as const, input: '{"a":1}' };
  const output = await bundle.executor.execute(call, new AbortController().signal);
  expect(output).toMatchObject({ logText: '{"said":"{\\"a\\":1}"}', success: true });
  expect(output.hookValue).toEqual(output.codeModeValue);
  expect(writeJson(output.responseItem('c1', 'function'))).toBe(
    '{"type":"function_call_output","call_id":"c1","output":"{\\"said\\":\\"{\\\\\\"a\\\\\\":1}\\"}"}',
  );
  expect(output.responseItem('c1', 'custom').get('type')).toBe('custom_tool_call_output');
  expect(jsonOutput(null, { success: false }).success).toBe(false);
});
