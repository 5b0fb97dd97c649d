/** What keys do at `top`. */
import { expect, test } from 'vitest';
import { resolveLimits } from '../../src/limits.ts';
import { emptyPicture, fold } from '../../src/cli/top-picture.ts';
import {
  afterKey,
  firstView,
  listedSessions,
  type Key,
  type View,
} from '../../src/cli/top-view.ts';
import { asked, listed, online, settled, startMs } from './top-sightings.ts';

const states = { a: 'idle', b: 'idle', c: 'working', d: 'stored', e: 'idle' } as const;
const sightings = [
  online(),
  settled,
  listed(states, 0, { b: 'Release Notes' }),
  asked('a', '1', 10),
];
const picture = fold(emptyPicture(startMs), sightings, resolveLimits());

const key = (name: string): Key => ({ name, text: name.length === 1 ? name : '', ctrl: false });
const after = (view: View, ...names: string[]): View =>
  names.reduce((one, name) => afterKey(one, key(name), picture, 2), view);

const idsIn = (view: Partial<View>) =>
  listedSessions(picture, { ...firstView, ...view }).map(({ id }) => id);

test('those that need somebody come first, then the newest', () => {
  expect(idsIn({})).toEqual(['a', 'c', 'e', 'b']);
  expect(idsIn({ showsStored: true })).toEqual(['a', 'c', 'e', 'b', 'd']);
});

test('a filter finds titles, folders, ids and states, also of what is stored', () => {
  expect(idsIn({ filter: 'release' })).toEqual(['b']);
  expect(idsIn({ filter: 'waiting' })).toEqual(['a']);
  expect(idsIn({ filter: 'stored' })).toEqual(['d']);
  expect(idsIn({ filter: '/work' })).toHaveLength(5);
});

test('arrows choose, and stop at both ends', () => {
  expect(after(firstView, 'down').chosenId).toBe('c');
  expect(after(firstView, 'down', 'down', 'up').chosenId).toBe('c');
  expect(after(firstView, 'up').chosenId).toBe('a');
  expect(after(firstView, 'end', 'down').chosenId).toBe('b');
  expect(after(firstView, 'pagedown').chosenId).toBe('e');
  expect(after(firstView, 'end', 'home').chosenId).toBe('a');
});

test('Enter looks at the chosen session, q comes back and then ends', () => {
  const inside = after(firstView, 'down', 'return');
  expect(inside).toMatchObject({ sessionId: 'c', scroll: 0 });
  expect(after(inside, 'up', 'up', 'down').scroll).toBe(1);
  expect(after(inside, 'down').scroll).toBe(0);
  const back = after(inside, 'up', 'q');
  expect(back).toMatchObject({ sessionId: null, chosenId: 'c', scroll: 0, isOver: false });
  expect(after(back, 'q').isOver).toBe(true);
});

test('a filter takes every letter, also those that mean something elsewhere', () => {
  const typing = after(firstView, '/', 'q', 'a', 'j');
  expect(typing).toMatchObject({ filter: 'qaj', isTyping: true, isOver: false });
  expect(after(typing, 'backspace')).toMatchObject({ filter: 'qa' });
  expect(after(typing, 'return')).toMatchObject({ filter: 'qaj', isTyping: false });
  expect(after(typing, 'escape')).toMatchObject({ filter: '', isTyping: false });
  const ctrlU = afterKey(typing, { name: 'u', text: '\u0015', ctrl: true }, picture, 2);
  expect(ctrlU.filter).toBe('');
  expect(afterKey(typing, { name: 'tab', text: '\t', ctrl: false }, picture, 2)).toBe(typing);
});

test('Ctrl-C ends it from everywhere', () => {
  const ctrlC: Key = { name: 'c', text: '\u0003', ctrl: true };
  for (const view of [firstView, after(firstView, '/'), after(firstView, 'return')]) {
    expect(afterKey(view, ctrlC, picture, 2).isOver).toBe(true);
  }
});

test('a filter does not grow without end', () => {
  const view = { ...firstView, isTyping: true };
  const pasted = afterKey(view, { name: '', text: 'x'.repeat(10_000), ctrl: false }, picture, 2);
  expect(pasted.filter.length).toBeLessThan(100);
});

test('with nothing to choose, keys choose nothing', () => {
  const empty = emptyPicture(startMs);
  expect(afterKey(firstView, key('down'), empty, 2)).toMatchObject({ chosenId: null });
  expect(afterKey(firstView, key('return'), empty, 2)).toMatchObject({ sessionId: null });
});
