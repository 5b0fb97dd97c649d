/** Submitting an answer: what each reply means, how often it is tried, and what the record says. */
import { expect, test } from 'vitest';
import type { SkillDraft } from '../../src/remote-skills/draft.ts';
import { openTurn } from './scene.ts';
import { echoSkill, reply } from './skills.ts';

test('B94 Q17 an answer that is not taken is reported; a handler error is not overwritten', async () => {
  const { register } = echoSkill();
  const both = (draft: SkillDraft) => {
    register(draft);
    draft.register('bad', () => {
      throw new Error('boom');
    });
  };
  const { stub, skills, signal, moving } = await openTurn(both);
  stub.fault = ({ path }) =>
    path.startsWith('/tool-calls') ? reply(500, { status: 'error', requestId: '0' }) : undefined;
  const failed = await moving(skills.respondToSignal(signal(stub.call(skills.sessionId, 'echo'))));
  expect(failed).toMatchObject({
    handled: false,
    submissionStatus: 'error',
    submissionAttempts: 3,
    outcome: null,
  });
  expect(failed!.error).toContain('status=error');
  const thrown = await moving(skills.respondToSignal(signal(stub.call(skills.sessionId, 'bad'))));
  expect(thrown).toMatchObject({ error: 'boom', submissionStatus: 'error' });
});

for (const [name, status, body, expected] of [
  [
    'ok',
    200,
    { status: 'ok' },
    { submissionStatus: 'ok', handled: true, submissionIdempotent: false },
  ],
  [
    'not_found',
    404,
    { status: 'not_found' },
    {
      submissionStatus: 'not_found',
      handled: true,
      submissionIdempotent: true,
      outcome: 'abandoned',
    },
  ],
  [
    'conflict in_flight',
    409,
    { status: 'conflict', code: 'in_flight' },
    {
      submissionStatus: 'conflict',
      submissionCode: 'in_flight',
      submissionIdempotent: true,
      handled: true,
    },
  ],
  [
    'another conflict',
    409,
    { status: 'conflict', code: 'leased', holder: 'two' },
    {
      submissionStatus: 'conflict',
      submissionCode: 'leased',
      handled: false,
      submissionAttempts: 1,
    },
  ],
  [
    'error',
    500,
    { status: 'error' },
    { submissionStatus: 'error', handled: false, submissionAttempts: 3 },
  ],
  [
    'any other word',
    200,
    { status: 'deleted', code: 'gone' },
    {
      submissionStatus: 'deleted',
      submissionCode: 'gone',
      handled: false,
      submissionAttempts: 1,
      submissionIdempotent: false,
      outcome: 'abandoned',
    },
  ],
  ['a status that is no text', 200, { status: 7 }, { submissionStatus: 'malformed' }],
  ['a word with blanks around it', 200, { status: ' ok ' }, { submissionStatus: 'ok' }],
  ['malformed', 200, {}, { submissionStatus: 'malformed', handled: false, submissionAttempts: 3 }],
  ['503', 503, {}, { submissionStatus: 'exception', handled: false, submissionAttempts: 3 }],
] as const) {
  test(`B97 ${name} is classified`, async () => {
    const { register } = echoSkill();
    const { stub, skills, signal, moving } = await openTurn(register);
    stub.fault = ({ path }) => (path.startsWith('/tool-calls') ? reply(status, body) : undefined);
    const given = signal(stub.call(skills.sessionId, 'echo'));
    expect(await moving(skills.respondToSignal(given))).toMatchObject(expected);
  });
}

test('B99 attempts are 50 ms and 100 ms apart, with the same bytes', async () => {
  const { register } = echoSkill();
  const { stub, skills, signal, answersTo, clock } = await openTurn(register);
  const id = stub.call(skills.sessionId, 'echo');
  stub.fault = ({ path }) =>
    path.startsWith('/tool-calls') ? reply(500, { status: 'error' }) : undefined;
  const responding = skills.respondToSignal(signal(id));
  const counts: number[] = [];
  for (let step = 0; step < 18; step += 1) {
    await clock.advance(10);
    counts.push(answersTo(id).length);
  }
  expect([counts[3], counts[7], counts[13], counts[17]]).toEqual([1, 2, 2, 3]);
  expect(await responding).toMatchObject({ submissionAttempts: 3 });
  expect(new Set(answersTo(id).map(({ body }) => JSON.stringify(body))).size).toBe(1);
});

test('B100 an attempt that fails and one that does not: handled with two', async () => {
  const { register } = echoSkill();
  const { stub, skills, signal, moving } = await openTurn(register);
  const faults = [reply(500, { status: 'error' })];
  stub.fault = ({ path }) => (path.startsWith('/tool-calls') ? faults.shift() : undefined);
  const given = signal(stub.call(skills.sessionId, 'echo'));
  expect(await moving(skills.respondToSignal(given))).toMatchObject({
    handled: true,
    submissionStatus: 'ok',
    submissionAttempts: 2,
  });
});

test('B96 Q19 options are checked before anything runs', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, signal, moving } = await openTurn(register);
  const given = signal(stub.call(skills.sessionId, 'echo'));
  const bad = { maxSubmitAttempts: Number('three') };
  await expect(skills.respondToSignal(given, bad)).rejects.toMatchObject({
    code: 'option_invalid',
  });
  expect(echo).not.toHaveBeenCalled();
  stub.fault = ({ path }) =>
    path.startsWith('/tool-calls') ? reply(500, { status: 'error' }) : undefined;
  for (const [maxSubmitAttempts, made] of [
    [0, 1],
    [-5, 1],
    [2.9, 2],
  ] as const) {
    const other = signal(stub.call(skills.sessionId, 'echo'));
    const options = { maxSubmitAttempts, retryDelaySeconds: -1 };
    expect(await moving(skills.respondToSignal(other, options))).toMatchObject({
      submissionAttempts: made,
    });
  }
});

test('an answer that is refused for its size is replaced, and that is no success', async () => {
  const { register } = echoSkill();
  const { stub, skills, signal, moving } = await openTurn(register);
  const faults = [reply(413, { status: 'error', code: 'request_failed' })];
  stub.fault = ({ path }) => (path.startsWith('/tool-calls') ? faults.shift() : undefined);
  const dispatch = await moving(
    skills.respondToSignal(signal(stub.call(skills.sessionId, 'echo', { text: 'hi' }))),
  );
  expect(dispatch).toMatchObject({ handled: false, result: 'hi', submissionAttempts: 2 });
  expect(dispatch!.error).toContain('413');
  expect(stub.answers[0]!.body.response.success).toBe(false);
});

test('B95 B101 Q3 a submission that failed is reported with its last word, and the handler is not run for it again', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, signal, moving, answersTo } = await openTurn(register);
  const faults = [reply(500, { status: 'error' }), reply(200, {}), reply(503, {})];
  stub.fault = ({ path }) => (path.startsWith('/tool-calls') ? faults.shift() : undefined);
  const id = stub.call(skills.sessionId, 'echo', { text: 'once' });
  const given = signal(id);
  expect(await moving(skills.respondToSignal(given))).toMatchObject({
    handled: false,
    result: 'once',
    submissionStatus: 'exception',
    submissionAttempts: 3,
  });
  await moving(skills.respondToSignal(given));
  expect(echo).toHaveBeenCalledTimes(1);
  expect(new Set(answersTo(id).map(({ body }) => JSON.stringify(body))).size).toBe(1);
});

test('B98 the error of a submission says what the service said', async () => {
  const { register } = echoSkill();
  const cases = [
    [
      reply(500, { status: 'error', code: 'late', message: 'no stdin' }),
      'status=error, code=late, message=no stdin',
    ],
    [reply(200, []), 'malformed'],
    [reply(503, { status: 'error', message: 'draining' }), 'HTTP 503'],
  ] as const;
  for (const [fault, words] of cases) {
    const { stub, skills, signal, moving } = await openTurn(register);
    stub.fault = ({ path }) => (path.startsWith('/tool-calls') ? fault : undefined);
    const given = signal(stub.call(skills.sessionId, 'echo'));
    const dispatch = await moving(skills.respondToSignal(given, { maxSubmitAttempts: 1 }));
    expect(dispatch!.error).toContain(words);
  }
});
