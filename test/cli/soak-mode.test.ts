/** Options of `sessionmesh soak` that mean nothing for what is asked for are refused, not ignored. */
import { expect, test } from 'vitest';
import { checkOptions, soakModeOf } from '../../src/cli/soak-mode.ts';
import { soakCommand } from './soak-command.ts';

test.each([
  [['--kills', '2'], '--kills only for --tier real --kills'],
  [['--codex', 'real'], '--codex only for real processes (--tier real)'],
  [['--timeout', '1s'], '--timeout only for your own tools (soak MODULE)'],
  [['--only', 'lookup'], '--only only for your own tools'],
  [['--arguments', 'a.json'], '--arguments only for your own tools'],
  [['--tier', 'real', '--seeds', '5'], '--seeds only for simulations (--tier sim)'],
  [['--tier', 'real', '--regressions', 'kept'], '--regressions only for simulations'],
  [['--tier', 'real', '--kills', '2', '--faults', 'cut=1s'], '--faults only for simulations'],
  [['--tier', 'real', '--kills', '2', '--duration', '1s'], '--duration only for'],
  [['none.ts', '--seeds', '5'], '--seeds only for simulations (--tier sim)'],
  [['none.ts', '--tier', 'real'], '--tier only for simulations'],
  [['none.ts', '--preset', 'default'], '--preset only for'],
  [['none.ts', '--history', 'run.jsonl'], '--history only for'],
  [['--preset', 'harsh', '--faults', 'cut=1s'], 'one plan of faults'],
])('soak %s is refused', async (args, expected) => {
  const { code, stdout, stderr } = await soakCommand(...args);
  expect(stderr).toContain(expected);
  expect(stderr).toContain('[option_invalid]');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

test.each([
  ['sim', ['seed', 'seeds', 'sessions', 'topology', 'ledger', 'history', 'html', 'json']],
  ['real', ['tier', 'preset', 'codex', 'calls', 'duration', 'seed', 'history', 'html', 'json']],
  ['kills', ['tier', 'kills', 'sessions', 'ledger', 'seed', 'codex', 'history', 'html', 'json']],
  ['tools', ['calls', 'duration', 'seed', 'timeout', 'only', 'arguments', 'json']],
] as const)('%s takes its own options', (mode, given) => {
  expect(() => checkOptions(mode, given)).not.toThrow();
});

test('a module is soaked, kills are a run of their own, and all else goes by the tier', () => {
  expect(soakModeOf('tools.ts', { tier: 'sim' })).toBe('tools');
  expect(soakModeOf(undefined, { tier: 'sim' })).toBe('sim');
  expect(soakModeOf(undefined, { tier: 'real' })).toBe('real');
  expect(soakModeOf(undefined, { tier: 'real', kills: 2 })).toBe('kills');
});
