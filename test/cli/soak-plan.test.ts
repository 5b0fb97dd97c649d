/** Faults that a run of the soak cannot have are refused before it begins, or listed. */
import { expect, test } from 'vitest';
import { checkPlan } from '../../src/cli/soak-plan.ts';
import { formatRealFigures } from '../../src/cli/soak-real-text.ts';
import { isSimulated } from '../../src/soak/sim/scenario.ts';
import { soakCommand } from './soak-command.ts';

test.each([
  [['--faults', 'cut=30s,slice=0.1'], 'found --faults slice;'],
  [['--topology', 'child', '--faults', 'drop=0.1'], 'found --faults drop;'],
  [['--ledger', 'none', '--faults', 'crash=10s'], 'found --faults crash;'],
  [['--tier', 'real', '--faults', 'crash-point=0.05,cut=1s'], 'found --faults crash-point;'],
  [['--tier', 'real', '--faults', 'split-brain=1s'], 'found --faults split-brain;'],
  [['--tier', 'real', '--faults', 'drop=0.1'], 'found --faults drop;'],
])('soak %s is refused', async (args, found) => {
  const { code, stdout, stderr } = await soakCommand(...args);
  expect(stderr).toContain(found);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

test('a preset may have faults that cannot happen, as long as one can', () => {
  const place = { name: 'a place', canHappen: (fault: string) => fault === 'cut' };
  expect(() => checkPlan({ preset: 'split-brain' }, place)).not.toThrow();
  const nowhere = { name: 'nowhere', canHappen: () => false };
  expect(() => checkPlan({ preset: 'split-brain' }, nowhere)).toThrow('--preset split-brain');
  expect(() => checkPlan({ preset: 'default', faults: {} }, nowhere)).not.toThrow();
});

test('a fault is simulated if some topology and ledger that may be drawn can have it', () => {
  expect(isSimulated('drop')).toBe(true);
  expect(isSimulated('drop', { topology: 'child' })).toBe(false);
  expect(isSimulated('split-brain', { topology: 'service' })).toBe(true);
  expect(isSimulated('power-loss', { ledger: 'async' })).toBe(false);
  expect(isSimulated('oversize')).toBe(false);
});

test('a run of real processes says what of its preset was left out', () => {
  const nothing = { starts: { lines: 0, told: 0 }, memory: [], deaths: [] };
  const recovery = { count: 0, p50: 0, p99: 0, max: 0 };
  const skipped = ['split-brain', 'refuse'] as const;
  expect(formatRealFigures({ ...nothing, recovery, skipped })).toMatch(
    /left out +split-brain, refuse/,
  );
  expect(formatRealFigures({ ...nothing, recovery, skipped: [] })).not.toContain('left out');
});
