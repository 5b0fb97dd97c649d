/** Waiting: by the stream first, by reads where it says nothing, within its time, and no longer than it can help. */
import { expect, test } from 'vitest';
import { openClient } from './scene.ts';

async function openWait(options = {}) {
  const scene = await openClient(options);
  const { client, moving, stub } = scene;
  const { skills } = await moving(client.remoteSkills.createSession());
  const { sessionId } = skills;
  const { turnId } = Object(await moving(skills.send('go')));
  const reads = () => stub.requestsTo(/^\/sessions\/[^/]+$/, 'GET').length;
  return { ...scene, wait: client.wait, turn: { sessionId, turnId: String(turnId) }, reads };
}

test('W1 W2 W3 until asks until the value is what is waited for', async () => {
  const { wait, moving } = await openWait();
  let polls = 0;
  expect(await moving(wait.until(() => (polls += 1) === 3 && 'there'))).toBe('there');
  expect(polls).toBe(3);
  const value = wait.until(async () => (polls += 1), { predicate: async (count) => count > 5 });
  expect(await moving(value)).toBe(6);
  for (const options of [
    { timeoutSeconds: 0 },
    { intervalSeconds: 0 },
    { initialDelaySeconds: -1 },
    { maxAttempts: 0 },
  ]) {
    await expect(wait.until(() => (polls += 1), options)).rejects.toMatchObject({
      code: 'option_invalid',
    });
  }
  expect(polls).toBe(6);
});

test('W4 W5 X19 the time is kept: pauses are cut, and the messages say what ran out', async () => {
  const { wait, moving, clock } = await openWait();
  const startMs = clock.monotonic();
  const late = wait.until(() => false, {
    timeoutSeconds: 0.05,
    intervalSeconds: 0.2,
    description: 'the ticket',
  });
  await expect(moving(late)).rejects.toThrow(/the ticket.*0\.05 s/);
  expect(clock.monotonic() - startMs).toBeLessThan(100);
  const tired = wait.until(() => false, { maxAttempts: 2, description: 'the ticket' });
  await expect(moving(tired)).rejects.toThrow(/the ticket.*2 looks/);
  const stuck = wait.until(() => new Promise(() => {}), { timeoutSeconds: 1 });
  await expect(moving(stuck)).rejects.toMatchObject({ code: 'wait_timeout' });
});

test('W6 what the poll throws ends the wait', async () => {
  const { wait, moving } = await openWait();
  const failing = wait.until(() => Promise.reject(new RangeError('no')));
  await expect(moving(failing)).rejects.toThrow(RangeError);
});

test('X18 every wait ends with the reason of its signal', async () => {
  const { wait, turn, clock, moving } = await openWait();
  const stop = new AbortController();
  const { signal } = stop;
  const waits = [
    wait.until(() => false, { signal }),
    wait.turnStatus({ ...turn, expected: 'completed', signal }),
    wait.assistantReply({ ...turn, signal }),
  ];
  const settled = Promise.allSettled(waits);
  await clock.advance(100);
  stop.abort(new Error('enough'));
  for (const each of await moving(settled)) {
    expect(each).toMatchObject({ status: 'rejected', reason: { message: 'enough' } });
  }
});

test('W10 the status as it is now: one read', async () => {
  const { wait, turn, reads, moving } = await openWait();
  expect(await moving(wait.turnStatus(turn))).toBe('inProgress');
  expect(await moving(wait.turnStatus({ ...turn, turnId: 'nobody' }))).toBeNull();
  expect(reads()).toBe(2);
});

test('W11 X15 an expected status is seen when it comes, with few reads', async () => {
  const { wait, turn, reads, stub, moving, clock } = await openWait();
  const waiting = wait.turnStatus({ ...turn, expected: [' COMPLETED ', ''], timeoutSeconds: 600 });
  await clock.advance(120_000);
  expect(reads()).toBeLessThan(25);
  const startMs = clock.monotonic();
  stub.endTurn(turn.sessionId, { reply: 'done' });
  expect(await moving(waiting)).toBe('completed');
  expect(clock.monotonic() - startMs).toBeLessThan(50);
  await expect(wait.turnStatus({ ...turn, expected: ' ' })).rejects.toMatchObject({
    code: 'option_invalid',
  });
});

test('X16 a turn that ended otherwise ends the wait for another status', async () => {
  const { wait, turn, stub, moving, clock } = await openWait();
  const waiting = wait.turnStatus({ ...turn, expected: 'completed' });
  await clock.advance(50);
  stub.endTurn(turn.sessionId, { status: 'failed', error: 'no quota' });
  await expect(moving(waiting)).rejects.toMatchObject({ code: 'wait_over' });
});

test('W12 W13 W15 the last complete text of the turn is the reply, once the turn is over', async () => {
  const { wait, turn, stub, moving, clock } = await openWait();
  const waiting = wait.assistantReply(turn);
  stub.sessions.get(turn.sessionId)!.transcript.push({
    turnId: turn.turnId,
    role: 'assistant',
    status: 'complete',
    content: 'thinking …',
  });
  stub.publish('transcript_updated', turn.sessionId, {});
  await clock.advance(1_000);
  stub.endTurn(turn.sessionId, { reply: '  the answer ' });
  expect(await moving(waiting)).toMatchObject({
    ...turn,
    accepted: null,
    status: 'completed',
    assistantReply: 'the answer',
    detail: { thread: { id: turn.sessionId } },
  });
});

test('W14 X17 a failed turn that said something says that it failed', async () => {
  const { wait, turn, stub, moving } = await openWait();
  stub.endTurn(turn.sessionId, { status: 'failed', reply: 'half', error: 'no quota' });
  expect(await moving(wait.assistantReply(turn))).toMatchObject({
    status: 'failed',
    assistantReply: 'half',
  });
});

test('W12 C14 a turn that ended without a reply says why', async () => {
  const { wait, turn, stub, moving } = await openWait();
  stub.endTurn(turn.sessionId, { status: 'failed', error: 'no quota' });
  await expect(moving(wait.assistantReply(turn))).rejects.toThrow(/failed, no quota/);
});

test('X17 a reply that is stored a moment after the end of its turn is waited for', async () => {
  const { wait, turn, stub, moving, clock } = await openWait();
  const waiting = wait.assistantReply(turn);
  stub.endTurn(turn.sessionId);
  await clock.advance(300);
  stub.sessions.get(turn.sessionId)!.transcript.push({
    turnId: turn.turnId,
    role: 'assistant',
    status: 'complete',
    content: 'late',
  });
  expect(await moving(waiting)).toMatchObject({ assistantReply: 'late' });
});

test('X17 but not for ever', async () => {
  const { wait, turn, stub, moving, clock } = await openWait();
  const waiting = wait.assistantReply(turn);
  stub.endTurn(turn.sessionId);
  const startMs = clock.monotonic();
  await expect(moving(waiting)).rejects.toMatchObject({ code: 'wait_over' });
  expect(clock.monotonic() - startMs).toBeLessThan(3_000);
});

test('W16 X16 a session that was deleted ends every wait for it', async () => {
  const { wait, turn, stub, moving, clock } = await openWait();
  const waiting = wait.assistantReply(turn);
  await clock.advance(50);
  stub.deleteSession(turn.sessionId);
  const startMs = clock.monotonic();
  await expect(moving(waiting)).rejects.toMatchObject({ code: 'session_deleted' });
  expect(clock.monotonic() - startMs).toBeLessThan(100);
});

test('X15 a read that fails is no reason to stop; one that says there is no session is', async () => {
  const { wait, turn, stub, moving, clock } = await openWait();
  let failures = 3;
  stub.fault = ({ method, path }) =>
    method === 'GET' && path.startsWith('/sessions/') && failures-- > 0
      ? { status: 503, body: { status: 'error' } }
      : undefined;
  stub.endTurn(turn.sessionId, { reply: 'done' });
  expect(await moving(wait.assistantReply(turn))).toMatchObject({ assistantReply: 'done' });
  stub.fault = () => undefined;
  const startMs = clock.monotonic();
  const nobody = wait.assistantReply({ sessionId: 'nobody', turnId: 'x' });
  await expect(moving(nobody)).rejects.toMatchObject({ code: 'session_unknown' });
  expect(clock.monotonic() - startMs).toBeLessThan(100);
});

test('waits go on while the stream is down', async () => {
  const { wait, turn, stub, moving, clock } = await openWait();
  const waiting = wait.assistantReply(turn);
  stub.streamsDown = true;
  stub.dropStreams();
  await clock.advance(5_000);
  stub.endTurn(turn.sessionId, { reply: 'done' });
  const startMs = clock.monotonic();
  expect(await moving(waiting)).toMatchObject({ assistantReply: 'done' });
  expect(clock.monotonic() - startMs).toBeLessThan(2_100);
});

test('W18 a message is sent and its reply waited for, within one time', async () => {
  const { wait, turn, stub, moving, clock } = await openWait();
  stub.endTurn(turn.sessionId);
  const waiting = wait.sendMessageAndWaitReply({
    sessionId: turn.sessionId,
    text: 'and now?',
    message: { model: 'large' },
  });
  await clock.advance(50);
  stub.endTurn(turn.sessionId, { reply: 'now this' });
  expect(await moving(waiting)).toMatchObject({
    accepted: { status: 'accepted' },
    assistantReply: 'now this',
  });
  expect(stub.requestsTo(/messages$/).at(-1)!.body).toEqual({ text: 'and now?', model: 'large' });
  const unknown = wait.sendMessageAndWaitReply({ sessionId: 'nobody', text: 'hello?' });
  await expect(moving(unknown)).rejects.toMatchObject({ code: 'session_unknown' });
  const startMs = clock.monotonic();
  const late = wait.sendMessageAndWaitReply({
    sessionId: turn.sessionId,
    text: 'quick!',
    timeoutSeconds: 1,
  });
  await expect(moving(late)).rejects.toMatchObject({ code: 'wait_timeout' });
  expect(clock.monotonic() - startMs).toBeLessThan(1_100);
});

test('W17 a status that nobody knows is not the end of a turn', async () => {
  const { wait, turn, stub, moving, clock } = await openWait();
  const waiting = wait.assistantReply({ ...turn, timeoutSeconds: 5 });
  await clock.advance(50);
  stub.sessions.get(turn.sessionId)!.turns[0]!.status = 'needs_review';
  await expect(moving(waiting)).rejects.toMatchObject({ code: 'wait_timeout' });
});
