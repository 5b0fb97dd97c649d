/** A mesh on a simulated host under a virtual clock: what the tests of this folder have in common. */
import { onTestFinished } from 'vitest';
import type { Script, ScriptStep } from '../../src/hosts/simulated/script.ts';
import { simulatedHost, type SimulatedHostOptions } from '../../src/hosts/simulated/host.ts';
import type { Limits } from '../../src/limits.ts';
import { startMesh } from '../../src/mesh/start-mesh.ts';
import type { MeshOptions } from '../../src/mesh/mesh-options.ts';
import type { MeshEvent } from '../../src/mesh/event.ts';
import { virtualEnv } from '../../src/testing/virtual-clock.ts';

/** Calls the tools named in the text, all at once, and then answers with what they said. */
export const callNamedTools: Script = ({ text, results, tools }: ScriptStep) => {
  if (results.length > 0) return { text: results.map(({ output }) => output).join(' | ') };
  const calls = text.split(' ').filter((word) => tools.includes(word));
  return calls.length > 0 ? { calls: calls.map((tool) => ({ tool })) } : { text: `said: ${text}` };
};

export interface SceneOptions extends SimulatedHostOptions {
  readonly script?: Script;
  readonly limits?: Partial<Limits>;
  readonly dispatch?: MeshOptions['dispatch'];
}

/** Opens the scene; it closes itself with the test and says whether a timer was left behind. */
export async function openScene(options: SceneOptions = {}) {
  const { script = callNamedTools, limits, dispatch, ...hostOptions } = options;
  const env = virtualEnv(1);
  const host = simulatedHost(script, hostOptions);
  const mesh = await startMesh({
    host,
    env,
    ...(limits ? { limits } : {}),
    ...(dispatch ? { dispatch } : {}),
  });
  const events: MeshEvent[] = [];
  mesh.events$.subscribe((event) => events.push(event));
  onTestFinished(async () => {
    const closed = mesh.close({ graceMs: 1 });
    await env.clock.runUntilIdle();
    await closed;
  });
  const typesOf = (sessionId?: string) =>
    events
      .filter((event) => !sessionId || ('sessionId' in event && event.sessionId === sessionId))
      .map(({ type }) => type);
  return { mesh, host, env, clock: env.clock, events, typesOf };
}
