/**
 * A mesh without a host: each session plays a script against the tools it was given, in virtual time.
 * It keeps what a test wants to know: who is open, who works at once, what was said, what was called.
 */
import type { Clock } from '../../src/env.ts';
import { SessionMeshError } from '../../src/errors.ts';
import type { Script, ScriptResult } from '../../src/hosts/simulated/script.ts';
import { silentLogger } from '../../src/logger.ts';
import type {
  TeamMesh,
  TeamSession,
  TeamSessionOptions,
  TeamTurn,
} from '../../src/team/member-session.ts';

export interface FakeMeshOptions {
  readonly clock: Clock;
  readonly script: Script;
  /** How long the model thinks before each step. */
  readonly stepMs?: number;
  /** Rejects the opening of these sessions, by title. */
  readonly failOpen?: readonly string[];
  /** Deliver each call twice. */
  readonly duplicate?: boolean;
  /** Do not react to an abort or to the turn's own deadline. */
  readonly deaf?: boolean;
}

export function fakeMesh(options: FakeMeshOptions) {
  const { clock, stepMs = 10 } = options;
  const opened: TeamSessionOptions[] = [];
  const closed: string[] = [];
  const texts: string[] = [];
  const calls: string[] = [];
  const active = new Set<string>();
  let mostActive = 0;
  let turns = 0;

  const pause = (delayMs: number) =>
    new Promise<void>((resolve) => void clock.setTimeout(resolve, delayMs));

  function openSession(settings: TeamSessionOptions): TeamSession {
    const id = `thread-of-${settings.title}`;
    const name = settings.title!.replace('team-', '');
    let turn = 0;

    const callTool = async (
      turnId: string,
      callId: string,
      request: { tool: string; arguments?: unknown },
    ): Promise<string> => {
      const tool = settings.tools.find((candidate) => candidate.name === request.tool);
      if (tool === undefined) return 'unknown tool';
      calls.push(`${name} ${request.tool}`);
      const checked = await tool.validate(request.arguments ?? {});
      if (!checked.ok) return checked.problem;
      try {
        const result = tool.execute(checked.value, {
          sessionId: id,
          turnId,
          callId,
          tool: tool.name,
          namespace: null,
          arguments: request.arguments ?? {},
          attempt: 1,
          deadline: Infinity,
          extend: () => {},
          signal: new AbortController().signal,
          log: silentLogger,
        });
        return JSON.stringify(result);
      } catch (error) {
        return (error as Error).message;
      }
    };

    const playScript = async (
      turnId: string,
      text: string,
      cut: AbortSignal,
    ): Promise<TeamTurn> => {
      const results: ScriptResult[] = [];
      const tools = settings.tools.map((tool) => tool.name);
      for (;;) {
        await pause(stepMs);
        const step = {
          sessionId: id,
          instructions: settings.instructions ?? '',
          text,
          turn,
          results,
          tools,
        };
        const reply = await options.script({ ...step, steers: [], results: [...results] }, cut);
        if (cut.aborted && !options.deaf) throw cut.reason;
        if ('text' in reply) return { turnId, status: 'completed', reply: reply.text, error: null };
        if ('fail' in reply) return { turnId, status: 'failed', reply: null, error: reply.fail };
        for (const call of reply.calls) {
          const callId = call.callId ?? `call-${results.length + 1}`;
          let output = await callTool(turnId, callId, call);
          if (options.duplicate) output = await callTool(turnId, callId, call);
          results.push({ callId, tool: call.tool, namespace: null, output });
        }
      }
    };

    return {
      id,
      async sendAndHandle(text, { timeoutMs, signal }) {
        if (closed.includes(id)) throw new SessionMeshError('session_closed', { sessionId: id });
        if (active.has(id)) throw new SessionMeshError('turn_active', { sessionId: id });
        texts.push(text);
        active.add(id);
        mostActive = Math.max(mostActive, active.size);
        const cut = new AbortController();
        const turnId = `turn-${++turns}`;
        const facts = { sessionId: id, turnId };
        const timer = clock.setTimeout(
          () => cut.abort(new SessionMeshError('turn_timeout', facts)),
          timeoutMs,
        );
        const onAbort = () => cut.abort(signal.reason);
        signal.addEventListener('abort', onAbort, { once: true });
        const aborted = new Promise<never>((_, reject) => {
          if (!options.deaf) cut.signal.addEventListener('abort', () => reject(cut.signal.reason));
        });
        try {
          return await Promise.race([playScript(turnId, text, cut.signal), aborted]);
        } finally {
          clock.clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
          active.delete(id);
          turn += 1;
        }
      },
      async close() {
        await pause(1);
        closed.push(id);
      },
    };
  }

  const mesh: TeamMesh = {
    async createSession(settings) {
      await pause(1);
      settings.signal.throwIfAborted();
      if (options.failOpen?.includes(settings.title!)) {
        throw new SessionMeshError('session_open_failed', { found: 'no room' });
      }
      opened.push(settings);
      return openSession(settings);
    },
  };

  return {
    mesh,
    opened,
    closed,
    texts,
    calls,
    active,
    get mostActive() {
      return mostActive;
    },
  };
}
