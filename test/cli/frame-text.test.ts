/** Events in words. */
import { expect, test } from 'vitest';
import type { StreamFrame } from '../../src/hosts/control-service/frame.ts';
import { frameText, isForPeople, requestOfFrame } from '../../src/cli/frame-text.ts';

const frame = (type: string, payload: unknown): StreamFrame => ({
  type,
  threadId: 's',
  payload,
  seq: 1,
});
const signal = (name: string, params: unknown) => frame(`app_server.${name}`, { params });
const say = (one: StreamFrame) => {
  const { what, detail, tone } = frameText(one, (id) => (id === '1' ? 'lookup' : undefined));
  return `${tone}: ${what}: ${detail}`;
};

test.each([
  [
    frame('tool_call_requested', {
      requestId: '1',
      threadId: 's',
      tool: 'find',
      arguments: { a: 1 },
      details: { namespace: 'files' },
    }),
    'attention: call: files/find {"a":1}',
  ],
  [
    frame('tool_call_resolved', { requestId: '1', status: 'resolved', success: true }),
    'good: answered: lookup',
  ],
  [
    frame('tool_call_resolved', { requestId: '2', status: 'resolved', success: false }),
    'bad: answered: call 2: with a failure',
  ],
  [
    frame('tool_call_resolved', { requestId: '1', status: 'expired', success: false }),
    'bad: call over: lookup: nobody waits for it any more',
  ],
  [frame('approval', { summary: 'run rm' }), 'attention: approval wanted: run rm'],
  [frame('approval_resolved', { decision: 'decline' }), 'plain: approval: decline'],
  [frame('session_deleted', { title: 'notes' }), 'plain: session deleted: notes'],
  [signal('turn.started', { turn: { id: 't' } }), 'faint: turn began: t'],
  [signal('turn.completed', { turn: { status: 'completed' } }), 'good: turn ended: completed'],
  [
    signal('turn.completed', { turn: { status: 'failed', error: { message: 'no model' } } }),
    'bad: turn ended: failed: no model',
  ],
  [
    signal('item.completed', { item: { type: 'agentMessage', text: 'hi\nthere' } }),
    'plain: assistant: hi there',
  ],
  [
    signal('item.completed', { item: { type: 'userMessage', content: [{ text: 'hello' }] } }),
    'plain: user: hello',
  ],
  [
    signal('item.started', { item: { type: 'commandExecution', command: 'ls' } }),
    'plain: command: ls began',
  ],
  [
    signal('thread.status.changed', { status: { type: 'active', activeFlags: ['x'] } }),
    'faint: status: active x',
  ],
  [signal('error', { error: { message: 'bad' } }), 'bad: error: bad'],
  [
    signal('turn.plan.updated', { threadId: 's', plan: [] }),
    'faint: turn.plan.updated: {"plan":[]}',
  ],
  [frame('something_new', { a: 1 }), 'faint: something_new: {"a":1}'],
])('%j', (one, text) => {
  expect(say(one)).toBe(text);
});

test.each([null, 1, 'x', [], { params: 1 }, { params: { turn: 1, item: [], status: 'x' } }])(
  'whatever a payload is, there are words for it: %j',
  (payload) => {
    const types = ['tool_call_requested', 'tool_call_resolved', 'approval', 'session_deleted'];
    const names = ['turn.completed', 'item.started', 'thread.status.changed', 'error'];
    for (const type of [...types, ...names.map((name) => `app_server.${name}`)]) {
      expect(say(frame(type, payload))).not.toBe('');
    }
  },
);

test('nothing in an event steers a terminal', () => {
  const evil = '\u001b[2J\u009b31m\u0007\u202e';
  const texts = [
    say(frame(`app_server.${evil}`, { params: { [evil]: evil } })),
    say(frame(evil, evil)),
    say(
      frame('tool_call_requested', { requestId: '1', threadId: 's', tool: evil, arguments: evil }),
    ),
    say(signal('item.completed', { item: { type: 'agentMessage', text: evil } })),
    say(signal('item.completed', { item: { type: evil, status: evil } })),
  ];
  for (const text of texts) expect(text).not.toMatch(/[\p{Cc}\u202e]/u);
});

test('a person is told of a message once, when it is whole', () => {
  const message = { item: { type: 'agentMessage', text: 'hi' } };
  expect(isForPeople(signal('item.started', message))).toBe(false);
  expect(isForPeople(signal('item.completed', message))).toBe(true);
  expect(isForPeople(signal('item.started', { item: { type: 'commandExecution' } }))).toBe(true);
});

test('what a frame asks for or settles has one name', () => {
  expect(requestOfFrame(frame('approval', { approvalId: 7 }))).toBe('7');
  expect(requestOfFrame(frame('tool_call_requested', { requestId: 'e.1' }))).toBe('e.1');
  expect(requestOfFrame(frame('ready', null))).toBeNull();
});
