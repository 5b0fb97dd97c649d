/** Handlers of remote skills: their arguments, their results, and what becomes of what they throw. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ToolError, tool } from '../../src/tools/index.ts';
import { namespace } from '../../src/tools/namespace.ts';
import type { SkillDraft } from '../../src/remote-skills/draft.ts';
import { openTurn } from './scene.ts';

for (const [name, result, text] of [
  ['a text is itself', 'raw', 'raw'],
  ['an empty text is itself', '', ''],
  ['null', null, 'null'],
  ['true', true, 'true'],
  ['a number', 0, '0'],
  ['a list', [1, 'a'], '[1, "a"]'],
  ['an object has its keys sorted', { b: 1, a: 'é' }, '{"a": "\\u00e9", "b": 1}'],
  ['contentItems without success', { contentItems: [] }, '{"contentItems": []}'],
  ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
] as const) {
  test(`B70 B71 B72 a result: ${name}`, async () => {
    const register = (draft: SkillDraft) => draft.register('give', async () => result);
    const { stub, skills, moving } = await openTurn(register);
    stub.call(skills.sessionId, 'give');
    const [dispatch] = await moving(skills.drainPendingCalls());
    expect(dispatch).toMatchObject({ handled: true, result });
    expect(stub.answers[0]!.body).toEqual({
      response: { success: true, contentItems: [{ type: 'inputText', text }] },
    });
  });
}

test('B69 an answer that is complete already is taken as it is', async () => {
  const answer = { success: false, contentItems: [{ type: 'inputText', text: 'not found' }] };
  const register = (draft: SkillDraft) => draft.register('give', () => answer);
  const { stub, skills, moving } = await openTurn(register);
  stub.call(skills.sessionId, 'give');
  const [dispatch] = await moving(skills.drainPendingCalls());
  expect(dispatch).toMatchObject({ handled: true, responsePayload: answer, error: null });
  expect(stub.answers[0]!.body).toEqual({ response: answer });
});

test('Q15 Q43 a result that cannot be shown is told as such: the handler did finish', async () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const register = (draft: SkillDraft) => {
    draft.register('circular', () => circular);
    draft.register('malformed', () => ({ success: true, contentItems: [{ type: 'text' }] }));
  };
  const { stub, skills, moving } = await openTurn(register);
  stub.call(skills.sessionId, 'circular');
  stub.call(skills.sessionId, 'malformed');
  await moving(skills.drainPendingCalls());
  for (const { body } of stub.answers) {
    expect(body.response.success).toBe(false);
    expect(body.response.contentItems[0]!.text).toContain('finished');
  }
});

test('B65 B66 Q13 Q14 arguments are checked and brought into shape; the model is told what does not fit', async () => {
  const seen: unknown[] = [];
  const register = (draft: SkillDraft) => {
    draft.register('count', ({ by }) => seen.push(by), {
      inputSchema: z.object({ by: z.number().int() }),
    });
    draft.register('any', (input) => seen.push(input));
  };
  const { stub, skills, moving } = await openTurn(register);
  stub.call(skills.sessionId, 'count', { by: 2 });
  stub.call(skills.sessionId, 'count', '{"by":3}');
  stub.call(skills.sessionId, 'count', { by: 'two' });
  stub.call(skills.sessionId, 'any', null);
  const dispatches = await moving(skills.drainPendingCalls());
  expect(seen).toEqual([2, 3, {}]);
  expect(dispatches.map(({ handled }) => handled)).toEqual([true, true, false, true]);
  expect(dispatches[2]!.error).toContain('by');
});

test('a handler may tell the model what went wrong', async () => {
  const register = (draft: SkillDraft) =>
    draft.register('give', () => {
      throw new ToolError('the ticket is locked');
    });
  const { stub, skills, moving } = await openTurn(register);
  stub.call(skills.sessionId, 'give');
  const [dispatch] = await moving(skills.drainPendingCalls());
  expect(dispatch).toMatchObject({ handled: false, error: 'the ticket is locked' });
  expect(JSON.stringify(stub.answers)).toContain('the ticket is locked');
});

test('Q32 a handler that takes too long is stopped, and the model is told', async () => {
  const aborted: unknown[] = [];
  const register = (draft: SkillDraft) =>
    draft.register(
      'hang',
      (_, { signal }) =>
        new Promise(() => signal.addEventListener('abort', () => aborted.push(signal.reason))),
      { timeoutMs: 500 },
    );
  const { stub, skills, moving } = await openTurn(register);
  stub.call(skills.sessionId, 'hang');
  const [dispatch] = await moving(skills.drainPendingCalls());
  expect(dispatch).toMatchObject({ handled: false, outcome: 'expired' });
  expect(aborted).toHaveLength(1);
});

test('B67 Q13 arguments that are no object are told to the model, and the handler does not run', async () => {
  const seen: unknown[] = [];
  const register = (draft: SkillDraft) => draft.register('any', (input) => seen.push(input));
  const { stub, skills, moving } = await openTurn(register);
  for (const given of ['raw', 7, true, [1]]) stub.call(skills.sessionId, 'any', given);
  const dispatches = await moving(skills.drainPendingCalls());
  expect(seen).toEqual([]);
  expect(dispatches.map(({ handled }) => handled)).toEqual([false, false, false, false]);
  expect(stub.answers.every(({ body }) => !body.response.success)).toBe(true);
});

test('B59 B62 B136 a handler may return or promise: both are handled the same way', async () => {
  const register = (draft: SkillDraft) => {
    draft.register('plain', () => ({ id: 1 }));
    draft.register('promised', async () => ({ id: 1 }));
  };
  const { stub, skills, moving } = await openTurn(register);
  stub.call(skills.sessionId, 'plain');
  stub.call(skills.sessionId, 'promised');
  const [plain, promised] = await moving(skills.drainPendingCalls());
  expect(plain).toMatchObject({ handled: true, error: null, result: { id: 1 } });
  expect(promised!.responsePayload).toEqual(plain!.responsePayload);
});

test('B60 Q42 what a handler throws is shown in the record, whatever it is', async () => {
  const register = (draft: SkillDraft) => {
    draft.register('text', () => {
      // oxlint-disable-next-line typescript/only-throw-error -- as careless handlers do
      throw 'just words';
    });
    draft.register('empty', () => {
      throw new Error('');
    });
  };
  const { stub, skills, moving } = await openTurn(register);
  stub.call(skills.sessionId, 'text');
  stub.call(skills.sessionId, 'empty');
  expect(await moving(skills.drainPendingCalls())).toMatchObject([
    { handled: false, error: 'just words', result: null, submissionStatus: 'ok' },
    { handled: false, error: '', result: null, submissionStatus: 'ok' },
  ]);
});

test('B73 an image is an item of an answer that is complete already', async () => {
  const imageUrl = 'data:image/png;base64,AAAA';
  const answer = { success: true, contentItems: [{ type: 'inputImage', imageUrl }] };
  const register = (draft: SkillDraft) => draft.register('draw', () => answer);
  const { stub, skills, moving } = await openTurn(register);
  stub.call(skills.sessionId, 'draw');
  await moving(skills.drainPendingCalls());
  expect(stub.answers[0]!.body).toEqual({ response: answer });
});

test('Q39 handlers that run at once are bounded, and so is what waits for them', async () => {
  const doors: (() => void)[] = [];
  const register = (draft: SkillDraft) =>
    draft.register('hold', () => new Promise<void>((resolve) => doors.push(resolve)));
  const { stub, skills, clock } = await openTurn(register, {
    limits: { sessionConcurrencyMax: 2, sessionWaitingMax: 1 },
  });
  for (let call = 0; call < 4; call += 1) stub.call(skills.sessionId, 'hold');
  const draining = skills.drainPendingCalls();
  await clock.advance(20);
  expect(doors).toHaveLength(2);
  // One waits for its turn, and one more than that is refused at once.
  expect(stub.answers.map(({ body }) => body.response.success)).toEqual([false]);
  while (doors.length > 0) {
    doors.shift()!();
    await clock.advance(20);
  }
  expect((await draining).map(({ handled }) => handled)).toEqual([true, true, true, false]);
});

test('Q47 a tool of a namespace is another than the flat one of its name', async () => {
  const seen: string[] = [];
  const register = (draft: SkillDraft) => {
    draft.register('find', () => seen.push('flat'));
    const find = tool({ name: 'find', description: 'Finds.', execute: () => seen.push('inner') });
    draft.add(namespace('tickets', { description: 'Tickets.', tools: [find] }));
  };
  const { stub, skills, signal, moving } = await openTurn(register, { epochs: true });
  const named = signal(stub.call(skills.sessionId, 'find'));
  const params = { ...Object(named.params), namespace: 'tickets' };
  await moving(skills.respondToSignal({ ...named, params }));
  await moving(skills.respondToSignal(signal(stub.call(skills.sessionId, 'find'))));
  expect(seen).toEqual(['inner', 'flat']);
});
