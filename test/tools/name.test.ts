import { expect, test } from 'vitest';
import {
  checkNamespaceName,
  checkToolName,
  checkTopLevelName,
  displayName,
  isSometimesBuiltIn,
} from '../../src/tools/name.ts';
import { codeOf } from './code-of.ts';

test.each(['a', '9', '-', '_x', 'Lookup-Ticket_2', 'mcp_x', 'MCP', 'mcpx', 'x'.repeat(128)])(
  '%s is a tool name',
  (name) => {
    expect(checkToolName(name)).toBe(name);
  },
);

test.each(['', ' a', 'a ', 'a b', 'a.b', 'a/b', 'é', 'a\n', '\ufeffa', 'x'.repeat(129), 7, null])(
  '%j is no tool name',
  (name) => {
    expect(codeOf(() => checkToolName(name))).toBe('tool_name_invalid');
  },
);

test('names of MCP servers are reserved for tools and namespaces', () => {
  for (const name of ['mcp', 'mcp__', 'mcp__a__b']) {
    expect(codeOf(() => checkToolName(name))).toBe('tool_name_reserved');
    expect(codeOf(() => checkNamespaceName(name))).toBe('tool_name_reserved');
  }
});

test('a namespace is shorter, and not one that the model or Codex has', () => {
  expect(checkNamespaceName('x'.repeat(64))).toHaveLength(64);
  expect(codeOf(() => checkNamespaceName('x'.repeat(65)))).toBe('tool_name_invalid');
  for (const name of ['functions', 'web', 'python', 'tool_search', 'multi_agent_v1']) {
    expect(codeOf(() => checkNamespaceName(name))).toBe('tool_name_reserved');
    expect(codeOf(() => checkToolName(name))).toBe('accepted');
  }
  expect(checkNamespaceName('exec')).toBe('exec');
});

test('a name that Codex would serve itself is refused, with a way out', () => {
  for (const name of ['exec_command', 'shell_command', 'write_stdin', 'view_image', 'get_goal']) {
    expect(codeOf(() => checkTopLevelName(name))).toBe('tool_name_reserved');
    expect(codeOf(() => checkToolName(name))).toBe('accepted');
  }
  expect(() => checkTopLevelName('exec_command')).toThrow('put the tool in a namespace');
});

test('a name that only some models serve is accepted, and known', () => {
  for (const name of ['apply_patch', 'update_plan', 'shell', 'web_search', 'exec', 'wait']) {
    expect(codeOf(() => checkTopLevelName(name))).toBe('accepted');
    expect(isSometimesBuiltIn(name)).toBe(true);
  }
  expect(isSometimesBuiltIn('lookup')).toBe(false);
});

test('a hostile name is told in short', () => {
  expect(() => checkToolName('x'.repeat(10_000))).toThrow(/^.{0,300}$/);
});

test('people read both names', () => {
  expect([displayName(null, 'a'), displayName('n', 'a')]).toEqual(['a', 'n/a']);
});
