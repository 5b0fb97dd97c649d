/** What becomes of the tools and results of servers that do not care for Codex's rules. */
import * as sdk from '@modelcontextprotocol/client';
import { getDefaultEnvironment } from '@modelcontextprotocol/client/stdio';
import { expect, test } from 'vitest';
import { systemEnv } from '../../src/env.ts';
import { defaultLimits } from '../../src/limits.ts';
import { silentLogger } from '../../src/logger.ts';
import { Link } from '../../src/mcp/link.ts';
import { remoteTools } from '../../src/mcp/remote-tool.ts';
import { toolResult } from '../../src/mcp/result.ts';
import { compareLists } from '../../src/mcp/tool-list.ts';
import { createDraft, namespace } from '../../src/tools/index.ts';

type Listed = Parameters<typeof remoteTools>[0][number];

const listed = (name: string, more: Partial<Listed> = {}): Listed => ({
  name,
  description: `Does ${name}.`,
  inputSchema: { type: 'object' },
  ...more,
});

const context = {
  sdk: { ...sdk, getDefaultEnvironment },
  env: systemEnv,
  limits: defaultLimits,
  logger: silentLogger,
};
const handlers = { onRestored() {}, onListChanged() {} };
const link = new Link(() => Promise.reject(new Error('nobody is there')), context, handlers);
const convert = (...tools: Listed[]) =>
  remoteTools(tools, { serverName: 'crm', link, context }, {});

test('names become callable; those that collide, or that Codex keeps, are made unique', () => {
  const names = ['get-sum', 'a.b', 'a_b', 'mcp__x', 'mcp', '_mcp', 'ünïcode', 'x'.repeat(200)];
  const { tools } = convert(...names.map((name) => listed(name)));
  expect(tools.map(({ name }) => name)).toEqual([
    'get_sum',
    expect.stringMatching(/^a_b_[0-9a-f]{12}$/),
    expect.stringMatching(/^a_b_[0-9a-f]{12}$/),
    '_mcp__x',
    '__mcp',
    '_mcp',
    '_n_code',
    expect.stringMatching(/^x{98,}_[0-9a-f]{12}$/),
  ]);
  expect(new Set(tools.map(({ name }) => name)).size).toBe(names.length);
  const draft = createDraft();
  draft.add(namespace('crm', { tools }));
  expect(draft.freeze().size).toBe(names.length);
});

test('schemas: properties are added, the dialect is dropped, the rest is left to Codex', () => {
  const $schema = 'http://json-schema.org/draft-07/schema#';
  const node = { type: 'object', properties: { next: { $ref: '#/definitions/node' } } };
  const recursive = { type: 'object', $schema, definitions: { node }, properties: {} } as const;
  const { tools } = convert(
    listed('bare'),
    listed('null', { inputSchema: { type: 'object', properties: null } as never }),
    listed('recursive', { inputSchema: recursive }),
  );
  expect(tools.map(({ inputSchema }) => inputSchema)).toEqual([
    { type: 'object', properties: {} },
    { type: 'object', properties: {} },
    { type: 'object', definitions: { node }, properties: {} },
  ]);
});

test('a tool without a description is described by its title', () => {
  const { tools } = convert(
    listed('a', { description: ' ', title: 'Finds customers' }),
    listed('b', { description: undefined }),
  );
  expect(tools.map(({ description }) => description)).toEqual([
    'Finds customers, of the MCP server crm.',
    'b, of the MCP server crm.',
  ]);
});

test('a tool that Codex would refuse is left out, the others stay', () => {
  const deep: Record<string, unknown> = {};
  let level = deep;
  for (let depth = 0; depth < 200; depth += 1) {
    level.items = {};
    level = level.items as Record<string, unknown>;
  }
  const { tools, leftOut } = convert(
    listed('good'),
    listed('good'),
    listed('typed', { inputSchema: { type: 'object', properties: { a: { type: 'text' } } } }),
    listed('deep', {
      inputSchema: JSON.parse(JSON.stringify({ type: 'object', properties: { deep } })),
    }),
    listed('task', { execution: { taskSupport: 'required' } }),
    listed('optional', { execution: { taskSupport: 'optional' } }),
  );
  expect(leftOut.map(({ name }) => name)).toEqual(['good', 'deep', 'task']);
  expect(leftOut[0]?.reason).toMatch(/another of this name/);
  expect(tools.map(({ name }) => name)).toEqual(['good', 'typed', 'optional']);
});

test('arguments are bounded before they are sent', async () => {
  const [tool] = convert(listed('any')).tools;
  expect(await tool!.validate('{"a":1}')).toEqual({ ok: true, value: { a: 1 } });
  expect(await tool!.validate(undefined)).toEqual({ ok: true, value: {} });
  expect(await tool!.validate('text')).toMatchObject({ ok: false });
  expect(await tool!.validate({ a: 'x'.repeat(2_000_000) })).toMatchObject({ ok: false });
  expect(await tool!.validate(JSON.parse('{"__proto__":1}'))).toMatchObject({ ok: false });
});

test('structured content is shown as JSON in the order of the server, and alone', () => {
  const structuredContent = { b: 1, a: [null, 'x'] };
  const content = [{ type: 'text' as const, text: 'the same in prose' }];
  expect(toolResult({ content, structuredContent })).toEqual({
    success: true,
    contentItems: [{ type: 'inputText', text: '{"b":1,"a":[null,"x"]}' }],
  });
});

test('errors keep their content; an error without any says so', () => {
  const content = [{ type: 'text' as const, text: 'no such customer' }];
  expect(toolResult({ content, isError: true })).toEqual({
    success: false,
    contentItems: [{ type: 'inputText', text: 'no such customer' }],
  });
  expect(() => toolResult({ content: [], isError: true })).toThrow(/did not say why/);
  expect(toolResult({ content: [] })).toBeUndefined();
});

test('media are inlined where Codex takes their format, and told of where it does not', () => {
  const pixel = Buffer.from('\x89PNG\r\n\x1a\n000', 'latin1').toString('base64');
  const content = [
    { type: 'image' as const, data: pixel, mimeType: 'image/wrong' },
    { type: 'image' as const, data: 'AAAA', mimeType: 'image/svg+xml' },
    { type: 'audio' as const, data: 'UklGRg==', mimeType: 'audio/x-wav' },
    { type: 'audio' as const, data: 'UklGRg==', mimeType: 'audio/midi' },
  ];
  expect(toolResult({ content })?.contentItems).toEqual([
    { type: 'inputImage', imageUrl: `data:image/png;base64,${pixel}` },
    { type: 'inputText', text: expect.stringMatching(/image content omitted/) },
    { type: 'inputAudio', audioUrl: 'data:audio/wav;base64,UklGRg==' },
    { type: 'inputText', text: expect.stringMatching(/format is not supported/) },
  ]);
});

test('lists are compared by name, description and schema, and by nothing else', () => {
  const before = [listed('same'), listed('gone'), listed('other')];
  const after = [
    listed('new'),
    listed('other', { description: 'Does something else.' }),
    listed('same', { title: 'A new title', inputSchema: { type: 'object' } }),
  ];
  expect(compareLists(before, after)).toEqual({
    added: ['new'],
    removed: ['gone'],
    changed: ['other'],
  });
  expect(compareLists(before, before.toReversed())).toBeNull();
});
