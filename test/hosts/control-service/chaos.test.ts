/**
 * Everything goes wrong at once, in many orders: frames are lost, replies too, streams break, the service
 * starts anew. Whatever happens, a handler starts once per call and an answer reaches the call it is for; and
 * when it stops, whatever still waits is answered soon.
 */
import { expect, test } from 'vitest';
import type { Session } from '../../../src/mesh/session.ts';
import { virtualEnv } from '../../../src/testing/virtual-clock.ts';
import { tool } from '../../../src/tools/index.ts';
import { openScene } from './scene.ts';
import type { Fault } from './stub-wire.ts';

const faults: readonly Fault[] = [
  'reset',
  'reset-after',
  'silence',
  'silence-after',
  'refused',
  { status: 500, body: { status: 'error' } },
  { status: 503, body: 'no service' },
  { status: 200, body: {} },
];

interface Plan {
  readonly seed: number;
  readonly epochs: boolean;
  readonly restarts: boolean;
}

async function storm({ seed, epochs, restarts }: Plan) {
  const { random } = virtualEnv(seed);
  const limits = { requestTimeoutMs: 2_000, connectTimeoutMs: 5_000 };
  const { mesh, stub, clock, moving } = await openScene({ epochs, limits, env: virtualEnv(seed) });
  const starts = new Map<string, number>();
  const work = tool({
    name: 'work',
    description: 'Works.',
    input: { type: 'object' },
    execute: (input) => {
      const { canary } = input as { canary: string };
      starts.set(canary, (starts.get(canary) ?? 0) + 1);
      return new Promise<string>((resolve) =>
        clock.setTimeout(() => resolve(canary), Math.round(random() * 500)),
      );
    },
  });
  const sessions = await moving(
    Promise.all([1, 2, 3].map(() => mesh.createSession({ tools: [work] }))),
  );
  let calls = 0;
  const isBusy = (sessionId: string) =>
    stub.sessions.get(sessionId)!.turns.some(({ status }) => status === 'inProgress');
  const call = async (session: Session) => {
    // A message may be lost as anything else; the next step tries again.
    if (!isBusy(session.id)) await moving(session.send('go').catch(() => {}));
    if (!isBusy(session.id)) return;
    stub.call(session.id, 'work', { canary: `${session.id} ${(calls += 1)}` });
  };
  stub.fault = ({ path }) => {
    if (random() > 0.25) return undefined;
    const fault = faults[Math.floor(random() * faults.length)]!;
    // A list of nothing in particular would be an error of the service, not of the network.
    return typeof fault === 'object' && !path.startsWith('/tool-calls/') ? 'reset' : fault;
  };
  stub.lose = () => random() < 0.15;
  for (let step = 0; step < 40; step += 1) {
    await clock.advance(Math.round(random() * 1_000));
    const dice = random();
    if (dice < 0.5) await call(sessions[Math.floor(random() * 3)]!);
    else if (dice < 0.6) stub.dropStreams();
    else if (dice < 0.65) {
      stub.streamsDown = true;
      stub.dropStreams();
    } else if (dice < 0.75) stub.streamsDown = false;
    else if (dice < 0.8) stub.deliver([...stub.pending.keys()][0] ?? '');
    else if (dice < 0.83 && restarts) stub.restart();
  }
  stub.fault = () => undefined;
  stub.lose = () => false;
  stub.streamsDown = false;
  await clock.advance(60_000);
  return { stub, starts, sessions: mesh.sessions() };
}

for (const epochs of [true, false]) {
  for (const restarts of [false, true]) {
    const server = epochs ? 'our own service' : 'a codex-manager server';
    const what = restarts ? 'with restarts' : 'without restarts';
    test(`${server} ${what}: every call once, every answer to its call, nothing left`, async () => {
      for (let seed = 1; seed <= 400; seed += 1) {
        const { stub, starts, sessions } = await storm({ seed, epochs, restarts });
        const often = [...starts].filter(([, count]) => count > 1);
        expect({ seed, often }).toEqual({ seed, often: [] });
        for (const { asked, body } of stub.answers) {
          const { canary } = asked as { canary: string };
          const [item] = body.response.contentItems;
          expect({ seed, text: item!.text }).toEqual({ seed, text: canary });
        }
        expect({ seed, pending: stub.pending.size, sessions: sessions.length }).toEqual({
          seed,
          pending: 0,
          sessions: 3,
        });
      }
    }, 60_000);
  }
}
