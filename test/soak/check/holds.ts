/** What tests say of a verdict. */
import { expect } from 'vitest';
import { check } from '../../../src/soak/check/checker.ts';
import type { CheckOptions } from '../../../src/soak/check/run-facts.ts';
import type { Invariant, Verdict, Violation } from '../../../src/soak/check/verdict.ts';
import type { Story } from './story.ts';

/** The verdict is `held`, and this invariant was put to the test. */
export function expectHeld(run: Story, invariant: Invariant, options?: CheckOptions): Verdict {
  const verdict = check(run.history, options);
  expect(verdict.violations.map(({ message }) => message)).toEqual([]);
  const result = verdict.invariants.find((one) => one.invariant === invariant);
  expect(result).toMatchObject({ result: 'held' });
  return verdict;
}

/** Exactly this invariant was broken, and the proof names records that exist. */
export function expectBroken(run: Story, invariant: Invariant, options?: CheckOptions): Violation {
  const verdict = check(run.history, options);
  expect([...new Set(verdict.violations.map((one) => one.invariant))]).toEqual([invariant]);
  expect(verdict.result).toBe('violated');
  const [first] = verdict.violations;
  for (const seq of first!.records) expect(run.records[seq - 1]).toBeDefined();
  expect(first!.message).not.toBe('');
  return first!;
}
