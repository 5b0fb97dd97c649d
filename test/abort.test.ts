import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { unlessAborted } from '../src/abort.ts';

test('is the promise while the signal is silent, and leaves no listener', async () => {
  const { signal } = new AbortController();
  expect(await unlessAborted(Promise.resolve(1), signal)).toBe(1);
  await expect(unlessAborted(Promise.reject(new Error('broken')), signal)).rejects.toThrow(
    'broken',
  );
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('rejects with the reason of the signal, aborted before or after', async () => {
  const owner = new AbortController();
  const waiting = unlessAborted(new Promise(() => {}), owner.signal);
  owner.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await expect(unlessAborted(new Promise(() => {}), owner.signal)).rejects.toThrow('enough');
});

test('a promise that fails after the abort harms nobody', async () => {
  const owner = new AbortController();
  const late = Promise.withResolvers<never>();
  const waiting = unlessAborted(late.promise, owner.signal);
  owner.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  late.reject(new Error('too late'));
  await expect(late.promise).rejects.toThrow('too late');
});
