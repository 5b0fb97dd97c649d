/** Whatever a model sends as arguments, a handler sees what its schema says or does not run at all. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tool } from '../../src/tools/index.ts';
import { openScene } from '../mesh/scene.ts';
import { campaignTimeoutMs, runCampaign } from './campaign.ts';
import { almost, anyJson } from './json-fuzz.ts';

interface Seen {
  readonly id: string;
  readonly limit?: number;
}

const lookUp = (seen: Seen[]) =>
  tool({
    name: 'look_up',
    description: 'Looks a ticket up.',
    input: {
      type: 'object',
      properties: {
        id: { type: 'string', minLength: 1, pattern: '^[A-Z]+-[0-9]+$' },
        limit: { type: 'integer', minimum: 1, maximum: 50 },
      },
      required: ['id'],
      additionalProperties: false,
    } as const,
    execute: (input) => {
      seen.push(input);
      return 'found';
    },
  });

const args = fc.oneof(anyJson, almost({ id: 'ENG-1', limit: 3 }), almost({ id: 'ENG-1' }));

test(
  'every call ends in one answer, and the handler runs only for what its schema allows',
  async () => {
    const seen: Seen[] = [];
    const batch = { current: [] as readonly unknown[] };
    const scene = await openScene({
      // A memory that is soon as large as it gets, so that growth beyond it shows.
      limits: { ledgerCallsMax: 64, ledgerSessionCallsMin: 8 },
      script: ({ results }) =>
        results.length > 0
          ? { text: 'done' }
          : { calls: batch.current.map((each) => ({ tool: 'look_up', arguments: each })) },
    });
    const session = await scene.mesh.createSession({ tools: [lookUp(seen)] });
    const property = fc.asyncProperty(
      fc.array(args, { minLength: 1, maxLength: 8 }),
      async (calls) => {
        seen.length = 0;
        scene.events.length = 0;
        batch.current = calls;
        const turn = session.sendAndHandle('go');
        await scene.clock.runUntilIdle();
        const { status, dispatches } = await turn;
        expect(status).toBe('completed');
        expect(dispatches).toHaveLength(calls.length);
        const settled = scene.events.filter(({ type }) => type === 'call.settled');
        expect(settled).toHaveLength(calls.length);
        for (const { id, limit, ...rest } of seen) {
          expect(id).toMatch(/^[A-Z]+-[0-9]+$/);
          if (limit !== undefined)
            expect(Number.isInteger(limit) && limit >= 1 && limit <= 50).toBe(true);
          expect(rest).toEqual({});
        }
      },
    );
    await runCampaign(property, 100);
    expect(Object.prototype).not.toHaveProperty('id');
  },
  campaignTimeoutMs,
);
