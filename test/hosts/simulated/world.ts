/** A simulated host in use under virtual time, with everything it says. */
import type { HostSignal, HostTool } from '../../../src/hosts/host.ts';
import { simulatedHost, type SimulatedHostOptions } from '../../../src/hosts/simulated/host.ts';
import type { Script } from '../../../src/hosts/simulated/script.ts';
import { resolveLimits, type Limits } from '../../../src/limits.ts';
import { silentLogger } from '../../../src/logger.ts';
import { virtualEnv } from '../../../src/testing/virtual-clock.ts';
import type { ToolOutput } from '../../../src/tools/contract.ts';

export const tool = (name: string, rest: object = {}): Extract<HostTool, { type: 'function' }> => ({
  type: 'function',
  name,
  description: name,
  inputSchema: { type: 'object' },
  ...rest,
});
export const text = (value: string): ToolOutput => ({
  success: true,
  contentItems: [{ type: 'inputText', text: value }],
});

type SetUp = SimulatedHostOptions & { readonly limits?: Partial<Limits> };

/** A host in use, with everything it says. */
export function world(script: Script, { limits, ...options }: SetUp = {}) {
  const env = virtualEnv();
  const factory = simulatedHost(script, options);
  const signals: HostSignal[] = [];
  const context = {
    env,
    limits: resolveLimits(limits),
    logger: silentLogger,
    emit: (signal: HostSignal): void => void signals.push(signal),
  };
  const host = factory(context);
  return {
    env,
    factory,
    context,
    host,
    signals,
    settle: () => env.clock.advance(0),
    /** The types of the signals since the last look. */
    heard: () => signals.splice(0).map(({ type }) => type),
    calls: () => signals.flatMap((signal) => (signal.type === 'call.requested' ? signal.call : [])),
    ends: () => signals.filter((signal) => signal.type === 'turn.ended'),
  };
}

export async function startedWorld(script: Script, options: SetUp = {}) {
  const made = world(script, options);
  const starting = made.host.start();
  await made.env.clock.runUntilIdle();
  await starting;
  return made;
}

/** A session of that world with the tools `one` and `two`. */
export async function opened(
  made: Awaited<ReturnType<typeof startedWorld>>,
  instructions = 'Be brief.',
) {
  const opening = made.host.open({ instructions }, [tool('one'), tool('two')]);
  await made.env.clock.runUntilIdle();
  const { sessionId } = await opening;
  made.signals.splice(0);
  return sessionId;
}

export const pick = (signals: readonly HostSignal[]) =>
  signals.flatMap((signal) => (signal.type === 'call.requested' ? [signal.call] : []));

/** Calls `one` once, then says what it returned. */
export const callOnce: Script = ({ results }) =>
  results.length === 0 ? { calls: [{ tool: 'one' }] } : { text: results[0]!.output };

/** Runs a turn up to its first calls. */
export async function begun(script: Script, options: SetUp = {}) {
  const made = await startedWorld(script, options);
  const sessionId = await opened(made);
  const starting = made.host.startTurn(sessionId, 'go');
  await made.env.clock.runUntilIdle();
  const { turnId } = await starting;
  return { ...made, sessionId, turnId, requested: pick(made.signals) };
}
