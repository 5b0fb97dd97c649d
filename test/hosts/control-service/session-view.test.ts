/** What is read of a session: its turns, how they ended, and the assistant's last words. */
import { expect, test } from 'vitest';
import {
  endingOf,
  replyOf,
  terminalStatuses,
  turnOf,
} from '../../../src/hosts/control-service/session-view.ts';

test('W7 the status of a turn is its text, and null for anything else', () => {
  const turns = [{ id: 'a', status: ' Completed ' }, { id: 'b', status: 7 }, { id: 'c' }, 'odd'];
  const statusOf = (id: string, detail: unknown) => turnOf(detail, id)?.status ?? null;
  const detail = { thread: { turns } };
  expect(['a', 'b', 'c', 'd'].map((id) => statusOf(id, detail))).toEqual([
    'Completed',
    null,
    null,
    null,
  ]);
  for (const odd of [null, 'text', {}, { thread: null }, { thread: { turns: {} } }]) {
    expect(statusOf('a', odd)).toBeNull();
  }
});

test('W8 seven words end a turn, whatever their case', () => {
  expect(terminalStatuses).toEqual([
    'completed',
    'complete',
    'failed',
    'error',
    'interrupted',
    'canceled',
    'cancelled',
  ]);
  expect(terminalStatuses.map((word) => endingOf(` ${word.toUpperCase()} `))).toEqual([
    'completed',
    'completed',
    'failed',
    'failed',
    'interrupted',
    'interrupted',
    'interrupted',
  ]);
  for (const word of ['inProgress', 'needs_review', 'constructor', '', null]) {
    expect(endingOf(word)).toBeNull();
  }
});

test('W9 the reply is the last complete text of the assistant in the turn', () => {
  const row = { turnId: 'a', role: 'assistant', status: 'complete', content: ' first ' };
  const others = [
    { ...row, content: ' ' },
    { ...row, content: 7 },
    { ...row, status: 'streaming', content: 'half' },
    { ...row, role: 'Assistant', content: 'loud' },
    { ...row, turnId: 'b', content: 'elsewhere' },
    null,
  ];
  expect(replyOf({ transcript: [{ ...row, content: 'zero' }, row, ...others] }, 'a')).toBe('first');
  expect(replyOf({ transcript: others }, 'a')).toBeNull();
  expect(replyOf({ transcript: 'none' }, 'a')).toBeNull();
});
