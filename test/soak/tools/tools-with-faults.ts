/** Tools that do what they should not, one thing each, and one that does nothing wrong. */
import { setTimeout as sleep } from 'node:timers/promises';
import { tool, ToolError } from '../../../src/tools/index.ts';
import type { JsonSchema } from '../../../src/tools/contract.ts';

const input: JsonSchema = {
  type: 'object',
  properties: { id: { type: 'string', minLength: 2 }, limit: { type: 'integer', minimum: 1 } },
  required: ['id'],
  additionalProperties: false,
};

const kept: Buffer[] = [];

export const wellBehaved = tool({
  name: 'well_behaved',
  description: 'Waits a little.',
  input,
  execute: async (_input, { signal }) => {
    await sleep(15, null, { signal });
    return 'done';
  },
});

export const deaf = tool({
  name: 'deaf',
  description: 'Goes on whatever its signal says.',
  input,
  execute: async () => {
    await sleep(400);
    return 'done';
  },
});

export const blocking = tool({
  name: 'blocking',
  description: 'Keeps the event loop.',
  input,
  execute: () => {
    const endMs = performance.now() + 80;
    while (performance.now() < endMs);
    return 'done';
  },
});

export const slow = tool({
  name: 'slow',
  description: 'Passes its deadline.',
  input,
  timeoutMs: 20,
  execute: (_input, { signal }) => sleep(60_000, 'done', { signal }),
});

export const leaking = tool({
  name: 'leaking',
  description: 'Keeps what it is given.',
  input,
  execute: () => {
    // Within the heap, where a buffer's bytes are not.
    kept.push(Object.assign(Buffer.alloc(0), { kept: Array.from({ length: 4_000 }, Math.random) }));
    return 'done';
  },
});

export const breaking = tool({
  name: 'breaking',
  description: 'Throws.',
  input,
  execute: () => {
    throw new Error('not today');
  },
});

const keptTexts: string[][] = [];

export const hoarding = tool({
  name: 'hoarding',
  description: 'Keeps a few kilobytes of each call.',
  input,
  execute: () => {
    keptTexts.push(Array.from({ length: 100 }, () => String(Math.random())));
    return 'done';
  },
});

export const pure = tool({
  name: 'pure',
  description: 'Computes something.',
  input: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
  execute: (args) => JSON.stringify(args).toUpperCase(),
});

export const candid = tool({
  name: 'candid',
  description: 'Says what it cannot do, in both ways.',
  input,
  execute: () => {
    if (Math.random() < 0.5) throw new ToolError('There is no such ticket.');
    return { success: false, contentItems: [{ type: 'inputText', text: 'Not today.' }] };
  },
});

export const picky = tool({
  name: 'picky',
  description: 'Takes nothing that could be made up.',
  input: {
    type: 'object',
    properties: { id: { type: 'string', pattern: '^ENG-[0-9]+$' } },
    required: ['id'],
  },
  execute: () => 'done',
});
