/** A mesh on a control-service host over a stub, under a virtual clock. */
import { onTestFinished } from 'vitest';
import {
  ControlServiceHost,
  type ControlServiceObserver,
} from '../../../src/hosts/control-service/host.ts';
import type { ControlServiceOptions } from '../../../src/hosts/control-service/options.ts';
import type { Script, ScriptStep } from '../../../src/hosts/simulated/script.ts';
import { resolveLimits, type Limits } from '../../../src/limits.ts';
import type { MeshEvent } from '../../../src/mesh/event.ts';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import { startMesh } from '../../../src/mesh/start-mesh.ts';
import type { MeshOptions } from '../../../src/mesh/mesh-options.ts';
import { virtualEnv, type VirtualEnv } from '../../../src/testing/virtual-clock.ts';
import { tool } from '../../../src/tools/index.ts';
import { memoryWire } from './memory-wire.ts';
import { StubService } from './stub-service.ts';

/** Calls the tools named in the text, all at once, and then answers with what they said. */
export const callNamedTools: Script = ({ text, results, tools }: ScriptStep) => {
  if (results.length > 0) return { text: results.map(({ output }) => output).join(' | ') };
  const calls = text.split(' ').filter((word) => tools.includes(word));
  return calls.length > 0
    ? { calls: calls.map((name) => ({ tool: name })) }
    : { text: `said: ${text}` };
};

export interface SceneOptions {
  readonly stub?: StubService;
  readonly script?: Script;
  readonly epochs?: boolean;
  readonly limits?: Partial<Limits>;
  readonly dispatch?: MeshOptions['dispatch'];
  readonly options?: Partial<ControlServiceOptions>;
  readonly observer?: ControlServiceObserver;
  readonly env?: VirtualEnv;
}

export function makeStub({ epochs = true, script, env }: SceneOptions & { env: VirtualEnv }) {
  const stub = new StubService({ epochs, ...(script ? { script } : {}) });
  stub.nowMs = () => env.clock.now();
  return stub;
}

/** Runs `work` while time moves by itself, `stepMs` at a time. */
export async function whileTimeMoves<Result>(
  env: VirtualEnv,
  work: Promise<Result>,
  stepMs = 10,
): Promise<Result> {
  let isOver = false;
  work.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  for (let step = 0; step < 100_000; step += 1) {
    await env.clock.advance(stepMs);
    if (isOver) return work;
  }
  throw new Error('it does not end');
}

export async function openScene(options: SceneOptions = {}) {
  const env = options.env ?? virtualEnv(1);
  const stub = options.stub ?? makeStub({ ...options, env });
  const limits = resolveLimits(options.limits);
  const observer = options.observer ?? {};
  let host: ControlServiceHost | undefined;
  const events: MeshEvent[] = [];
  const starting = startMesh({
    host: (context) => {
      const wire = memoryWire(stub, env, limits);
      const given = { url: 'http://stub', ...options.options };
      host = new ControlServiceHost({ options: given, wire, observer }, context);
      return host;
    },
    env,
    onEvent: (event) => events.push(event),
    ...(options.limits ? { limits: options.limits } : {}),
    ...(options.dispatch ? { dispatch: options.dispatch } : {}),
  });
  const mesh: Mesh = await whileTimeMoves(env, starting, 1);
  onTestFinished(async () => {
    await whileTimeMoves(env, mesh.close({ graceMs: 1 }));
    await env.clock.runUntilIdle();
    if (env.clock.pendingTimers > 0) throw new Error('a timer was left behind');
  });
  const typesOf = () => events.map(({ type }) => type);
  const moving = <Result>(work: Promise<Result>) => whileTimeMoves(env, work);
  return { mesh, host: host!, stub, env, clock: env.clock, events, typesOf, moving };
}

/** A tool that waits until the test lets it go. */
export function gate(name = 'hold') {
  const doors: ((value: string) => void)[] = [];
  const starts: unknown[] = [];
  const hold = tool({
    name,
    description: 'Holds until it is let go.',
    input: { type: 'object' },
    execute: (_, call) => {
      starts.push(call.arguments);
      return new Promise<string>((resolve) => doors.push(resolve));
    },
  });
  return { hold, starts, release: (text = 'released') => doors.shift()?.(text) };
}
