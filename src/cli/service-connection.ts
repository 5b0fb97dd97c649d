/**
 * A command's way to a service: requests, and the stream. What goes over the wire and what becomes of it is
 * the client's of the control-service host; here is only what a person is told when it does not work.
 */
import { systemEnv } from '../env.ts';
import { isSessionMeshError, SessionMeshError } from '../errors.ts';
import { Credentials } from '../hosts/control-service/credentials.ts';
import type { FrameRange, StreamFrame } from '../hosts/control-service/frame.ts';
import { Link } from '../hosts/control-service/link.ts';
import { networkWire } from '../hosts/control-service/network.ts';
import { checkOptions } from '../hosts/control-service/options.ts';
import { routes } from '../hosts/control-service/routes.ts';
import {
  describeReply,
  isLoggedOut,
  refusalOf,
  ServiceClient,
} from '../hosts/control-service/service-client.ts';
import type { ServiceReply, ServiceRequest } from '../hosts/control-service/wire.ts';
import type { HostContext } from '../hosts/host.ts';
import { resolveLimits, type Limits } from '../limits.ts';
import { silentLogger } from '../logger.ts';
import { isRecord } from '../tools/json.ts';
import { findService, type AddressOptions, type FoundService } from './service-address.ts';

/** Who is told what comes over the stream. */
export interface FeedHandlers {
  /** Something happened in a session, or waits there since before. */
  onFrame(frame: StreamFrame): void;
  /** The stream is there. `isSeamless`: it goes on where the last one ended. */
  onOnline?(isSeamless: boolean): void;
  /** Events are missing, as far as it is known which; what waits is shown again. */
  onLagged?(missing: FrameRange | null): void;
  /** The stream is gone, and tried again. */
  onLost?(cause: SessionMeshError): void;
}

/** The stream, which is made again for as long as the service lets us in. */
export interface Feed {
  /** Rejects with why there will be no stream any more. Never resolves. */
  readonly failed: Promise<never>;
  /** Brings the frames of this session; null: of all. */
  follow(sessionId: string | null): void;
  /** Resolves once the service brings what was asked for, or there is no stream. */
  settled(): Promise<void>;
  /** Idempotent, never rejects. */
  close(): Promise<void>;
}

/** A command's way to one service. */
export interface Connection extends AsyncDisposable {
  readonly url: string;
  readonly limits: Limits;
  /**
   * Sends a request; resolves with the answer, whatever its status.
   * @throws SessionMeshError `service_not_running`, `host_unauthorized`, `request_timeout`; the reason of
   * `signal`
   */
  request(request: ServiceRequest, signal?: AbortSignal): Promise<ServiceReply>;
  /**
   * Resolves with the body of an answer that says yes.
   * @throws SessionMeshError `session_unknown`, `session_deleted`, `request_refused`, `overloaded`; as `request`
   */
  ask(
    request: ServiceRequest,
    options?: { readonly sessionId?: string; readonly signal?: AbortSignal },
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Opens the stream; resolves once it is there. Throws as `request`. */
  openFeed(handlers: FeedHandlers, signal?: AbortSignal): Promise<Feed>;
}

/** Frames about the stream itself. */
const controlTypes: ReadonlySet<string> = new Set(['ready', 'pong', 'lagged', 'error']);

function notRunning({ url, foundIn }: FoundService, cause: unknown): SessionMeshError {
  const found = `nothing that answers at ${url} (from ${foundIn})`;
  return new SessionMeshError('service_not_running', { found, cause });
}

function unauthorized({ token }: FoundService, said: string, cause: unknown): SessionMeshError {
  const found = `${token === undefined ? 'no token' : 'a token that is refused'} (${said})`;
  const fix = 'pass the token of the service: --token-file, or SESSIONMESH_TOKEN';
  return new SessionMeshError('host_unauthorized', { found, fix, cause });
}

function loggedOut({ url }: FoundService, reply: ServiceReply): SessionMeshError {
  const found = `a Codex that is not logged in, behind ${url} (${describeReply(reply)})`;
  const fix = 'run `codex login` on the machine of the service';
  return new SessionMeshError('request_refused', { found, fix, cause: reply });
}

/** What a person is told in place of an error of the client. */
function explain(service: FoundService, thrown: unknown): unknown {
  if (isSessionMeshError(thrown, 'host_unreachable')) return notRunning(service, thrown);
  const isExplained = isSessionMeshError(thrown) && isSessionMeshError(thrown.cause);
  if (isSessionMeshError(thrown, 'host_unauthorized') && !isExplained)
    return unauthorized(service, thrown.facts.found ?? 'refused', thrown);
  return thrown;
}

function feedOf(link: Link, failed: Promise<never>): Feed {
  return {
    failed,
    follow: (sessionId) => void link.filter.follow(sessionId),
    settled: () => link.settled(),
    close: () => link.close(),
  };
}

async function openFeed(
  parts: ConstructorParameters<typeof Link>[0],
  signal: AbortSignal | undefined,
): Promise<Feed> {
  const online = Promise.withResolvers<void>();
  const failed = Promise.withResolvers<never>();
  // Who does not wait for the failure does not want to end by it.
  failed.promise.catch(() => {});
  const { handlers } = parts;
  const link = new Link({
    ...parts,
    handlers: {
      ...handlers,
      onOnline: (isSeamless) => {
        online.resolve();
        handlers.onOnline(isSeamless);
      },
      onFailed: failed.reject,
    },
  });
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    link.start();
    await Promise.race([online.promise, failed.promise, aborted.promise]);
    return feedOf(link, failed.promise);
  } catch (thrown) {
    await link.close();
    throw thrown;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** A way to `service`. Nothing is sent before something is asked. */
export function connectTo(service: FoundService, env = systemEnv): Connection {
  const limits = resolveLimits();
  const context: HostContext = { env, limits, logger: silentLogger, emit: () => {} };
  const wire = networkWire(checkOptions({ url: service.url }), {}, context);
  const credentials = new Credentials(service.token);
  const client = new ServiceClient({ wire, credentials, context, onUnauthorized: () => {} });
  const request: Connection['request'] = async (asked, signal) => {
    try {
      const reply = await client.request(asked, signal === undefined ? {} : { signal });
      if (isLoggedOut(reply)) throw loggedOut(service, reply);
      return reply;
    } catch (thrown) {
      throw explain(service, thrown);
    }
  };
  return {
    url: service.url,
    limits,
    request,
    ask: async (asked, { sessionId, signal } = {}) => {
      const reply = await request(asked, signal);
      if (reply.status < 200 || reply.status > 299) throw refusalOf(reply, sessionId);
      return isRecord(reply.body) ? reply.body : {};
    },
    openFeed: async (handlers, signal) => {
      // A stream is tried for a while; a request says at once that nobody is there.
      await request(routes.health(), signal);
      const told = {
        onFrame: (frame: StreamFrame) => {
          if (!controlTypes.has(frame.type)) handlers.onFrame(frame);
        },
        onOnline: (isSeamless: boolean) => handlers.onOnline?.(isSeamless),
        onLagged: (missing: FrameRange | null) => handlers.onLagged?.(missing),
        onLost: (cause: SessionMeshError) => handlers.onLost?.(cause),
        onFailed: () => {},
      };
      const parts = { wire, client, context, handlers: told };
      const feed = await openFeed(parts, signal).catch((thrown: unknown) => {
        throw explain(service, thrown);
      });
      const failed = feed.failed.catch((thrown: unknown) => {
        throw explain(service, thrown);
      });
      failed.catch(() => {});
      return { ...feed, failed };
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/**
 * A way to the service that the command line, the environment or this machine names.
 * @throws SessionMeshError as `findService`, and `option_invalid` for what is no address
 */
export async function connectService(options: AddressOptions): Promise<Connection> {
  return connectTo(await findService(options, process.env));
}
