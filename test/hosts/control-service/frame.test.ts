/** Frames as they are read: what is told besides their payload, and what does not fit. */
import { expect, test } from 'vitest';
import { parseFrame } from '../../../src/hosts/control-service/frame.ts';

const parse = (frame: object) => parseFrame(JSON.stringify(frame))?.frame;
const plain = { type: 'approval', threadId: 't', payload: { a: 1 }, seq: 7 };

test('a frame that is delivered again says so, and no other', () => {
  expect(parse(plain)).toEqual(plain);
  expect(parse({ ...plain, redelivered: true })).toEqual({ ...plain, redelivered: true });
  for (const redelivered of [false, 1, 'true']) {
    expect(parse({ ...plain, redelivered })).toEqual(plain);
  }
});

test('a frame about missing ones names them, if it knows which', () => {
  const lagged = { type: 'lagged', threadId: null, payload: null, seq: null };
  const missing = { from: 3, to: 5 };
  expect(parse({ type: 'lagged', ...missing })).toEqual({ ...lagged, missing });
  for (const unknown of [{}, { from: 3 }, { from: '3', to: 5 }, { from: 0.5, to: 5 }]) {
    expect(parse({ type: 'lagged', ...unknown })).toEqual(lagged);
  }
  expect(parse({ ...plain, ...missing })).toEqual(plain);
});
