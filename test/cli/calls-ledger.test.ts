/** `sessionmesh calls ls --ledger`: calls out of the file of a ledger. */
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { systemEnv } from '../../src/env.ts';
import { callKey } from '../../src/ledger/call-record.ts';
import { openJournal } from '../../src/ledger/sqlite/open-journal.ts';
import { resolveLimits } from '../../src/limits.ts';
import { silentLogger } from '../../src/logger.ts';
import { makeCall, makeIntent, makeOutcome } from '../ledger/journal-fixture.ts';
import { scratchFolder } from '../service/scene.ts';
import { commandsIn } from './service-commands.ts';

// Each test starts several processes, one after the other.
vi.setConfig({ testTimeout: 60_000 });

async function ledger() {
  const home = await scratchFolder();
  const path = join(home, 'calls.sqlite');
  const journal = openJournal({
    path,
    mode: 'sync',
    env: systemEnv,
    limits: resolveLimits(),
    logger: silentLogger,
  });
  const key = (number: number) => callKey(makeCall(number));
  journal.append(makeIntent(1));
  journal.append(makeOutcome(1, { at: makeIntent(1).at + 1_400 }));
  journal.append({
    type: 'settled',
    key: key(1),
    outcome: 'answered',
    at: makeIntent(1).at + 1_500,
  });
  journal.append(makeIntent(2, { call: makeCall(2, { namespace: 'files' }) }));
  journal.append(makeOutcome(2, { code: 'handler_failed' }));
  journal.append(makeIntent(3, { call: makeCall(3, { sessionId: 'session-2' }) }));
  await journal.committed();
  await journal.close();
  return { path, ...commandsIn(home) };
}

test('every call with what became of it, without a service', async () => {
  const { run, json, path } = await ledger();
  const { code, stdout, stderr } = await run(['calls', 'ls', '--ledger', path]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n')).toEqual([
    expect.stringMatching(/^call +session +state +age +took +tries +tool$/),
    expect.stringMatching(/^call-1 +session-1 +answered +\d+ d +1\.4 s +1 +read_file$/),
    expect.stringMatching(/^call-2 +session-1 +submitting \(handler_failed\) .* files\/read_file$/),
    expect.stringMatching(/^call-3 +session-2 +running +\d+ d +- +1 +read_file$/),
    '',
  ]);
  const { calls } = await json(['calls', 'ls', '--ledger', path, '--session', 'session-2']);
  expect(calls).toMatchObject([{ callId: 'call-3', state: 'running', endedAt: null }]);
});

test('the newest ones, and how many are left out', async () => {
  const { run, path } = await ledger();
  const { stdout, stderr } = await run(['calls', 'ls', '--ledger', path, '--limit', '1']);
  expect(stdout).toMatch(/^call .*\ncall-3 .*\n$/);
  expect(stderr).toBe('2 older ones not shown; see --limit\n');
});
