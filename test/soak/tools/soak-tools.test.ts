import { expect, test } from 'vitest';
import { systemEnv } from '../../../src/env.ts';
import { findingsOf } from '../../../src/soak/tools/finding.ts';
import { soakTools, type ToolsSoakOptions } from '../../../src/soak/tools/soak-tools.ts';
import type { Tool } from '../../../src/tools/contract.ts';
import * as tools from './tools-with-faults.ts';

async function soak(tool: Tool, options: Partial<ToolsSoakOptions> = {}) {
  const [run] = await soakTools({
    tools: [{ namespace: null, tool }],
    calls: 60,
    durationMs: 10_000,
    timeoutMs: 5_000,
    abortGraceMs: 200,
    seed: 7,
    arguments: new Map(),
    env: systemEnv,
    signal: new AbortController().signal,
    ...options,
  });
  if (!run) throw new Error('nothing was soaked');
  return { run, findings: findingsOf(run).map(({ kind }) => kind) };
}

test('a tool that does nothing wrong is called under faults, and nothing is found', async () => {
  const { run, findings } = await soak(tools.wellBehaved, { calls: 900 });
  expect(findings).toEqual([]);
  expect(run.calls).toBeGreaterThanOrEqual(890);
  expect(run.observation.secondStarts).toBe(0);
  expect(run.faults.drop + run.faults.duplicate + run.faults.restart).toBeGreaterThan(2);
  expect(run.observation.aborts).toBeGreaterThan(0);
});

test.each([
  ['a handler that is deaf to its signal', tools.deaf, 'ignored-abort', {}],
  ['a handler that keeps the event loop', tools.blocking, 'blocked-loop', { calls: 6 }],
  ['a handler that passes its deadline', tools.slow, 'exceeded-deadline', { calls: 12 }],
  ['a handler whose memory grows', tools.leaking, 'grew-memory', { calls: 600 }],
  ['a handler that keeps a little of each call', tools.hoarding, 'grew-memory', { calls: 400 }],
  ['a handler that throws', tools.breaking, 'threw', {}],
  ['arguments that cannot be made up', tools.picky, 'untested', {}],
] as const)('%s is found', async (_, tool, kind, options) => {
  const { findings } = await soak(tool, options);
  expect(findings).toContain(kind);
});

test.each([1, 2, 3])('a pure function does not grow memory, round %i', async (seed) => {
  const { run, findings } = await soak(tools.pure, { calls: 400, seed });
  expect(run.growthBytes).not.toBeNull();
  expect(findings).toEqual([]);
});

test('a failure that a handler means to tell is no finding', async () => {
  const { run, findings } = await soak(tools.candid);
  expect(findings).toEqual([]);
  expect(run.answers.get('handler_failed')).toBeGreaterThan(0);
});

test('arguments that are given are used', async () => {
  const given = new Map([['picky', [{ id: 'ENG-1' }]]]);
  const { run, findings } = await soak(tools.picky, { arguments: given });
  expect(findings).toEqual([]);
  expect(run.answers.get('ok')).toBeGreaterThan(0);
});
