/** A client over a stub service under a virtual clock. */
import { onTestFinished } from 'vitest';
import { ControlServiceHost } from '../../src/hosts/control-service/internal.ts';
import type { Script } from '../../src/hosts/simulated/script.ts';
import { resolveLimits, type Limits } from '../../src/limits.ts';
import type { MeshEvent } from '../../src/mesh/event.ts';
import { startClient, type ClientOptions } from '../../src/remote-skills/client.ts';
import type { SkillDraft } from '../../src/remote-skills/draft.ts';
import { virtualEnv } from '../../src/testing/virtual-clock.ts';
import { memoryWire } from '../hosts/control-service/memory-wire.ts';
import { callNamedTools, makeStub, whileTimeMoves } from '../hosts/control-service/scene.ts';
import type { StubService } from '../hosts/control-service/stub-service.ts';

export { callNamedTools };

export interface ClientSceneOptions {
  readonly script?: Script;
  readonly epochs?: boolean;
  readonly limits?: Partial<Limits>;
  readonly dispatch?: ClientOptions['dispatch'];
  readonly stub?: StubService;
}

export async function openClient(options: ClientSceneOptions = {}) {
  const env = virtualEnv(1);
  const { epochs = false } = options;
  const stub = options.stub ?? makeStub({ ...options, epochs, env });
  const limits = resolveLimits(options.limits);
  const events: MeshEvent[] = [];
  const starting = startClient(
    (context, observer) => {
      const wire = memoryWire(stub, env, limits);
      return new ControlServiceHost({ options: { url: 'http://stub' }, wire, observer }, context);
    },
    {
      env,
      onEvent: (event) => events.push(event),
      ...(options.limits ? { limits: options.limits } : {}),
      ...(options.dispatch ? { dispatch: options.dispatch } : {}),
    },
  );
  const client = await whileTimeMoves(env, starting, 1);
  onTestFinished(async () => {
    await whileTimeMoves(env, client.close({ graceMs: 1 }));
    await env.clock.runUntilIdle();
    if (env.clock.pendingTimers > 0) throw new Error('a timer was left behind');
  });
  const moving = <Result>(work: Promise<Result>) => whileTimeMoves(env, work);
  return { client, stub, env, clock: env.clock, events, moving };
}

/** A skill that says again what it is given. */
export const echo = (draft: SkillDraft) =>
  draft.register('echo', (input) => input.text ?? 'echoed');

/** A session with {@link echo}, whose turns call what they are told to. */
export async function openSession(options: ClientSceneOptions = {}) {
  const scene = await openClient({ script: callNamedTools, ...options });
  const { created, skills } = await scene.moving(
    scene.client.remoteSkills.createSession({ register: echo }),
  );
  return { ...scene, created, skills };
}

/** A session with the skills that `register` adds, and a turn that runs in it. */
export async function openTurn(
  register: (draft: SkillDraft) => void,
  options: ClientSceneOptions = {},
) {
  const scene = await openClient(options);
  const { skills } = await scene.moving(scene.client.remoteSkills.createSession({ register }));
  await scene.moving(skills.send('go'));
  const { stub } = scene;
  const signal = (requestId: string) => {
    const {
      method,
      signalType,
      receivedAt,
      context,
      params,
      session,
      requestId: native,
    } = stub.signalOf(requestId);
    const eventType = 'app_server.request.item.tool.call';
    return {
      eventType,
      method,
      signalType,
      receivedAt,
      context,
      params,
      session,
      requestId: native as string | number,
    };
  };
  const answersTo = (requestId: string) =>
    stub.requests.filter(({ path }) => path === `/tool-calls/${requestId}/response`);
  return { ...scene, skills, signal, answersTo };
}
