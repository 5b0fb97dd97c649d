import { describe, expect, test } from 'vitest';
import { parseModelRequest } from '../../src/testing/model-request.ts';

const message = (role: string, ...texts: string[]) => ({
  type: 'message',
  role,
  content: texts.map((text) => ({ type: 'input_text', text })),
});

const parse = (input: unknown[], rest: object = {}) =>
  parseModelRequest(
    { input, client_metadata: { thread_id: 't', turn_id: 'u' }, ...rest },
    undefined,
  );

describe('instructions', () => {
  const prompt = message('developer', 'You are a coding agent.');

  test('are the developer text that is not in a tag of Codex', () => {
    const session = message(
      'developer',
      'Be brief.',
      '<skills_instructions>\n…</skills_instructions>',
      '<permissions instructions>\n…</permissions instructions>',
    );
    expect(parse([prompt, session])?.instructions).toBe('Be brief.');
  });

  test('may begin with a tag of their own', () => {
    const session = message('developer', '<role>Reviewer</role>', '<collaboration_mode>x');
    expect(parse([prompt, session])?.instructions).toBe('<role>Reviewer</role>');
  });

  test('are found where the prompt of Codex stands apart', () => {
    const rest = { instructions: 'You are a coding agent.' };
    expect(parse([message('developer', 'Be brief.')], rest)?.instructions).toBe('Be brief.');
  });

  test('are empty where there are none', () => {
    expect(parse([prompt, message('developer', '<skills_instructions>')])?.instructions).toBe('');
  });
});

describe('input', () => {
  test('keeps what the user said apart from what Codex says in the user’s name', () => {
    const said = [
      '<environment_context>…',
      '<turn_aborted>…',
      '# AGENTS.md instructions for /x',
      'hi',
    ];
    expect(parse(said.map((text) => message('user', text)))?.input).toEqual([
      { type: 'context' },
      { type: 'context' },
      { type: 'context' },
      { type: 'user', text: 'hi' },
    ]);
  });

  test('reads outputs that are a text and those that are a list', () => {
    const output = [
      { type: 'input_text', text: 'a' },
      { type: 'input_image', image_url: 'data:image/png;base64,AA' },
    ];
    expect(
      parse([
        { type: 'function_call_output', call_id: 'x', output: 'plain' },
        { type: 'function_call_output', call_id: 'y', output },
        { type: 'function_call_output', call_id: 'z', output: [] },
      ])?.input,
    ).toEqual([
      { type: 'result', callId: 'x', output: 'plain' },
      { type: 'result', callId: 'y', output: 'a\ndata:image/png;base64,AA' },
      { type: 'result', callId: 'z', output: '' },
    ]);
  });

  test('survives items nobody knows', () => {
    expect(
      parse([null, 5, { type: 'reasoning' }, { type: 'message', role: 'user' }])?.input,
    ).toEqual([{ type: 'context' }, { type: 'user', text: '' }]);
  });
});

test('tools are functions and members of namespaces', () => {
  const tools = [
    { type: 'function', name: 'one' },
    { type: 'namespace', name: 'space', tools: [{ type: 'function', name: 'two' }] },
    { type: 'web_search' },
    { type: 'namespace', name: 'odd' },
    null,
  ];
  expect(parse([], { tools })?.tools).toEqual(['one', 'space/two']);
});

test('metadata that is no JSON means a step of a turn', () => {
  const client_metadata = { thread_id: 't', 'x-codex-turn-metadata': '{' };
  expect(parseModelRequest({ input: [], client_metadata }, undefined)?.kind).toBe('turn');
});
