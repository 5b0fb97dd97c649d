import { expect, test } from 'vitest';
import { UndoStack } from '../src/undo-stack.ts';

test('what was done last is undone first, one after the other', async () => {
  const undone: string[] = [];
  const slow = (name: string) => async () => {
    await Promise.resolve();
    undone.push(name);
  };
  {
    await using undo = new UndoStack();
    undo.defer(slow('first'));
    const used = { [Symbol.asyncDispose]: slow('second') };
    expect(undo.use(used)).toBe(used);
    undo.use({ [Symbol.dispose]: () => void undone.push('third') });
  }
  expect(undone).toEqual(['third', 'second', 'first']);
});

test('whatever fails, the rest is undone, and the first failure is told', async () => {
  const undone: string[] = [];
  const undo = new UndoStack();
  undo.defer(() => undone.push('first'));
  undo.defer(() => Promise.reject(new Error('late')));
  undo.defer(() => {
    throw new Error('early');
  });
  await expect(undo[Symbol.asyncDispose]()).rejects.toThrow('early');
  expect(undone).toEqual(['first']);
  await undo[Symbol.asyncDispose]();
});

test('what was handed over is undone by whoever has it', async () => {
  const undone: string[] = [];
  const undo = new UndoStack();
  undo.defer(() => undone.push('first'));
  const other = undo.move();
  await undo[Symbol.asyncDispose]();
  expect(undone).toEqual([]);
  await other[Symbol.asyncDispose]();
  expect(undone).toEqual(['first']);
});
