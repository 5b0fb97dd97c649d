/** What becomes of sessions, calls and turns when links break, step by step and under virtual time. */
import { expect, test } from 'vitest';
import { fakeServer, refusal, wireTurn } from './fake-server.ts';
import { textOutput } from './watcher.ts';

test('nothing is left after close: no timer, no signal, and everything that waited is told', async () => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession('turn-1');
  server.requestCall(0, sessionId, 'turn-1');
  server.replies['turn/interrupt'] = () => 'silence';
  const unanswered = server.host.interrupt(sessionId, 'turn-1');
  const rejected = expect(unanswered).rejects.toMatchObject({ code: 'stream_closed' });
  await server.settle();
  const said = server.signals.length;
  await server.host.close();
  await rejected;
  await expect(server.host.startTurn(sessionId, 'hello')).rejects.toThrow();
  expect(server.env.clock.pendingTimers).toBe(0);
  expect(server.signals).toHaveLength(said);
});

test('a stale answer never reaches a call of another process that has the same request id', async () => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession('turn-1');
  server.requestCall(0, sessionId, 'turn-1');
  await server.settle();
  const old = server.all('call.requested')[0]!.call;

  // A container that was restarted: the same process id, but the turn is over.
  server.turns.set(sessionId, [wireTurn('turn-1', 'interrupted')]);
  server.replies['thread/resume'] = () => 'silence';
  server.cut();
  await server.env.clock.advance(1_000);
  expect(server.requested('thread/resume')).toHaveLength(1);
  // The new process asks with the same id before the old call is known to be over.
  server.requestCall(0, sessionId, 'turn-2', 'call-9');
  await server.settle();
  expect(server.all('call.withdrawn').map(({ call }) => call)).toEqual([old]);
  expect(server.host.answer(old, textOutput('stale'))).toMatchObject({ type: 'abandoned' });
  const call = server.all('call.requested').at(-1)!.call;
  expect(server.host.answer(call, textOutput('fresh'))).toEqual({ type: 'answered' });
  await server.settle();
  expect(server.answers.get(0)).toEqual([{ result: textOutput('fresh') }]);
  await server.host.close();
});

test('an answer is for one call only: another epoch, turn or call id is another call', async () => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession('turn-1');
  server.requestCall(0, sessionId, 'turn-1');
  await server.settle();
  const { call } = server.all('call.requested')[0]!;
  const [ended, notOpen] = ['its host process has ended', 'the host does not wait for it'];
  for (const [other, reason] of [
    [{ ...call, epoch: 'process 6' }, ended],
    [{ ...call, turnId: 'turn-0' }, notOpen],
    [{ ...call, callId: 'call-1' }, notOpen],
    [{ ...call, requestId: '0' }, notOpen],
    [{ ...call, sessionId: 'thread-9' }, notOpen],
  ] as const) {
    const verdict = server.host.answer(other, textOutput('stale'));
    expect(verdict).toEqual({ type: 'abandoned', reason });
  }
  await server.settle();
  expect(server.answers.size).toBe(0);
  await server.host.close();
});

test('the calls of a process that is gone are taken back before the next one is online', async () => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession('turn-1');
  server.requestCall(0, sessionId, 'turn-1');
  await server.settle();
  server.state.processId += 1;
  server.cut();
  await server.env.clock.advance(1_000);
  const told = server.types().filter((type) => /online|lost|withdrawn/.test(type));
  expect(told).toEqual(['host.online', 'host.lost', 'call.withdrawn', 'host.online']);
  await server.host.close();
});

test('a link that is lost while sessions are resumed leaves them to the next one', async () => {
  const server = fakeServer();
  await server.host.start();
  const sessions = [await server.openSession('turn-1'), await server.openSession()];
  const resume = server.replies['thread/resume']!;
  server.replies['thread/resume'] = () => {
    server.replies['thread/resume'] = resume;
    server.cut();
    return 'silence';
  };
  server.cut();
  await server.env.clock.advance(2_000);
  expect(server.all('host.lost')).toHaveLength(2);
  expect(server.all('session.gone')).toEqual([]);
  expect(server.all('session.resumed').map(({ sessionId }) => sessionId)).toEqual(sessions);
  await server.host.close();
});

test('a turn that is over before its start is answered begins and ends once', async () => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession();
  server.replies['turn/start'] = () => {
    for (const [method, status] of [
      ['turn/started', 'inProgress'],
      ['turn/completed', 'completed'],
    ] as const) {
      server.notify(method, { threadId: sessionId, turn: wireTurn('turn-1', status) });
    }
    return { result: { turn: { id: 'turn-1' } } };
  };
  expect(await server.host.startTurn(sessionId, 'hello')).toEqual({ turnId: 'turn-1' });
  const told = server.types().filter((type) => type.startsWith('turn.'));
  expect(told).toEqual(['turn.started', 'turn.ended']);
  await server.host.close();
});

test('an answer waits until its session is linked again, not only the host', async () => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession('turn-1');
  server.requestCall(3, sessionId, 'turn-1');
  await server.settle();
  const { call } = server.all('call.requested')[0]!;
  let resume = (): void => {};
  server.replies['thread/resume'] = () =>
    new Promise((resolve) => {
      const data = server.turns.get(sessionId);
      resume = () => resolve({ result: { initialTurnsPage: { data } } });
    });
  server.cut();
  await server.env.clock.advance(1_000);
  expect(server.types().at(-1)).toBe('host.online');
  expect(server.host.answer(call, textOutput('early'))).toEqual({ type: 'unlinked' });
  resume();
  await server.settle();
  expect(server.types().at(-1)).toBe('session.resumed');
  expect(await server.host.pendingCalls(sessionId)).toEqual([call]);
  expect(server.host.answer(call, textOutput('now'))).toEqual({ type: 'answered' });
  await server.host.close();
});

test('sessions are resumed a few at a time, those with a turn first', async () => {
  const server = fakeServer({ limits: { resumesInFlightMax: 2 } });
  await server.host.start();
  const sessions: string[] = [];
  for (const turnId of [undefined, undefined, undefined, 'turn-4', 'turn-5']) {
    sessions.push(await server.openSession(turnId));
  }
  const release: (() => void)[] = [];
  let atOnce = 0;
  let atOnceMax = 0;
  server.replies['thread/resume'] = async ({ threadId }) => {
    atOnceMax = Math.max(atOnceMax, ++atOnce);
    await new Promise<void>((resolve) => {
      release.push(resolve);
    });
    atOnce -= 1;
    return { result: { initialTurnsPage: { data: server.turns.get(String(threadId)) ?? [] } } };
  };
  server.cut();
  await server.env.clock.advance(1_000);
  while (server.all('session.resumed').length < sessions.length) {
    release.shift()?.();
    await server.settle();
  }
  expect(atOnceMax).toBe(2);
  const resumed = server.requested('thread/resume').map(({ params }) => params['threadId']);
  expect(resumed.slice(0, 2)).toEqual(sessions.slice(3));
  await server.host.close();
});

test('a refusal to resume may pass; one that stays ends the session, and only that one', async () => {
  const server = fakeServer({ limits: { resumeAttemptsMax: 3 } });
  await server.host.start();
  const late = await server.openSession('turn-1');
  const gone = await server.openSession('turn-2');
  server.requestCall(0, gone, 'turn-2');
  await server.settle();
  let attempts = 0;
  server.replies['thread/resume'] = ({ threadId }) => {
    if (threadId === gone) return refusal('no rollout found');
    attempts += 1;
    if (attempts < 3) return refusal('already has an active writer');
    return { result: { initialTurnsPage: { data: server.turns.get(late) } } };
  };
  server.cut();
  await server.env.clock.advance(5_000);
  expect(server.all('session.resumed').map(({ sessionId }) => sessionId)).toEqual([late]);
  expect(server.all('session.gone')).toMatchObject([
    { sessionId: gone, cause: { message: expect.stringContaining('no rollout found') } },
  ]);
  expect(server.all('call.withdrawn')).toHaveLength(1);
  await expect(server.host.startTurn(gone, 'hello')).rejects.toMatchObject({
    code: 'session_unknown',
  });
  await server.host.close();
});

test('a session that is released while it is resumed is let go on the new link, too', async () => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession();
  server.cut();
  server.replies['thread/resume'] = async () => {
    await server.host.release(sessionId, 'keep');
    return { result: { initialTurnsPage: { data: [] } } };
  };
  await server.env.clock.advance(1_000);
  expect(server.requested('thread/unsubscribe')).toEqual([
    { method: 'thread/unsubscribe', params: { threadId: sessionId } },
  ]);
  expect(server.all('session.resumed')).toEqual([]);
  expect(server.all('session.gone')).toEqual([]);
  await server.host.close();
});

test('who waits for a session that is released meanwhile is told at once', async () => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession();
  server.state.isReachable = false;
  server.cut();
  await server.settle();
  const waiting = expect(server.host.startTurn(sessionId, 'hello')).rejects.toMatchObject({
    code: 'session_unknown',
  });
  await server.host.release(sessionId, 'keep');
  await waiting;
  await server.host.close();
});

test('a turn of which there is no trace after a new link has ended as interrupted', async () => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession('turn-1');
  server.turns.set(sessionId, []);
  server.cut();
  await server.env.clock.advance(1_000);
  expect(server.all('turn.ended')).toMatchObject([
    { turnId: 'turn-1', status: 'interrupted', error: expect.stringContaining('trace') },
  ]);
  await server.host.close();
});

test('a turn that somebody else began meanwhile is told, and ends once', async () => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession();
  server.turns.set(sessionId, [wireTurn('turn-8', 'inProgress')]);
  server.cut();
  await server.env.clock.advance(1_000);
  expect(server.all('turn.started').map(({ turnId }) => turnId)).toEqual(['turn-8']);
  const ended = { threadId: sessionId, turn: wireTurn('turn-8', 'completed') };
  server.notify('turn/completed', ended);
  server.notify('turn/completed', ended);
  await server.settle();
  expect(server.all('turn.ended')).toHaveLength(1);
  await server.host.close();
});

test('a turn that lands late, from a queue of the link that is gone, is found', async () => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession();
  let messageId = '';
  server.replies['turn/start'] = ({ clientUserMessageId }) => {
    messageId = String(clientUserMessageId);
    server.cut();
    return 'silence';
  };
  const starting = server.host.startTurn(sessionId, 'hello');
  await server.env.clock.advance(400);
  expect(server.requested('thread/turns/list')).toHaveLength(1);
  server.turns.set(sessionId, [wireTurn('turn-1', 'completed', messageId)]);
  await server.env.clock.advance(server.limits.turnLandingMs);
  expect(await starting).toEqual({ turnId: 'turn-1' });
  expect(server.requested('turn/start')).toHaveLength(1);
  const told = server.types().filter((type) => type.startsWith('turn.'));
  expect(told).toEqual(['turn.started', 'turn.ended']);
  await server.host.close();
});

test('a text that became part of a running turn is found among its items', async () => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession('turn-1');
  server.replies['turn/start'] = ({ clientUserMessageId: clientId }) => {
    server.replies['thread/items/list'] = () => ({
      result: { data: [{ turnId: 'turn-1', item: { type: 'userMessage', clientId } }] },
    });
    server.cut();
    return 'silence';
  };
  const starting = server.host.startTurn(sessionId, 'and this');
  await server.env.clock.advance(1_000);
  expect(await starting).toEqual({ turnId: 'turn-1' });
  await server.host.close();
});

test('a turn that never landed is lost; one that nobody answered in time may still land', async () => {
  const server = fakeServer({ limits: { requestTimeoutMs: 10_000 } });
  await server.host.start();
  const sessionId = await server.openSession();
  server.replies['turn/start'] = () => {
    server.cut();
    return 'silence';
  };
  const lost = expect(server.host.startTurn(sessionId, 'one')).rejects.toMatchObject({
    code: 'turn_lost',
    retryable: true,
  });
  await server.env.clock.advance(2_000);
  await lost;
  server.replies['turn/start'] = () => 'silence';
  const late = expect(server.host.startTurn(sessionId, 'two')).rejects.toMatchObject({
    code: 'request_timeout',
  });
  await server.env.clock.advance(11_000);
  await late;
  await server.host.close();
});

test('what is asked while there is no link waits for the next one, but not for ever', async () => {
  const server = fakeServer({ limits: { requestTimeoutMs: 5_000 } });
  await server.host.start();
  const sessionId = await server.openSession();
  server.state.isReachable = false;
  server.cut();
  await server.settle();
  const listing = expect(server.host.pendingCalls(sessionId)).rejects.toMatchObject({
    code: 'stream_closed',
  });
  const starting = expect(server.host.startTurn(sessionId, 'hello')).rejects.toMatchObject({
    code: 'turn_lost',
  });
  const stopped = new AbortController();
  const aborted = expect(server.host.fork(sessionId, stopped.signal)).rejects.toThrow('enough');
  stopped.abort(new Error('enough'));
  await aborted;
  await server.env.clock.advance(5_000);
  await listing;
  await starting;
  server.state.isReachable = true;
  const opening = server.host.open({}, []);
  await server.env.clock.advance(server.limits.reconnectBackoffCapMs);
  expect(await opening).toEqual({ sessionId: 'thread-2' });
  await server.host.close();
});

test('a server that was there is waited for a while, one that never was for less', async () => {
  const server = fakeServer();
  await server.host.start();
  server.state.isReachable = false;
  server.cut();
  await server.env.clock.advance(server.limits.restartWindowMs - 1_000);
  expect(server.all('host.failed')).toEqual([]);
  await server.env.clock.advance(server.limits.reconnectBackoffCapMs + 1_000);
  expect(server.all('host.failed')).toMatchObject([{ cause: { code: 'host_failed' } }]);
  const dials = server.state.dials;
  await server.env.clock.advance(600_000);
  expect(server.state.dials).toBe(dials);
  await server.host.close();

  const never = fakeServer();
  never.state.isReachable = false;
  const starting = expect(never.host.start()).rejects.toMatchObject({ code: 'host_unreachable' });
  const { connectTimeoutMs, reconnectBackoffCapMs } = never.limits;
  await never.env.clock.advance(connectTimeoutMs + reconnectBackoffCapMs);
  await starting;
  expect(never.state.dials).toBeGreaterThan(2);
  await never.host.close();
  expect(never.env.clock.pendingTimers).toBe(0);
});

test('links that are lost again and again fail the host, however soon the next one is up', async () => {
  const server = fakeServer({ limits: { restartsMax: 3 } });
  await server.host.start();
  for (let count = 0; count < 4; count += 1) {
    server.cut();
    await server.env.clock.advance(5_000);
  }
  expect(server.all('host.online')).toHaveLength(4);
  expect(server.all('host.failed')).toMatchObject([
    { cause: { message: expect.stringContaining('at most 3 lost links') } },
  ]);
  await server.host.close();
});

test('a handshake that is never answered is an attempt that failed', async () => {
  const server = fakeServer({ limits: { connectTimeoutMs: 1_000 } });
  server.replies['initialize'] = () => 'silence';
  const starting = expect(server.host.start()).rejects.toMatchObject({ code: 'host_unreachable' });
  await server.env.clock.advance(5_000);
  await starting;
  await server.host.close();
});

test('a server that speaks another protocol is given up at once', async () => {
  const server = fakeServer();
  server.replies['server/diagnostics'] = () => refusal('unknown variant');
  await expect(server.host.start()).rejects.toMatchObject({ code: 'request_refused' });
  expect(server.state.dials).toBe(1);
  await server.host.close();
});

test('a thread that somebody else archives or deletes is gone, one that we release is not', async () => {
  const server = fakeServer();
  await server.host.start();
  const kept = await server.openSession();
  const lost = await server.openSession();
  await server.host.release(kept, 'keep');
  server.notify('thread/closed', { threadId: kept });
  server.notify('thread/archived', { threadId: lost });
  await server.settle();
  expect(server.all('session.gone')).toMatchObject([
    { sessionId: lost, cause: { message: expect.stringContaining('archived by somebody else') } },
  ]);
  await server.host.close();
});

test('a thread that Codex still holds is put away as soon as it is free', async () => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession();
  let refusals = 3;
  server.replies['thread/archive'] = () => {
    refusals -= 1;
    return refusals < 0 ? { result: {} } : refusal('thread x already has an active writer');
  };
  const released = server.host.release(sessionId, 'archive');
  await server.env.clock.advance(1_000);
  await released;
  expect(server.requested('thread/archive')).toHaveLength(4);
  await server.host.close();
});

test.each([
  ['a thread that stays held is refused in the end', 'already has an active writer', 4],
  ['any other refusal to delete a thread stands', 'no rollout found', 1],
])('%s', async (_name, said, attempts) => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession();
  server.replies['thread/delete'] = () => refusal(said);
  const refused = expect(server.host.release(sessionId, 'delete')).rejects.toThrow(said);
  await server.env.clock.advance(1_000);
  await refused;
  expect(server.requested('thread/delete')).toHaveLength(attempts);
  await server.host.close();
});

test('who gives up while a thread is made leaves no thread behind', async () => {
  const server = fakeServer();
  await server.host.start();
  let make = (): void => {};
  server.replies['thread/start'] = () =>
    new Promise((resolve) => {
      make = () => resolve({ result: { thread: { id: 'orphan' } } });
    });
  const stopped = new AbortController();
  const opening = server.host.open({}, [], stopped.signal);
  const rejected = expect(opening).rejects.toThrow('too slow');
  await server.settle();
  stopped.abort(new Error('too slow'));
  await rejected;
  make();
  await server.settle();
  expect(server.requested('thread/unsubscribe')).toMatchObject([
    { params: { threadId: 'orphan' } },
  ]);
  server.replies['thread/start'] = () => ({ result: { thread: { id: 'nameless' } } });
  server.replies['thread/name/set'] = () => refusal('thread name must not be empty');
  await expect(server.host.open({ title: '' }, [])).rejects.toMatchObject({
    code: 'request_refused',
  });
  await server.settle();
  expect(server.requested('thread/unsubscribe').at(-1)).toMatchObject({
    params: { threadId: 'nameless' },
  });
  await server.host.close();
});

test('an observer that throws breaks neither the link nor what comes after', async () => {
  const server = fakeServer({
    answer: () => {
      throw new Error('a bug in the mesh');
    },
  });
  await server.host.start();
  const sessionId = await server.openSession('turn-1');
  server.requestCall(0, sessionId, 'turn-1');
  server.notify('turn/completed', { threadId: sessionId, turn: wireTurn('turn-1', 'completed') });
  await server.settle();
  expect(server.types().slice(-2)).toEqual(['call.withdrawn', 'turn.ended']);
  expect(server.logged.join()).toContain('a bug in the mesh');
  await server.host.close();
});

test('a turn that is still looked for ends with the host, and leaves no timer', async () => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession();
  server.replies['turn/start'] = () => {
    server.cut();
    return 'silence';
  };
  const starting = server.host.startTurn(sessionId, 'hello');
  const ended = expect(starting).rejects.toMatchObject({ code: 'mesh_closed' });
  await server.env.clock.advance(400);
  expect(server.requested('thread/turns/list')).toHaveLength(1);
  await server.host.close();
  expect(server.env.clock.pendingTimers).toBe(0);
  await ended;
});
