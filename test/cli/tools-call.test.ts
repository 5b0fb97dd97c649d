/** `sessionmesh tools call`: real processes, real signals. */
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { moduleText, toolsFolder } from './tools-folder.ts';

const module = moduleText(`
  const input = {
    type: 'object',
    properties: { id: { type: 'string', pattern: '^ENG-[0-9]+$' } },
    required: ['id'],
  } as const;
  export const lookup = tool({ name: 'lookup', description: 'd', input, execute: ({ id }) => ({ id }) });
  export const space = namespace('space', {
    tools: [tool({ name: 'where', description: 'd', execute: (_, call) => call.namespace })],
  });
  export const picture = tool({
    name: 'picture',
    description: 'd',
    execute: () => [text('a dot'), image({ data: Buffer.from('dot'), mimeType: 'image/png' })],
  });
  export const sorry = tool({
    name: 'sorry',
    description: 'd',
    execute: () => { throw new ToolError('no such ticket'); },
  });
  export const broken = tool({
    name: 'broken',
    description: 'd',
    execute: () => { throw new Error('the database is gone'); },
  });
  export const promised = tool({
    name: 'promised',
    description: 'd',
    output: { type: 'number' },
    execute: () => 'five' as never,
  });
  export const asking = tool({ name: 'asking', description: 'd', approval: 'always', execute: () => 'ran' });
  export const refusing = tool({
    name: 'refusing',
    description: 'd',
    approval: () => ({ denied: 'not on Fridays' }),
    execute: () => 'ran',
  });
  export const slow = tool({
    name: 'slow',
    description: 'd',
    timeoutMs: 50,
    execute: () => new Promise(() => {}),
  });
  export const forever = tool({
    name: 'forever',
    description: 'd',
    execute: (_, call) => new Promise(() => {
      call.signal.addEventListener('abort', () => console.log('told'));
      setInterval(() => {}, 1000);
      console.log('started');
    }),
  });
`);

const folder = () => toolsFolder({ 'tools.ts': module });
const call = (...args: string[]) => folder().run(['call', 'tools.ts', ...args]);

test('prints what the model would see, and the rest to the standard error', async () => {
  const { code, stdout, stderr } = await call('lookup', '{"id":"ENG-1"}');
  expect({ code, stdout }).toEqual({ code: 0, stdout: '{"id":"ENG-1"}\n' });
  expect(stderr).toMatch(/^answered after \d+ ms\n$/);
});

test('arguments from the standard input', async () => {
  const result = await folder().run(['call', 'tools.ts', 'lookup', '-'], '{ "id": "ENG-2" }\n');
  expect(result.stdout).toBe('{"id":"ENG-2"}\n');
});

test('a member of a namespace is called by both names', async () => {
  expect((await call('space/where')).stdout).toBe('space\n');
});

test('images are told by kind and size', async () => {
  expect((await call('picture')).stdout).toBe('a dot\n[image: image/png, 3 bytes]\n');
});

test('--json: the answer as Codex would get it', async () => {
  const { code, stdout, stderr } = await call('picture', '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    tool: 'picture',
    namespace: null,
    success: true,
    outcome: 'answered',
    code: null,
    durationMs: expect.any(Number),
    contentItems: [
      { type: 'inputText', text: 'a dot' },
      { type: 'inputImage', imageUrl: 'data:image/png;base64,ZG90' },
    ],
  });
});

test.each([
  ['lookup', '{"id":"x"}', /id: expected text that matches/, /failed \(arguments_invalid\)/],
  ['sorry', '{}', /^no such ticket\n$/, /failed \(handler_failed\)/],
  ['broken', '{}', /^The tool failed\./, /the database is gone[\s\S]*failed \(handler_failed\)/],
  ['promised', '{}', /not what the tool promises/, /expected number[\s\S]*failed/],
  ['refusing', '{}', /not on Fridays/, /failed \(call_denied\)/],
  ['slow', '{}', /stopped after 0\.05 s/, /failed \(handler_timeout\)/],
])('%s %s: the model is told, the exit code is 1', async (tool, args, stdout, stderr) => {
  const result = await call(tool, args);
  expect(result.stdout).toMatch(stdout);
  expect(result.stderr).toMatch(stderr);
  expect(result.code).toBe(1);
});

test('a tool that asks does not run unless somebody agrees', async () => {
  const refused = await call('asking');
  expect(refused.stdout).toContain('it was not approved');
  expect(refused.stderr).toContain('pass --approve');
  expect(refused.code).toBe(1);
  expect(await call('asking', '--approve')).toMatchObject({ code: 0, stdout: 'ran\n' });
});

test('Ctrl-C aborts the call; a handler that does not listen does not keep the command', async () => {
  const child = folder().start(['call', 'tools.ts', 'forever']);
  const exited = once(child, 'exit');
  let stdout = '';
  await new Promise<void>((started) => {
    child.stdout?.on('data', (chunk) => {
      stdout += String(chunk);
      if (stdout.includes('started')) started();
    });
  });
  const stderr = text(child.stderr!);
  child.kill('SIGINT');
  expect((await exited)[0]).toBe(130);
  expect(stdout).toBe('started\ntold\n');
  expect(await stderr).toContain('interrupted; the call was aborted');
});

test.each([
  [['lookup', '{id:1}'], /arguments as JSON.*\[option_invalid\]/],
  [['nothing'], /use one of asking, .*space\/where.*\[tool_unknown\]/],
])('%s is refused with what to do', async (args, stderr) => {
  const result = await call(...args);
  expect(result.stderr).toMatch(stderr);
  expect(result.code).toBe(1);
});
