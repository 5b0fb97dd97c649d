/** A module as somebody would write it for `sessionmesh mcp`. It prints, which must not reach stdout. */
import { setTimeout as delay } from 'node:timers/promises';
import { bundle, image, namespace, tool, ToolError } from '../../src/tools/index.ts';

console.log('a module that prints while it is loaded');

const add = tool({
  name: 'add',
  description: 'Adds two numbers.',
  input: {
    type: 'object',
    properties: { a: { type: 'number' }, b: { type: 'number' } },
    required: ['a', 'b'],
    additionalProperties: false,
  },
  execute: ({ a, b }) => {
    console.log('a handler that prints');
    return { sum: a + b };
  },
});

const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const draw = tool({
  name: 'draw',
  description: 'Draws a picture.',
  execute: () => ['a pixel', image({ data: Buffer.from(pixel, 'base64'), mimeType: 'image/png' })],
});

const refuse = tool({
  name: 'refuse',
  description: 'Says no.',
  execute: () => {
    throw new ToolError('No, and here is why.');
  },
});

const crash = tool({
  name: 'crash',
  description: 'Throws something that is not for the model.',
  execute: () => {
    throw new Error('a secret');
  },
});

const wait = tool({
  name: 'wait',
  description: 'Waits until it is cancelled, and tells of it on stderr.',
  timeoutMs: 60_000,
  execute: async (_, call) => {
    process.stderr.write('waiting\n');
    await new Promise((_, reject) => {
      call.signal.addEventListener('abort', () => reject(new Error('aborted')));
    }).catch(() => process.stderr.write('cancelled\n'));
  },
});

const work = tool({
  name: 'work',
  description: 'Works in three steps, each of which shows that it is alive.',
  timeoutMs: 60_000,
  execute: async (_, call) => {
    for (let step = 0; step < 3; step += 1) {
      call.extend(60_000);
      await delay(5);
    }
    return 'worked';
  },
});

const hurry = tool({
  name: 'hurry',
  description: 'Has little time.',
  timeoutMs: 20,
  execute: () => new Promise(() => {}),
});

const launch = tool({
  name: 'launch',
  description: 'Wants to be approved.',
  approval: 'always',
  execute: () => 'launched',
});

const crm = namespace('crm', {
  description: 'Customer records.',
  tools: [
    tool({
      name: 'lookup',
      description: 'Looks a customer up.',
      input: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
      execute: ({ id }) => ({ id, name: 'Ada' }),
    }),
  ],
});

export default bundle(add, draw, refuse, crash, wait, work, hurry, launch, crm);
