/** A peer on one end of a memory pair, and the raw other end: what a test says and sees on the wire. */
import { onTestFinished, expect } from 'vitest';
import type { SessionMeshError } from '../../src/errors.ts';
import { defaultLimits, type Limits } from '../../src/limits.ts';
import { createMemoryPair } from '../../src/rpc/memory.ts';
import { Peer, type PeerOptions } from '../../src/rpc/peer.ts';
import { createFakeEnv, type FakeEnv } from './fake-env.ts';
import { createRecorder } from './recorder.ts';

export interface PeerFixture {
  readonly peer: Peer;
  readonly env: FakeEnv;
  /** What the peer has sent, parsed. */
  readonly sent: { [member: string]: unknown }[];
  readonly sentText: string[];
  readonly closes: SessionMeshError[];
  readonly logged: { readonly level: string; readonly fields: object; readonly message: string }[];
  /** Sends something to the peer: text as it is, everything else as JSON. */
  readonly say: (message: unknown) => void;
  /** Waits until everything sent in either direction has arrived. */
  readonly settle: () => Promise<void>;
  /** Closes the other end. */
  readonly hangUp: () => void;
}

/** Makes a peer; `callbacks` get the fixture, so that they can answer. */
export function createPeerFixture(
  callbacks: (
    fixture: PeerFixture,
  ) => Partial<Pick<PeerOptions, 'onRequest' | 'onNotification' | 'onClose'>> = () => ({}),
  overrides: Partial<Limits> = {},
): PeerFixture {
  const env = createFakeEnv();
  const limits: Limits = { ...defaultLimits, ...overrides };
  const [near, far] = createMemoryPair(env, limits);
  const recorder = createRecorder((text) => fixture.sent.push(JSON.parse(text)));
  far.start(recorder);
  const logged: PeerFixture['logged'] = [];
  const log = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields, message });
  const closes: SessionMeshError[] = [];
  const own = (): ReturnType<typeof callbacks> => callbacks(fixture);
  const peer = new Peer({
    transport: near,
    env,
    limits,
    logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    onRequest: (request) => own().onRequest?.(request) ?? false,
    onNotification: (method, params) => own().onNotification?.(method, params),
    onClose: (cause) => {
      closes.push(cause);
      own().onClose?.(cause);
    },
  });
  const fixture: PeerFixture = {
    peer,
    env,
    sent: [],
    sentText: recorder.frames,
    closes,
    logged,
    say: (message) => far.send(typeof message === 'string' ? message : JSON.stringify(message)),
    settle: () => new Promise((resolve) => setImmediate(resolve)),
    hangUp: () => void far.close(),
  };
  onTestFinished(async () => {
    await peer.close();
    expect(env.timers).toBe(0);
  });
  return fixture;
}
