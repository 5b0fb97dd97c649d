import { expect, test } from 'vitest';
import { defaultLimits } from '../../src/limits.ts';
import { exportedTools } from '../../src/mcp/exported-tools.ts';
import { mcpResult } from '../../src/mcp/served-content.ts';
import { servedTools } from '../../src/mcp/served-tools.ts';
import { audio, bundle, image, namespace, text, tool } from '../../src/tools/index.ts';

const one = (name: string, more: object = {}) =>
  tool({ name, description: `Does ${name}.`, execute: () => name, ...more });
const crm = namespace('crm', { description: 'Customers.', tools: [one('find'), one('add')] });

test('namespaces are joined to names, in order, and described in the instructions', () => {
  const plain = namespace('plain', { tools: [one('x')] });
  const served = servedTools([one('ping'), bundle(crm, plain)], defaultLimits);
  expect([...served.byName.keys()]).toEqual(['ping', 'crm__find', 'crm__add', 'plain__x']);
  expect(served.byName.get('crm__find')).toMatchObject({
    namespace: 'crm',
    tool: { name: 'find' },
  });
  expect(served.instructions).toBe('crm__…: Customers.');
});

test('clients are told what a session would be told, and that arguments are an object', () => {
  const input = { anyOf: [{ required: ['a'] }, { required: ['b'] }] };
  const { listed } = servedTools([one('ping', { input, effects: 'repeatable' })], defaultLimits);
  expect(listed).toEqual([
    {
      name: 'ping',
      description: 'Does ping.',
      inputSchema: { ...input, type: 'object' },
      annotations: { idempotentHint: true },
    },
  ]);
});

test('what a session would refuse is refused', () => {
  expect(() => servedTools([one('x'), one('x')], defaultLimits)).toThrow(/used twice/);
  expect(() => servedTools([one('x')], { ...defaultLimits, toolsMax: 0 })).toThrow(
    /too many tools/,
  );
});

test('a result is text and media in MCP, an error says that it is one', () => {
  const bytes = { data: Buffer.from('ab'), mimeType: 'audio/wav' };
  const contentItems = [text('t'), audio(bytes), image('data:image/svg+xml,%3Csvg/%3E')];
  expect(mcpResult({ success: true, contentItems })).toEqual({
    content: [
      { type: 'text', text: 't' },
      { type: 'audio', data: 'YWI=', mimeType: 'audio/wav' },
      {
        type: 'image',
        data: Buffer.from('<svg/>').toString('base64'),
        mimeType: 'image/svg+xml',
      },
    ],
  });
  const broken = image('data:image/png;charset=x,%ZZ');
  expect(mcpResult({ success: false, contentItems: [broken] })).toEqual({
    content: [
      { type: 'image', data: Buffer.from('%ZZ').toString('base64'), mimeType: 'image/png' },
    ],
    isError: true,
  });
});

test('a module exports tools by its default export, or by names, each once', () => {
  const [ping, find] = [one('ping'), crm.tools[0]!];
  expect(exportedTools({ default: [ping, crm], other: one('other') })).toEqual([ping, crm]);
  expect(exportedTools({ ping, again: ping, limit: 3, help: () => {} })).toEqual([ping]);
  expect(exportedTools({ find, crm })).toEqual([crm]);
  const everything = bundle(crm, ping);
  expect(exportedTools({ find, crm, ping, everything })).toEqual([everything]);
  expect(exportedTools({ default: 'no tools', ping })).toEqual([ping]);
  expect(() => exportedTools({ limit: 3 })).toThrow(/found exports limit/);
});
