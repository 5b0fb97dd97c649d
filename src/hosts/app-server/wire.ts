/**
 * The two ways to a Codex app-server: a child process over stdio, or a socket.
 *
 * A wire is one attempt that succeeded: a transport, and what else must be let go of with it.
 */
import { SessionMeshError } from '../../errors.ts';
import type { Child } from '../../rpc/child.ts';
import { StdioTransport } from '../../rpc/stdio.ts';
import type { Transport } from '../../rpc/transport.ts';
import { connectWebSocket } from '../../rpc/websocket.ts';
import type { HostContext } from '../host.ts';
import { unheardNotifications } from './methods.ts';
import { isConnected, type AppServerOptions, type ConnectedAppServer } from './options.ts';
import type { SpawnedAppServer } from './options.ts';
import { spawnCodex } from './spawn.ts';

/** A transport that is up, with what is behind it. */
export interface Wire {
  readonly transport: Transport;
  /** Lets go of everything, gently first. Idempotent, never rejects. */
  close(): Promise<void>;
  /** Called once the transport is closed: lets go of the rest and says why it really closed. */
  explain(cause: SessionMeshError): Promise<SessionMeshError>;
}

/** Makes wires, one after the other. */
export interface Dialer {
  /** What is dialled, for people. */
  readonly name: string;
  /** Whether each wire is a server process of its own, so that its loss ends the epoch. */
  readonly ownsServer: boolean;
  /** Notifications that the server is asked not to send. Default: all that the host does not hear. */
  readonly unheard?: readonly string[];
  /** @throws SessionMeshError why there is no wire; the reason of `signal` once it aborts. */
  dial(signal: AbortSignal): Promise<Wire>;
}

/** The dialer for these options. */
export function createDialer(options: AppServerOptions, context: HostContext): Dialer {
  const dialer = isConnected(options)
    ? socketDialer(options, context)
    : childDialer(options, context);
  return { ...dialer, unheard: unheardBeside(options.notifications ?? 'needed') };
}

function unheardBeside(heard: 'needed' | 'all' | readonly string[]): readonly string[] {
  if (heard === 'all') return [];
  return unheardNotifications.filter((method) => heard === 'needed' || !heard.includes(method));
}

function socketDialer({ url, token }: ConnectedAppServer, { env, limits }: HostContext): Dialer {
  const shown = URL.parse(url);
  return {
    name: `codex app-server at ${shown ? `${shown.protocol}//${shown.host}${shown.pathname}` : url}`,
    ownsServer: false,
    async dial(signal) {
      const address = { url, ...(token === undefined ? {} : { token }) };
      const transport = await connectWebSocket({ ...address, env, limits }, signal);
      return {
        transport,
        close: () => transport.close(),
        async explain(cause) {
          await transport.close(cause);
          return cause;
        },
      };
    },
  };
}

function childDialer(options: SpawnedAppServer, { env, limits }: HostContext): Dialer {
  return {
    name: 'codex app-server over stdio',
    ownsServer: true,
    async dial(signal) {
      signal.throwIfAborted();
      const child = await spawnCodex(options, env, limits);
      const transport = new StdioTransport({
        input: child.stdout,
        output: child.stdin,
        env,
        limits,
      });
      return childWire(child, transport);
    },
  };
}

function childWire(child: Child, transport: Transport): Wire {
  const release = async (cause?: SessionMeshError): Promise<void> => {
    await Promise.all([transport.close(cause), child.close()]);
  };
  // Its pipes close with it; this is for pipes that somebody else holds open.
  void child.exited.then(() => transport.close(ended(child)));
  return {
    transport,
    close: () => release(),
    async explain(cause) {
      await release(cause);
      // Whatever else closed the stream is the reason for the child's end, not the other way round.
      return cause.code === 'stream_closed' ? ended(child, cause) : cause;
    },
  };
}

const ended = (child: Child, cause?: SessionMeshError): SessionMeshError =>
  new SessionMeshError('stream_closed', {
    expected: 'Codex to run',
    found: child.ending ?? 'it still runs',
    fix: 'see what it said last',
    cause,
  });
