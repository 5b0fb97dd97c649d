import fc from 'fast-check';
import { expect, test } from 'vitest';
import { callFingerprint, callKey } from '../../src/ledger/call-record.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { resolveLimits, type Limits } from '../../src/limits.ts';
import type { ToolOutput } from '../../src/tools/contract.ts';

const output: ToolOutput = { success: true, contentItems: [{ type: 'inputText', text: 'done' }] };

function makeLedger(overrides: Partial<Limits> = {}) {
  const ledger = new Ledger(resolveLimits(overrides), () => 0);
  const finish = (key: string, sessionId = 's1') => {
    const claim = ledger.claim(key, sessionId, 1, 'request');
    if (claim.type !== 'new') throw new Error(`expected a new call, found ${claim.type}`);
    ledger.advance(claim.open, 'started');
    ledger.answer(claim.open, 'finished', output);
    ledger.advance(claim.open, 'confirmed');
  };
  return { ledger, finish };
}

test('a call is new once, open until its outcome, and answered with the same object afterwards', () => {
  const { ledger } = makeLedger();
  const first = ledger.claim('k', 's1', 7, 0);
  expect(first.type).toBe('new');
  if (first.type !== 'new') return;
  expect(ledger.claim('k', 's1', 7, 0)).toEqual({ type: 'open', open: first.open });
  ledger.advance(first.open, 'started');
  expect(ledger.answer(first.open, 'finished', output)).toBe(true);
  expect(ledger.advance(first.open, 'confirmed')).toBe('answered');
  const repeat = ledger.claim('k', 's1', 7, 0);
  expect(repeat.type === 'finished' && repeat.call.output).toBe(output);
});

test('whatever the request ids are, a call is new once', () => {
  const identity = fc.record({
    epoch: fc.constant('e'),
    sessionId: fc.constantFrom('s1', 's2'),
    turnId: fc.constant('t'),
    callId: fc.constantFrom('c1', 'c2'),
    requestId: fc.oneof(fc.integer({ min: -2, max: 4 }), fc.constantFrom('2', 'x'), fc.double()),
  });
  const delivered = fc.array(
    fc.record({ call: identity, ends: fc.boolean(), restored: fc.boolean() }),
  );
  const property = fc.property(delivered, (deliveries) => {
    const { ledger } = makeLedger();
    const taken = new Set<string>();
    for (const { call, ends, restored } of deliveries) {
      const key = callKey(call);
      const { sessionId, requestId } = call;
      const isNew = !taken.has(key);
      taken.add(key);
      if (restored && isNew) {
        ledger.restore({ key, sessionId, requestId, fingerprint: 1, outcome: 'answered', output });
        continue;
      }
      const claim = ledger.claim(key, sessionId, 1, requestId);
      expect(claim.type === 'new').toBe(isNew);
      if (claim.type === 'new' && ends) ledger.advance(claim.open, 'cancelled');
    }
  });
  fc.assert(property, { numRuns: 300 });
});

test('the same key with other arguments is refused, open or finished', () => {
  const { ledger, finish } = makeLedger();
  ledger.claim('open', 's1', 1, 0);
  expect(ledger.claim('open', 's1', 2, 0)).toEqual({ type: 'reused' });
  finish('finished');
  expect(ledger.claim('finished', 's1', 2, 0)).toEqual({ type: 'reused' });
});

test('an answer is recorded once: what comes after a deadline or an end changes nothing', () => {
  const { ledger } = makeLedger();
  const claim = ledger.claim('k', 's1', 1, 0);
  if (claim.type !== 'new') throw new Error('expected a new call');
  ledger.advance(claim.open, 'started');
  expect(ledger.answer(claim.open, 'timed.out', output)).toBe(true);
  const late: ToolOutput = { success: true, contentItems: [] };
  expect(ledger.answer(claim.open, 'finished', late)).toBe(false);
  expect(claim.open.output).toBe(output);
  expect(ledger.advance(claim.open, 'confirmed')).toBe('expired');
  expect(ledger.advance(claim.open, 'confirmed')).toBe(false);
});

test('running calls are never forgotten, however many finish meanwhile', () => {
  const { ledger, finish } = makeLedger({ ledgerCallsMax: 10, ledgerSessionCallsMin: 1 });
  ledger.claim('running', 's1', 1, 0);
  for (let index = 0; index < 100; index += 1) finish(`k${index}`);
  expect(ledger.knows('running', 's1')).toBe(true);
  expect(ledger.stats).toMatchObject({ open: 1, finished: 10 });
});

test('a key keeps the type of the request id and its parts apart, and outlives an epoch', () => {
  const call = { epoch: 'e', sessionId: 's', turnId: 't', callId: 'c', requestId: 0 };
  const keys = [
    call,
    { ...call, requestId: '0' },
    { ...call, turnId: 't2' },
    { ...call, callId: 'c2' },
    { ...call, sessionId: 's2' },
  ].map(callKey);
  expect(new Set(keys).size).toBe(keys.length);
  expect(callKey({ ...call, epoch: 'another' })).toBe(callKey(call));
});

test('a fingerprint tells tool, namespace and arguments apart', () => {
  const prints = [
    callFingerprint('a', null, { x: 1 }),
    callFingerprint('a', null, { x: 2 }),
    callFingerprint('b', null, { x: 1 }),
    callFingerprint('a', 'n', { x: 1 }),
    callFingerprint('a', null, undefined),
  ];
  expect(new Set(prints).size).toBe(prints.length);
  expect(callFingerprint('a', null, { x: 1 })).toBe(prints[0]);
});
