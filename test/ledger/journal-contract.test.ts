/** What every journal does, whatever it keeps its rows in. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { callKey } from '../../src/ledger/call-record.ts';
import type { Journal, JournalEntry } from '../../src/ledger/journal.ts';
import type { ToolOutput } from '../../src/tools/contract.ts';
import {
  appendCall,
  atStart,
  backends,
  makeCall,
  makeIntent,
  makeOutcome,
  makeSession,
  makeSettled,
} from './journal-fixture.ts';
import { foldEntries, journalStep, type JournalStep } from './journal-model.ts';

const codeOf = (act: () => void): unknown => {
  try {
    act();
  } catch (thrown) {
    return (thrown as { code?: unknown }).code;
  }
  return 'nothing thrown';
};

describe.each(backends)('a journal %s', (_name, open) => {
  test('is empty at first', () => {
    const { journal } = open();
    expect(journal.recover()).toEqual({ unconfirmed: [], unknown: [], finished: [], sessions: [] });
    expect(journal.stats).toMatchObject({ queued: 0, open: 0, finished: 0, failing: false });
  });

  test('gives the next process every call by how far it came', async () => {
    const scene = open();
    const call = makeCall(1, { arguments: { path: 'a', deep: [null, { b: 'ü\u0000😀' }] } });
    const started = makeIntent(1, { call, effects: 'repeatable' });
    scene.journal.append(started);
    scene.journal.append(makeIntent(2));
    scene.journal.append(makeOutcome(2, { code: 'handler_failed' }));
    appendCall(scene.journal, 3);
    scene.journal.append(makeIntent(4));
    scene.journal.append(makeSettled(4, { outcome: 'cancelled' }));
    const { unconfirmed, unknown, finished } = (await scene.reopen()).recover();
    const { type: _type, ...unknownCall } = started;
    expect(unknown).toEqual([unknownCall]);
    expect(unconfirmed).toMatchObject([
      { key: callKey(makeCall(2)), output: makeOutcome(2).output, code: 'handler_failed' },
    ]);
    expect(finished).toMatchObject([
      { key: callKey(makeCall(4)), outcome: 'cancelled', output: null },
      { key: callKey(makeCall(3)), outcome: 'answered', output: makeOutcome(3).output },
    ]);
  });

  test('goes on with the calls of the process before', async () => {
    const scene = open();
    scene.journal.append(makeIntent(1));
    scene.journal.append(makeIntent(2));
    scene.journal.append(makeOutcome(2));
    const next = await scene.reopen();
    next.append(makeSettled(1, { outcome: 'unknown' }));
    next.append(makeSettled(2));
    next.append(makeIntent(3));
    const { unconfirmed, unknown, finished } = (await scene.reopen()).recover();
    expect(unconfirmed).toEqual([]);
    expect(unknown.map(({ key }) => key)).toEqual([callKey(makeCall(3))]);
    expect(finished.map(({ outcome }) => outcome)).toEqual(['answered', 'unknown']);
  });

  test('keeps an answer byte for byte, lone surrogates and control characters included', async () => {
    const scene = open();
    const text = 'é\u0000\n\ud800 \u2028"\\ 😀';
    const contentItems = [
      { type: 'inputText', text },
      { type: 'inputImage', imageUrl: 'data:image/png;base64,AA==' },
      { type: 'inputAudio', audioUrl: 'data:audio/wav;base64,AA==' },
    ] as const;
    const output: ToolOutput = { success: false, contentItems };
    scene.journal.append(makeIntent(1));
    scene.journal.append(makeOutcome(1, { output, expired: true }));
    const { unconfirmed } = (await scene.reopen()).recover();
    expect(JSON.stringify(unconfirmed[0]?.output)).toBe(JSON.stringify(output));
    expect(unconfirmed[0]?.expired).toBe(true);
  });

  test('keeps ids that are no plain text, and the type of the request id', async () => {
    const scene = open();
    const calls = [0, '0', 'a\u0000b', '\ud800'].map((requestId) => makeCall(1, { requestId }));
    for (const call of calls) scene.journal.append(makeIntent(1, { call, key: callKey(call) }));
    const { unknown } = (await scene.reopen()).recover();
    expect(unknown.map(({ key }) => key)).toEqual(calls.map(callKey));
    expect(unknown.map(({ call }) => call)).toEqual(calls);
  });

  test('takes a big answer as it is', async () => {
    const scene = open();
    const imageUrl = `data:image/png;base64,${'A'.repeat(8 * 1024 * 1024)}`;
    scene.journal.append(makeIntent(1));
    const output: ToolOutput = { success: true, contentItems: [{ type: 'inputImage', imageUrl }] };
    scene.journal.append(makeOutcome(1, { output }));
    const { unconfirmed } = (await scene.reopen()).recover();
    expect(JSON.stringify(unconfirmed[0]?.output) === JSON.stringify(output)).toBe(true);
  });

  test('does not see what is done to an entry after it was appended', async () => {
    const scene = open();
    const settings = { cwd: '/work' };
    scene.journal.append(makeSession('s', { settings }));
    settings.cwd = '/elsewhere';
    const { sessions } = (await scene.reopen()).recover();
    expect(sessions[0]?.settings).toEqual({ cwd: '/work' });
  });

  test('knows the sessions that are open, as they were opened last', async () => {
    const scene = open();
    const { journal } = scene;
    for (const id of ['a', 'b', 'c']) journal.append(makeSession(id, { title: id }));
    journal.append({ type: 'session.closed', sessionId: 'b', at: atStart });
    journal.append({ type: 'session.closed', sessionId: 'never opened', at: atStart });
    journal.append(makeSession('a', { title: 'again', tools: [], settings: null, at: 7 }));
    const { sessions } = (await scene.reopen()).recover();
    const { type: _type, ...third } = makeSession('c', { title: 'c' });
    const again = { sessionId: 'a', title: 'again', tools: [], settings: null, at: 7 };
    expect(sessions).toEqual([third, again]);
  });

  test('writes what is appended in one turn of the event loop together, promises included', async () => {
    const { journal } = open();
    journal.append(makeIntent(1));
    journal.append(makeIntent(2));
    void Promise.resolve()
      .then(() => journal.append(makeOutcome(1)))
      .then(() => journal.append(makeOutcome(2)));
    expect(journal.stats).toMatchObject({ queued: 2, commits: 0 });
    await journal.committed();
    expect(journal.stats).toMatchObject({ queued: 0, commits: 1, open: 2 });
    await journal.committed();
    expect(journal.stats.commits).toBe(1);
  });

  test('lets everything run first that an event from outside set in motion', async () => {
    const { journal } = open();
    await new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        journal.append(makeIntent(1));
        const answer = async () => {
          for (let wait = 0; wait < 10; wait += 1) await Promise.resolve();
          journal.append(makeOutcome(1));
        };
        answer().then(resolve, reject);
      });
    });
    await journal.committed();
    expect(journal.stats).toMatchObject({ queued: 0, commits: 1 });
  });

  test('waits for another turn while each brings more, but not for ever', async () => {
    const { journal, env } = open({ journalTurnsMax: 3 });
    const queued: number[] = [];
    const bringMore = (number: number) => {
      queued.push(journal.stats.queued);
      if (number < 6) env.clock.nextTurn(() => bringMore(number + 1));
      journal.append(makeIntent(number));
    };
    bringMore(1);
    await env.clock.advance(0);
    expect({ queued, commits: journal.stats.commits }).toEqual({
      queued: [0, 1, 2, 3, 0, 1],
      commits: 2,
    });
  });

  test('writes ends, for which nobody waits, with what comes next or a little later', async () => {
    const { journal, env } = open({ journalEndsMs: 20 });
    for (const number of [1, 2, 3]) journal.append(makeIntent(number));
    await journal.committed();
    journal.append(makeSettled(1, { outcome: 'cancelled' }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(journal.stats).toMatchObject({ queued: 1, finished: 0, commits: 1 });
    journal.append(makeOutcome(2));
    await journal.committed();
    expect(journal.stats).toMatchObject({ queued: 0, finished: 1, commits: 2 });
    journal.append(makeSettled(2));
    await env.clock.advance(20);
    expect(journal.stats).toMatchObject({ queued: 0, finished: 2, commits: 3 });
    journal.append(makeSettled(3, { outcome: 'cancelled' }));
    await journal.committed();
    expect(journal.stats).toMatchObject({ queued: 0, finished: 3, commits: 4 });
  });

  test('refuses what does not follow, and nothing changes', async () => {
    const { journal } = open();
    const misuses: readonly (readonly [JournalEntry, JournalEntry[]])[] = [
      [makeOutcome(1), []],
      [makeSettled(1, { outcome: 'cancelled' }), []],
      [makeIntent(1), [makeIntent(1)]],
      [makeIntent(1, { attempt: 2 }), []],
      [makeSettled(1), []],
      [makeOutcome(1), [makeOutcome(1)]],
      [makeIntent(1, { effects: 'repeatable', attempt: 9 }), []],
      [makeSettled(1, { outcome: 'cancelled' }), []],
      [makeSettled(1, { outcome: 'expired' }), []],
      [makeSettled(1), [makeSettled(1)]],
      [makeIntent(2, { key: 'another key' }), []],
      [makeIntent(2, { at: Number.NaN }), []],
      [makeIntent(2, { attempt: 1.5 }), []],
      [makeIntent(2, { call: makeCall(2, { fingerprint: Number.NaN }) }), []],
    ];
    for (const [entry, before] of misuses) {
      for (const legal of before) journal.append(legal);
      expect([entry, codeOf(() => journal.append(entry))]).toEqual([entry, 'ledger_misused']);
    }
    await journal.committed();
    const { finished, unknown, unconfirmed } = journal.recover();
    expect([finished.length, unknown.length, unconfirmed.length]).toEqual([1, 0, 0]);
  });

  test('counts the attempts at a repeatable call, across processes', async () => {
    const scene = open();
    const first = makeIntent(1, { effects: 'repeatable' });
    scene.journal.append(first);
    (await scene.reopen()).append({ ...first, attempt: 2, at: 5 });
    const next = await scene.reopen();
    expect(next.recover().unknown).toMatchObject([{ attempt: 2, at: 5 }]);
    expect(codeOf(() => next.append({ ...first, attempt: 2 }))).toBe('ledger_misused');
    next.append({ ...first, attempt: 3, at: 6 });
    expect(codeOf(() => next.append({ ...first, attempt: 3 }))).toBe('ledger_misused');
    next.append(makeOutcome(1));
    expect((await scene.reopen()).recover().unconfirmed).toMatchObject([{ attempt: 3, at: 6 }]);
  });

  test('refuses what JSON cannot express, and nothing changes', async () => {
    const { journal } = open();
    const circular: unknown[] = [];
    circular.push(circular);
    const call = makeCall(1, { arguments: circular });
    expect(codeOf(() => journal.append(makeIntent(1, { call })))).toBe('json_invalid');
    const settings = { count: 1n };
    expect(codeOf(() => journal.append(makeSession('s', { settings })))).toBe('json_invalid');
    journal.append(makeIntent(1));
    await journal.committed();
    expect(journal.recover()).toMatchObject({ unknown: [{ attempt: 1 }], sessions: [] });
  });

  test('recovers no more finished calls, and no more bytes of answers, than the ledger keeps', async () => {
    const scene = open();
    for (let number = 1; number <= 20; number += 1) appendCall(scene.journal, number);
    const few = await scene.reopen({ ledgerCallsMax: 5, ledgerSessionCallsMin: 1 });
    expect(few.recover().finished.map(({ call }) => call.requestId)).toEqual([20, 19, 18, 17, 16]);
    const small = await scene.reopen({ ledgerAnswerBytesMax: 200 });
    expect(small.recover().finished.map(({ call }) => call.requestId)).toEqual([20, 19]);
  });

  test('forgets old finished calls beyond the bound, and nothing else', async () => {
    const scene = open({ ledgerCallsMax: 10, ledgerSessionCallsMin: 1, ledgerKeepMs: 1_000 });
    const { journal, env } = scene;
    journal.append(makeIntent(1));
    journal.append(makeIntent(2));
    journal.append(makeOutcome(2));
    journal.append(makeSession('open'));
    journal.append(makeSession('closed'));
    journal.append({ type: 'session.closed', sessionId: 'closed', at: env.clock.now() });
    for (let number = 3; number < 43; number += 1) appendCall(journal, number, env.clock.now());
    await journal.committed();
    expect(journal.compact()).toBe(false);
    await env.clock.advance(1_001);
    for (let number = 43; number < 46; number += 1) appendCall(journal, number, env.clock.now());
    await journal.committed();
    while (journal.compact());
    expect(journal.stats).toMatchObject({
      finished: 10,
      forgotten: 33,
      forgottenEarly: 0,
      open: 2,
    });
    const { finished, unknown, unconfirmed, sessions } = (await scene.reopen()).recover();
    const ids = finished.map(({ call }) => call.requestId);
    expect(ids).toEqual([45, 44, 43, 42, 41, 40, 39, 38, 37, 36]);
    expect([unknown.length, unconfirmed.length]).toEqual([1, 1]);
    expect(sessions.map(({ sessionId }) => sessionId)).toEqual(['open']);
  });

  test('forgets a few calls at a time', async () => {
    const { journal, env } = open({
      ledgerCallsMax: 1,
      ledgerSessionCallsMin: 1,
      ledgerKeepMs: 1,
      journalStepCallsMax: 4,
    });
    for (let number = 1; number <= 11; number += 1) appendCall(journal, number, env.clock.now());
    await env.clock.advance(100);
    expect(journal.stats.finished).toBe(11);
    const sizes = [];
    while (journal.compact()) sizes.push(journal.stats.finished);
    expect(sizes).toEqual([7, 3, 1]);
  });

  test('forgets by itself as it grows', async () => {
    const limits = { ledgerCallsMax: 20, ledgerSessionCallsMin: 1, ledgerKeepMs: 10 };
    const { journal, env } = open({ ...limits, journalStepCallsMax: 8, journalStepRestMs: 1 });
    for (let number = 1; number <= 500; number += 1) {
      appendCall(journal, number, env.clock.now());
      await journal.committed();
      await env.clock.advance(1);
      expect(journal.stats.finished).toBeLessThanOrEqual(20 + 8 + 11);
    }
    expect(journal.stats.forgotten).toBeGreaterThan(400);
    expect(journal.stats.forgottenEarly).toBe(0);
  });

  test('takes a call anew whose end it still remembers', async () => {
    const scene = open();
    appendCall(scene.journal, 1);
    scene.journal.append(makeIntent(1, { at: 9 }));
    const { unknown, finished } = (await scene.reopen()).recover();
    expect([unknown.length, finished.length]).toEqual([1, 1]);
  });

  test('closes once, with everything written, and is of no use afterwards', async () => {
    const scene = open();
    const { journal } = scene;
    journal.append(makeIntent(1));
    const committed = journal.committed();
    const closed = journal.close();
    expect(journal.close()).toBe(closed);
    await Promise.all([committed, closed, journal.committed()]);
    expect(codeOf(() => journal.append(makeIntent(2)))).toBe('ledger_closed');
    expect(codeOf(() => journal.recover())).toBe('ledger_closed');
    expect(codeOf(() => journal.compact())).toBe('ledger_closed');
    expect(scene.env.clock.pendingTimers).toBe(0);
    expect((await scene.reopen()).recover().unknown).toHaveLength(1);
  });

  test('recovers what a model says, after any sequence of entries, restarts and rests', async () => {
    const property = fc.asyncProperty(fc.array(journalStep, { maxLength: 60 }), async (steps) => {
      const scene = open();
      const taken: JournalEntry[] = [];
      for (const step of steps) await perform(scene.journal, step, taken, () => scene.reopen());
      await scene.reopen();
      expect(scene.journal.recover()).toEqual(foldEntries(taken));
      await scene.journal.close();
    });
    await fc.assert(property, { numRuns: 60 });
  });
});

async function perform(
  journal: Journal,
  step: JournalStep,
  taken: JournalEntry[],
  reopen: () => Promise<Journal>,
): Promise<void> {
  switch (step.type) {
    case 'reopen':
      await reopen();
      return;
    case 'commit':
      await journal.committed();
      return;
    case 'append': {
      const expected = foldEntries([...taken, step.entry]) ? 'nothing thrown' : 'ledger_misused';
      expect(codeOf(() => journal.append(step.entry))).toBe(expected);
      if (expected === 'nothing thrown') taken.push(step.entry);
    }
  }
}
