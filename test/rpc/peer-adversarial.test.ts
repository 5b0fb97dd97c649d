/** What a hostile, broken or careless other side may send (F17, F18), and what we must never send (F17b). */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultLimits } from '../../src/limits.ts';
import { toJsonText } from '../../src/rpc/json-text.ts';
import type { GarbageKind, RpcRequest } from '../../src/rpc/message.ts';
import { createPeerFixture } from './peer-fixture.ts';

const echoing = (fixture: ReturnType<typeof createPeerFixture>) => ({
  onRequest: ({ id, params }: RpcRequest) => {
    fixture.peer.respond(id, params);
    return true;
  },
});

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

const useless: readonly [GarbageKind, string][] = [
  ['not_json', ''],
  ['not_json', '{"id":1'],
  ['not_json', '\ufeff{"id":1,"method":"m"}'],
  ['not_json', '{"id":1,"method":"m"}{"id":2,"method":"m"}'],
  ['not_json', 'thread panicked at src/main.rs'],
  ['not_object', 'null'],
  ['not_object', '17'],
  ['not_object', '"text"'],
  ['not_object', '[{"id":1,"method":"m"}]'],
  ['shape_unknown', '{}'],
  ['shape_unknown', '{"id":5}'],
  ['shape_unknown', '{"__proto__":{"id":1,"method":"m"}}'],
  ['method_invalid', '{"id":1,"method":7}'],
  ['method_invalid', '{"method":null}'],
  ['id_invalid', '{"id":null,"method":"m"}'],
  ['id_invalid', '{"id":1.5,"method":"m"}'],
  ['id_invalid', '{"id":1e300,"method":"m"}'],
  ['id_invalid', '{"id":9007199254740993,"method":"m"}'],
  ['id_invalid', '{"id":{},"method":"m"}'],
  ['id_invalid', '{"id":null,"error":{"code":-32700,"message":"Parse error"}}'],
  ['response_unknown', '{"id":99,"result":1}'],
  ['response_unknown', '{"id":-1,"result":1}'],
  ['response_unknown', '{"id":0,"result":1}'],
  ['response_unknown', '{"id":"1","result":1}'],
  ['response_unknown', '{"id":"__proto__","result":1}'],
];

test.for(useless)('%s: %s', async ([kind, text]) => {
  const { peer, say, settle, sent, closes } = createPeerFixture(echoing);
  // Request 1 is in flight, so that a confused id could do harm.
  const answer = peer.request('asked');
  say(text);
  await settle();
  const none = { ...peer.stats.garbage, [kind]: 0 };
  expect(peer.stats.garbage[kind]).toBe(1);
  expect(Object.values(none)).toEqual(Object.values(none).map(() => 0));
  expect(sent).toEqual([{ id: 1, method: 'asked', params: {} }]);
  expect(closes).toEqual([]);
  say({ id: 1, result: 'fine' });
  expect(await answer).toBe('fine');
});

test('a second response to one request is counted and changes nothing', async () => {
  const { peer, say, settle } = createPeerFixture();
  const answer = peer.request('m');
  say({ id: 1, result: 'first' });
  say({ id: 1, result: 'second' });
  say({ id: 1, error: { code: 1, message: 'third' } });
  expect(await answer).toBe('first');
  await settle();
  expect(peer.stats).toMatchObject({ responses: 1, garbage: { response_late: 2 } });
});

test.for([
  ['{"id":1,"error":{}}', -32603, 'an error without a message'],
  ['{"id":1,"error":"text"}', -32603, 'an error without a message'],
  ['{"id":1,"error":{"code":"1","message":2}}', -32603, 'an error without a message'],
  ['{"id":1,"result":1,"error":{"code":4,"message":"both"}}', 4, 'both'],
] as const)('a malformed error still rejects the request: %s', async ([text, code, message]) => {
  const { peer, say } = createPeerFixture();
  const answer = peer.request('m');
  say(text);
  await expect(answer).rejects.toMatchObject({ code: 'request_refused', cause: { code, message } });
});

test('results of every kind count as results, null and a null error beside it too', async () => {
  const { peer, say } = createPeerFixture();
  for (const [index, result] of [null, 0, false, '', [], {}].entries()) {
    const answer = peer.request('m');
    say({ id: index + 1, result, error: null });
    expect(await answer).toEqual(result);
  }
});

test('whatever is sent, the peer neither throws nor stops working', async () => {
  const member = fc.oneof(fc.jsonValue(), fc.constantFrom(0, 1, '1', null, 'm', -1, 1e300));
  const message = fc.record(
    { id: member, method: member, params: member, result: member, error: member, jsonrpc: member },
    { requiredKeys: [] },
  );
  const text = fc.oneof(
    message.map((value) => JSON.stringify(value)),
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc.tuple(fc.json(), fc.nat(40)).map(([json, length]) => json.slice(0, length)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 30 }), async (texts) => {
      const { peer, say, settle, closes, logged } = createPeerFixture(echoing);
      for (const each of texts) say(each);
      await settle();
      const { garbage, requests, notifications } = peer.stats;
      const dropped = Object.values(garbage).reduce((sum, count) => sum + count, 0);
      expect(requests + notifications + dropped).toBe(texts.length);
      expect(logged.length).toBeLessThanOrEqual(Object.keys(garbage).length);
      const answer = peer.request('still there?');
      say({ id: 1, result: 'yes' });
      expect(await answer).toBe('yes');
      expect(closes).toEqual([]);
      await peer.close();
    }),
    { numRuns: 200 },
  );
});

test('a flood of garbage is counted, with one log line a kind', async () => {
  const { peer, say, settle, logged } = createPeerFixture();
  for (let count = 0; count < 20_000; count += 1) say('garbage');
  await settle();
  expect(peer.stats.garbage.not_json).toBe(20_000);
  expect(logged).toEqual([
    { level: 'warn', fields: { kind: 'not_json' }, message: expect.any(String) },
  ]);
});

test('keys that name a prototype pollute nothing', async () => {
  const taken: RpcRequest[] = [];
  const { say, settle } = createPeerFixture(() => ({
    onRequest: (request) => taken.push(request) > 0,
  }));
  say('{"id":1,"method":"m","params":{"__proto__":{"polluted":1}},"__proto__":{"polluted":1}}');
  say('{"id":2,"method":"m","params":{"constructor":{"prototype":{"polluted":1}}}}');
  await settle();
  expect(taken).toHaveLength(2);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  for (const request of taken) {
    expect(Object.getPrototypeOf(request)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(request.params)).toBe(Object.prototype);
    expect(request).not.toHaveProperty('polluted');
  }
});

test('nesting of any depth is read, and an answer nested too deep is refused, not sent', async () => {
  const failures: unknown[] = [];
  const { peer, say, settle, sent } = createPeerFixture(({ peer }) => ({
    onRequest: ({ id, params }) => {
      try {
        peer.respond(id, params);
      } catch (error) {
        failures.push(error);
      }
      return true;
    },
  }));
  const most = defaultLimits.messageDepthMax - 1;
  say(`{"id":1,"method":"m","params":${nested(1_000_000)}}`);
  say(`{"id":2,"method":"m","params":${nested(most + 1)}}`);
  say(`{"id":3,"method":"m","params":${nested(most)}}`);
  await settle();
  expect(failures).toHaveLength(2);
  for (const error of failures) expect(error).toMatchObject({ code: 'message_invalid' });
  expect(sent.map(({ id }) => id)).toEqual([3]);
  const deep = { value: JSON.parse(nested(1_000_000)) };
  await expect(peer.request('m', deep)).rejects.toMatchObject({ code: 'message_invalid' });
  expect(peer.stats).toMatchObject({ inFlight: 0, queued: 0 });
});

test('brackets in strings do not count as nesting, however they are quoted', () => {
  const value = { text: '[{"\\'.repeat(1_000), quote: '\\"[', more: ['"', '\\', '[['.repeat(200)] };
  expect(toJsonText(value, 2)).toBe(JSON.stringify(value));
  const wide = { rows: Array.from({ length: 1_000 }, (_, n) => ({ n, tags: ['{', n] })) };
  expect(toJsonText(wide, 4)).toBe(JSON.stringify(wide));
  expect(() => toJsonText(wide, 3)).toThrow(expect.objectContaining({ code: 'message_invalid' }));
});

test('what is measured as nesting is the nesting', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
      : 0;
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 8 }),
      fc.integer({ min: 1, max: 9 }),
      (value, depthMax) => {
        const attempt = () => toJsonText(value, depthMax);
        // Brackets in keys and strings are in the samples too.
        if (depthOf(value) <= depthMax) expect(attempt()).toBe(JSON.stringify(value));
        else expect(attempt).toThrow(expect.objectContaining({ code: 'message_invalid' }));
      },
    ),
    { numRuns: 1_000 },
  );
});

test('what is no JSON is refused before anything is sent', async () => {
  const { peer, settle, sent } = createPeerFixture();
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const throwing = {
    toJSON: () => {
      throw new Error('no');
    },
  };
  for (const value of [cycle, 1n, { big: 1n }, () => 1, Symbol('s'), throwing]) {
    expect(() => peer.respond(1, value)).toThrow(
      expect.objectContaining({ code: 'message_invalid' }),
    );
  }
  await settle();
  expect(sent).toEqual([]);
});

test('text is sent well-formed, and text that is so already is not touched', () => {
  const half = fc.integer({ min: 0xd800, max: 0xdfff }).map((unit) => String.fromCharCode(unit));
  const quoted = fc.constantFrom(
    String.raw`\ud800`,
    String.raw`\\udfff`,
    String.raw`\u`,
    '\\',
    '"',
    '😀',
    '\n',
    'é',
    '\u0000',
  );
  const text = fc
    .array(fc.oneof(half, quoted, fc.string({ unit: 'binary' })))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, text, (key, value) => {
      const sent = toJsonText({ [`k${key}`]: [value] }, 10);
      expect(sent.isWellFormed()).toBe(true);
      expect(JSON.parse(sent)).toEqual({ [`k${key}`.toWellFormed()]: [value.toWellFormed()] });
      expect(Buffer.from(sent).toString()).toBe(sent);
    }),
    { numRuns: 1_000 },
  );
});

test('a peer closed from within a callback hears nothing more', async () => {
  const methods: string[] = [];
  const { peer, say, settle, closes } = createPeerFixture(({ peer }) => ({
    onRequest: ({ method }) => {
      methods.push(method);
      void peer.close();
      return false;
    },
    onNotification: (method) => methods.push(method),
  }));
  say({ id: 1, method: 'first' });
  say({ method: 'second' });
  await settle();
  expect(methods).toEqual(['first']);
  expect(closes).toHaveLength(1);
  expect(peer.stats.requestsUnhandled).toBe(1);
});

test('a stream that overflows within a request rejects that request too', async () => {
  const limits = { sendBufferBytesMax: 1_000 };
  const { peer, closes } = createPeerFixture(undefined, limits);
  const answers = [
    peer.request('m', { text: 'x'.repeat(900) }),
    peer.request('m', { text: 'y'.repeat(900) }),
  ];
  const outcomes = await Promise.allSettled(answers);
  expect(outcomes).toMatchObject([
    { reason: { code: 'send_buffer_full' } },
    { reason: { code: 'send_buffer_full' } },
  ]);
  expect(closes.map(({ code }) => code)).toEqual(['send_buffer_full']);
});
