/** Every question of the server gets an answer, whatever its policy does. */
import { expect, test } from 'vitest';
import type { HostQuestion, QuestionPolicy } from '../../../src/hosts/host.ts';
import { fakeServer } from './fake-server.ts';

const declined = { decision: 'decline' };
const denied = { decision: { denied: { rejection: expect.any(String) } } };

/** What is answered when nobody decides, by method. */
const safeAnswers: Record<string, object> = {
  'item/commandExecution/requestApproval': { result: declined },
  'item/fileChange/requestApproval': { result: declined },
  'item/permissions/requestApproval': { result: { permissions: {}, scope: 'turn' } },
  'item/tool/requestUserInput': { result: { answers: {} } },
  'mcpServer/elicitation/request': { result: { action: 'decline', content: null, _meta: null } },
  'currentTime/read': { result: { currentTimeAt: Date.UTC(2026, 0, 1) / 1000 } },
  applyPatchApproval: { result: denied },
  execCommandApproval: { result: denied },
  'account/chatgptAuthTokens/refresh': { error: { code: -32_000, message: expect.any(String) } },
  'attestation/generate': { error: { code: -32_000, message: expect.any(String) } },
  'something/new': { error: { code: -32_601, message: 'Method not found: something/new' } },
};

const approval = 'item/commandExecution/requestApproval';
const params = { threadId: 'thread-1', turnId: 'turn-1', command: 'rm -rf /' };

async function serverWith(onQuestion?: QuestionPolicy) {
  const server = fakeServer({
    ...(onQuestion && { onQuestion }),
    limits: { approvalTimeoutMs: 1_000 },
  });
  await server.host.start();
  return server;
}

test.each(Object.entries(safeAnswers))(
  'without a policy, %s is answered safely',
  async (method, answer) => {
    const server = await serverWith();
    server.ask('q', method, params);
    await server.settle();
    expect(server.answers.get('q')).toEqual([answer]);
    const told = method === 'currentTime/read' ? 'answered' : 'declined';
    expect(server.all('question.answered')).toEqual([
      { type: 'question.answered', sessionId: 'thread-1', method, answer: told },
    ]);
    await server.host.close();
  },
);

test('a policy is told who asks what, and its decision is the answer', async () => {
  const asked: HostQuestion[] = [];
  const server = await serverWith((question) => {
    asked.push(question);
    return { decision: 'accept' };
  });
  server.ask(0, approval, params);
  server.ask(1, 'applyPatchApproval', { conversationId: 'thread-2' });
  await server.settle();
  expect(asked).toEqual([
    { method: approval, sessionId: 'thread-1', turnId: 'turn-1', params },
    {
      method: 'applyPatchApproval',
      sessionId: 'thread-2',
      turnId: null,
      params: { conversationId: 'thread-2' },
    },
  ]);
  expect(server.answers.get(0)).toEqual([{ result: { decision: 'accept' } }]);
  expect(server.all('question.answered').map(({ answer }) => answer)).toEqual([
    'answered',
    'answered',
  ]);
  await server.host.close();
});

const circular: Record<string, unknown> = {};
circular['self'] = circular;

test.each<[string, QuestionPolicy]>([
  ['decides nothing', () => undefined],
  [
    'throws',
    () => {
      throw new Error('a bug in the policy');
    },
  ],
  ['rejects', () => Promise.reject(new Error('a bug in the policy'))],
  ['decides what is no JSON', () => circular],
  ['decides what is too deep', () => JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`) as unknown],
  ['never decides', () => new Promise(() => {})],
])('a policy that %s leaves the safe answer', async (_what, policy) => {
  const server = await serverWith(policy);
  server.ask(0, approval, params);
  await server.env.clock.advance(1_000);
  expect(server.answers.get(0)).toEqual([{ result: declined }]);
  expect(server.all('question.answered')).toMatchObject([{ answer: 'declined' }]);
  await server.host.close();
  expect(server.env.clock.pendingTimers).toBe(0);
});

test('a question that is repeated while it is decided is asked once, and answered once', async () => {
  const decide: ((decision: object) => void)[] = [];
  const server = await serverWith(
    () =>
      new Promise((resolve) => {
        decide.push(resolve);
      }),
  );
  server.ask(0, approval, params);
  server.ask(0, approval, params);
  await server.settle();
  expect(decide).toHaveLength(1);
  decide[0]!({ decision: 'accept' });
  await server.settle();
  expect(server.answers.get(0)).toEqual([{ result: { decision: 'accept' } }]);
  await server.host.close();
});

test('a question that is settled elsewhere, or whose link is gone, is called off and not answered', async () => {
  const signals: AbortSignal[] = [];
  const server = await serverWith((_question, signal) => {
    signals.push(signal);
    return new Promise(() => {});
  });
  server.ask(0, approval, params);
  server.notify('serverRequest/resolved', { threadId: 'thread-1', requestId: 0 });
  await server.settle();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  server.ask(1, approval, params);
  await server.settle();
  server.cut();
  await server.env.clock.advance(1_000);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  server.ask(1, approval, params);
  await server.settle();
  expect(signals).toHaveLength(3);
  expect(server.answers.size).toBe(0);
  expect(server.all('question.answered')).toEqual([]);
  await server.host.close();
  expect(signals[2]?.aborted).toBe(true);
});
