/**
 * A host without Codex: sessions live in memory, a {@link Script} is their model, and a test may break
 * the link, restart the server, repeat calls or withhold them. It is as deterministic as the env it is
 * given: ids come from `env.id()`, delays from `env.clock`, and nothing else moves it.
 */
import { isSessionMeshError, SessionMeshError } from '../../errors.ts';
import type { ToolOutput } from '../../tools/contract.ts';
import type { AnswerVerdict, Host, HostCall, HostContext } from '../host.ts';
import { SimulatedLink } from './link.ts';
import type { Script } from './script.ts';
import { SimulatedServer } from './server.ts';

/** How a simulated host behaves. */
export interface SimulatedHostOptions {
  /** Requests and answers get through while the stream is down, as over HTTP. Default: false. */
  readonly listsWhileLost?: boolean;
  /** How long a request is under way, and its reply again, in milliseconds. Default: 0. */
  readonly latencyMs?: number;
  /** How long the model thinks before each step, in milliseconds. Default: 0. */
  readonly stepMs?: number;
  /** How long the server is down when it restarts, in milliseconds. Default: 0. */
  readonly restartMs?: number;
  /** Verdicts on answers are promises that take `latencyMs`, as over HTTP. Default: false. */
  readonly asyncAnswers?: boolean;
  /**
   * Sees every attempt to answer, and may decide it in place of the server, which then never sees the
   * answer: `again` or `refused` as a troubled host says them, `answered` for an answer lost on its way.
   */
  readonly answerFault?: (call: HostCall, output: ToolOutput) => AnswerVerdict | undefined;
}

/** What a test may do to the host. Each acts on the mesh that uses it. */
export interface SimulatedHostControls {
  /** The stream breaks, and stays broken until `restoreLink`. The server goes on. */
  dropLink(): void;
  restoreLink(): void;
  /** The server ends and starts anew: turns are interrupted, calls are lost, request ids count from 0. */
  restart(): void;
  /** Delivers every pending call of the session once more, with the same ids. */
  redeliver(sessionId: string): void;
  /**
   * Keeps calls that match from the stream; `pendingCalls` still lists them. Without an argument keeps
   * all of them. The function it returns ends that, and delivers nothing by itself.
   */
  withhold(matches?: (call: HostCall) => boolean): () => void;
  /** Deletes the session's thread, as another client would. */
  loseSession(sessionId: string): void;
  /** The host fails for good. */
  fail(): void;
}

/** A simulated host for the `host` option of a mesh, with its controls. Serves one mesh at a time. */
export type SimulatedHostFactory = ((context: HostContext) => Host) & SimulatedHostControls;

/**
 * Makes a simulated host whose model is `script`. Its threads stay when its mesh is closed, so a next
 * mesh on the same host may resume them.
 * @throws SessionMeshError `option_invalid` from the factory while another mesh uses the host, and from a
 * control while none does.
 */
export function simulatedHost(
  script: Script,
  options: SimulatedHostOptions = {},
): SimulatedHostFactory {
  const server = new SimulatedServer(script);
  const withheld = new Set<(call: HostCall) => boolean>();
  let link: SimulatedLink | null = null;

  const serve = (context: HostContext): Host => {
    if (link && !link.isOver) throw misused('a host that no other mesh uses');
    link = new SimulatedLink(server, context, {
      listsWhileLost: options.listsWhileLost ?? false,
      latencyMs: options.latencyMs ?? 0,
      stepMs: options.stepMs ?? 0,
      restartMs: options.restartMs ?? 0,
      isWithheld: (call) => [...withheld].some((matches) => matches(call)),
    });
    return hostOver(link, server, options);
  };
  const inUse = (): SimulatedLink => link ?? unused();
  const controls: SimulatedHostControls = {
    dropLink: () => inUse().drop(),
    restoreLink: () => inUse().restore(),
    restart: () => inUse().restart(),
    redeliver: (sessionId) => inUse().deliver(sessionId, false),
    loseSession: (sessionId) => inUse().loseSession(sessionId),
    fail: () => inUse().fail(),
    withhold: (matches = () => true) => {
      const rule = (call: HostCall) => matches(call);
      withheld.add(rule);
      return () => void withheld.delete(rule);
    },
  };
  return Object.assign(serve, controls);
}

function hostOver(
  link: SimulatedLink,
  server: SimulatedServer,
  options: SimulatedHostOptions,
): Host {
  const answerNow = (call: HostCall, output: ToolOutput): AnswerVerdict => {
    const decided = options.answerFault?.(call, output);
    if (decided) return decided;
    // Of a call whose epoch is over that much is certain without a link.
    const isOpen = link.isReachable || call.epoch !== server.epoch;
    return isOpen ? server.answer(call, output) : { type: 'unlinked' };
  };
  const attached = (sessionId: string) => {
    link.attach(sessionId);
    return { sessionId };
  };
  return {
    listsWhileLost: options.listsWhileLost ?? false,
    start: async (signal) => {
      await link.start(signal);
      return { name: 'simulated host', codex: null };
    },
    open: async ({ instructions = '' }, tools, signal) =>
      attached(await link.request(() => server.open(instructions, tools), signal)),
    // The instructions of an existing thread stay what they are, as in Codex.
    resume: async (sessionId, _settings, signal) => {
      await link.request(() => server.activeTurn(sessionId), signal);
      const isNew = link.attach(sessionId);
      queueMicrotask(() => link.deliver(sessionId, isNew));
    },
    fork: async (sessionId, signal) =>
      attached(await link.request(() => server.fork(sessionId), signal)),
    startTurn: (sessionId, text, signal) =>
      startTurn(link, server, { sessionId, text, ...(signal && { signal }) }),
    steer: (sessionId, turnId, text, signal) =>
      link.request(() => server.steer(sessionId, turnId, text), signal),
    interrupt: (sessionId, turnId, signal) =>
      link.request(() => server.interrupt(sessionId, turnId), signal),
    pendingCalls: (sessionId, signal) => link.request(() => server.pendingCalls(sessionId), signal),
    answer: (call, output) =>
      options.asyncAnswers
        ? link.pause(options.latencyMs ?? 0).then(
            () => answerNow(call, output),
            (): AnswerVerdict => ({ type: 'unlinked' }),
          )
        : answerNow(call, output),
    release: async (sessionId, fate) => {
      try {
        if (fate !== 'keep') await link.request(() => server.remove(sessionId));
      } finally {
        link.detach(sessionId);
      }
    },
    close: async () => link.close(new SessionMeshError('mesh_closed')),
  };
}

/** Begins a turn; if the link is lost before the reply is there, finds out whether the turn landed. */
async function startTurn(
  link: SimulatedLink,
  server: SimulatedServer,
  { sessionId, text, signal }: { sessionId: string; text: string; signal?: AbortSignal },
): Promise<{ turnId: string }> {
  link.refuseIfOver();
  if (!link.isReachable) throw new SessionMeshError('turn_lost', { sessionId });
  const { epoch } = server;
  const landed: { turnId?: string } = {};
  const begin = () => {
    const turnId = server.startTurn(sessionId, text);
    landed.turnId = turnId;
    return { turnId };
  };
  try {
    return await link.request(begin, signal);
  } catch (error) {
    if (!isSessionMeshError(error, 'stream_closed')) throw error;
  }
  await link.untilResumed(signal);
  // What began in an earlier epoch was interrupted when that ended.
  const { turnId } = landed;
  if (turnId === undefined || server.epoch !== epoch) {
    throw new SessionMeshError('turn_lost', { sessionId });
  }
  return { turnId };
}

function misused(expected: string): SessionMeshError {
  return new SessionMeshError('option_invalid', { expected, found: 'a simulated host' });
}

function unused(): never {
  throw misused('a host that a mesh uses');
}
