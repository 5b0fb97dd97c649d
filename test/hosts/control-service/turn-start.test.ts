/** A text is never said twice: where the answer to a message is lost, the session tells what became of it. */
import { expect, test } from 'vitest';
import { openScene } from './scene.ts';
import type { Fault } from './stub-wire.ts';

const isMessage = ({ path }: { path: string }) => path.endsWith('/messages');

async function sendWith(faults: (Fault | undefined)[], limits = {}) {
  const scene = await openScene({ limits });
  const { mesh, stub, moving } = scene;
  const session = await moving(mesh.createSession());
  stub.fault = (request) => (isMessage(request) ? faults.shift() : undefined);
  const sending = session.send('hello there');
  return { ...scene, session, sent: moving(sending) };
}

test('a message whose reply was lost is found by its text', async () => {
  const { sent, stub, session } = await sendWith(['reset-after']);
  const { turnId } = await sent;
  expect(turnId).toBe(stub.sessions.get(session.id)!.turns[0]!.id);
  expect(stub.requests.filter(isMessage)).toHaveLength(1);
  expect(session.turnId).toBe(turnId);
});

test('a turn that is over before its reply was found ends all the same', async () => {
  const { sent, stub, session, moving, clock } = await sendWith(['silence-after'], {
    requestTimeoutMs: 1_000,
  });
  await clock.advance(10).catch(() => {});
  const { turnId } = await sent.then((value) => {
    stub.endTurn(session.id, { reply: 'hello' });
    return value;
  });
  expect(await moving(session.turnEnded(turnId))).toMatchObject({ reply: 'hello' });
});

test('a message that certainly did not arrive is lost, and may be sent again', async () => {
  for (const fault of ['refused', 'reset'] as const) {
    const { sent, session, moving } = await sendWith([fault]);
    await expect(sent).rejects.toMatchObject({ code: 'turn_lost', retryable: true });
    await moving(session.send('hello there'));
  }
});

test('a service that is merely slow may still begin the turn: that is no lost turn', async () => {
  const { sent } = await sendWith(['silence'], { requestTimeoutMs: 1_000 });
  await expect(sent).rejects.toMatchObject({ code: 'request_timeout' });
});

test('an earlier turn of the same words is not taken for the new one', async () => {
  const { sent, stub, session, moving } = await sendWith([undefined, 'reset']);
  const first = await sent;
  stub.endTurn(session.id, { reply: 'hi' });
  await moving(session.turnEnded(first.turnId));
  await expect(moving(session.send('hello there'))).rejects.toMatchObject({ code: 'turn_lost' });
});

test('what the service refuses is told, not searched for', async () => {
  const invalidState = {
    status: 409,
    body: { status: 'error', code: 'invalid_state', message: 'no rollout found' },
  };
  const { sent } = await sendWith([invalidState]);
  await expect(sent).rejects.toMatchObject({ code: 'request_refused' });
});

test('B4 settings of a resumed session are said with its next message, once', async () => {
  const { mesh, stub, moving } = await openScene();
  const session = await moving(mesh.createSession());
  await moving(session.close());
  const again = await moving(
    mesh.resumeSession(session.id, { model: 'large', approvalPolicy: 'never' }),
  );
  await moving(again.send('one'));
  await moving(again.steer('two'));
  expect(stub.requests.filter(isMessage).map(({ body }) => body)).toEqual([
    { text: 'one', model: 'large', approvalPolicy: 'never' },
    { text: 'two' },
  ]);
});

test('a turn that is still looked for ends with the host, and leaves no timer', async () => {
  const { host, mesh, stub, moving, clock } = await openScene();
  const session = await moving(mesh.createSession());
  stub.fault = (request) => (isMessage(request) ? 'reset' : undefined);
  const sent = host
    .startTurn(session.id, 'hello there')
    .catch(({ code }: { code?: string }) => code);
  await clock.advance(100);
  await host.close();
  expect(clock.pendingTimers).toBe(0);
  expect(await sent).toBe('mesh_closed');
});
