/** Section 4, where the vectors do not reach. */
import { expect, test } from 'vitest';
import { jsonOf, type JsonObject, type JsonValue } from '../../../src/tools/adapters/json-value.ts';
import { writeJson } from '../../../src/tools/adapters/json-text.ts';
import { mcpCallableNames } from '../../../src/tools/adapters/mcp-names.ts';
import { mcpCodeValue, mcpResultOutput } from '../../../src/tools/adapters/mcp-result.ts';
import {
  mcpHostTools,
  mcpToolToDeferredResponsesTool,
  mcpToolToResponsesTool,
  parseMcpTool,
  type McpTool,
} from '../../../src/tools/adapters/mcp.ts';
import { outputJson, type OutputTarget } from '../../../src/tools/adapters/output.ts';
import { specJson } from '../../../src/tools/adapters/spec.ts';

const object = (data: object): JsonObject =>
  new Map(Object.entries(data).map(([k, v]) => [k, jsonOf(v)]));
const tool = (name: string, more: Partial<McpTool> = {}): McpTool => ({
  name,
  title: null,
  description: null,
  inputSchema: object({ type: 'object' }),
  outputSchema: null,
  ...more,
});
const names = (server: string, ...toolNames: string[]) =>
  mcpCallableNames([{ server, toolNames }]).flatMap((one) => [...one.names.values()]);

test('4.1: a schema that is one word gets properties and keeps its type', () => {
  const parsed = parseMcpTool(
    tool('t', { inputSchema: object({ type: 'string', properties: null }) }),
  );
  expect(parsed.ok && parsed.value.inputSchema).toEqual({ type: 'string', properties: new Map() });
});

test('4.2: a missing description is empty', () => {
  const parsed = parseMcpTool(tool('t'));
  expect(parsed.ok && parsed.value.description).toBe('');
});

test('4.4: a tool whose schema cannot be parsed is left out, the others stay', () => {
  const bad = tool('bad', { inputSchema: object({ type: 'null' }) });
  const tools = mcpHostTools([{ name: 'fx', instructions: null, tools: [bad, tool('good')] }], {
    supportsSearchTool: false,
  });
  expect(tools.map(({ name }) => name)).toEqual([{ namespace: 'mcp__fx', name: 'good' }]);
});

test('4.5: the deferred variant has no output schema, the direct one keeps it in memory', () => {
  const direct = mcpToolToResponsesTool('safe', tool('raw.name'));
  const deferred = mcpToolToDeferredResponsesTool('safe', tool('raw.name'));
  expect(direct.ok && [direct.value.name, direct.value.deferLoading]).toEqual(['safe', false]);
  expect(direct.ok && direct.value.outputSchema).not.toBeNull();
  expect(deferred.ok && [deferred.value.deferLoading, deferred.value.outputSchema]).toEqual([
    true,
    null,
  ]);
});

test('4.6: a name may fill 128 characters with its namespace and two more', () => {
  const [fits, cut] = names('fx', 'a'.repeat(119), 'b'.repeat(120));
  expect(fits).toEqual({ namespace: 'mcp__fx', name: 'a'.repeat(119) });
  expect(cut?.name).toMatch(/^b{106}_[0-9a-f]{12}$/);
});

test('4.6: every one of several tools with one safe name gets its own hash', () => {
  expect(names('fx', 'dup-1', 'dup_1', 'dup.1').map(({ name }) => name)).toEqual([
    'dup_1_1c04f5c8ec1f',
    'dup_1_8757523b56fe',
    'dup_1_9a11a1192c04',
  ]);
});

test('4.6: a namespace is cut only for the tools that do not fit otherwise', () => {
  const namespace = `mcp__${'s'.repeat(115)}`;
  expect(names('s'.repeat(115), 'x', 'n'.repeat(7))).toEqual([
    { namespace, name: 'x' },
    { namespace: namespace.slice(0, 113), name: '_94c4bdad9380' },
  ]);
});

test('4.6: servers that map to one namespace are told apart, and come in order of their names', () => {
  const servers = [
    { server: 'a_b', toolNames: ['x'] },
    { server: 'a-b', toolNames: ['x'] },
  ];
  expect(mcpCallableNames(servers).map(({ namespace }) => namespace)).toEqual([
    'mcp__a_b_e0598e406614',
    'mcp__a_b_909e3df97957',
  ]);
});

test('4.8: a model that can search finds the tools, another is shown them', () => {
  const servers = [{ name: 'fx', instructions: 'Do this.', tools: [tool('t')] }];
  const exposures = [true, false].map(
    (supportsSearchTool) => mcpHostTools(servers, { supportsSearchTool })[0]?.exposure,
  );
  expect(exposures).toEqual(['deferred', 'direct']);
  const [direct] = mcpHostTools(servers, { supportsSearchTool: false });
  expect(direct?.spec && writeJson(specJson(direct.spec))).toContain('"description":"Do this."');
});

const target = (...inputModalities: string[]): OutputTarget => ({
  model: { inputModalities, supportsImageDetailOriginal: true },
  unifiedImageBudget: true,
});

function output(result: object, to: OutputTarget = target('text', 'image')): unknown {
  const made = mcpResultOutput(object(result), 1.5, to);
  return made.ok ? JSON.parse(writeJson(outputJson(made.value))) : made.problem;
}

const heading = { type: 'input_text', text: 'Wall time: 1.5000 seconds\nOutput:' };

test('4.9: structured content is the whole answer unless it is null', () => {
  const content = [{ type: 'text', text: 'x' }];
  expect(output({ content, structuredContent: { b: 1, a: [1.5, 'é'] }, isError: true })).toBe(
    'Wall time: 1.5000 seconds\nOutput:\n{"b":1,"a":[1.5,"é"]}',
  );
  expect(output({ content, structuredContent: null })).toEqual([
    heading,
    { type: 'input_text', text: 'x' },
  ]);
});

test('4.9: empty texts are left out, blank ones stay', () => {
  const content = [
    { type: 'text', text: '' },
    { type: 'text', text: ' ' },
  ];
  expect(output({ content })).toEqual([heading, { type: 'input_text', text: ' ' }]);
});

test('4.9: resources are shown as what MCP knows of them, in its order', () => {
  const link = { zeta: 1, size: 5, name: 'n', uri: 'u', type: 'resource_link', title: null };
  const resource = {
    type: 'resource',
    _meta: { k: 1 },
    resource: { text: 't', mimeType: 'm', uri: 'u', x: 1 },
  };
  expect(output({ content: [link, resource] })).toEqual([
    heading,
    { type: 'input_text', text: '{"type":"resource_link","uri":"u","name":"n","size":5}' },
    {
      type: 'input_text',
      text: '{"type":"resource","resource":{"uri":"u","mimeType":"m","text":"t"},"_meta":{"k":1}}',
    },
  ]);
});

test.each([
  [[5]],
  [[{ type: 'weird' }]],
  [[{ type: 'text' }]],
  [[{ type: 'image', data: 'AA==' }]],
  ['x'],
])('4.9: a result with the content %j is none', (content) => {
  expect(output({ content })).toBe('Unexpected response type');
});

test('4.9: audio is sent to a model that can hear', () => {
  const content = [{ type: 'audio', data: 'UklGRg==', mimeType: 'audio/x-wav' }];
  expect(output({ content }, target('audio'))).toEqual([
    heading,
    { type: 'input_audio', audio_url: 'data:audio/wav;base64,UklGRg==' },
  ]);
});

test('6.14: code gets the result without its metadata', () => {
  const result = object({ content: [], _meta: { secret: 1 }, isError: false });
  const value: JsonValue = mcpCodeValue(result);
  expect(writeJson(value)).toBe('{"content":[],"isError":false}');
});
