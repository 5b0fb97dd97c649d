/** The way to a stub service without sockets, so that virtual time moves everything. */
import { sleep, type Env } from '../../../src/env.ts';
import { SessionMeshError } from '../../../src/errors.ts';
import type { Limits } from '../../../src/limits.ts';
import { createMemoryPair } from '../../../src/rpc/memory.ts';
import type { ServiceReply, ServiceWire } from '../../../src/hosts/control-service/wire.ts';
import type { StubService } from './stub-service.ts';
import type { Fault } from './stub-wire.ts';

const refused = () => new SessionMeshError('host_unreachable', { found: 'a refused connection' });
const reset = () => new SessionMeshError('stream_closed', { found: 'a reset connection' });

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** `latencyMs` each way. */
export function memoryWire(
  stub: StubService,
  env: Env,
  limits: Limits,
  latencyMs = 1,
): ServiceWire {
  return {
    name: 'http://stub/api',
    request: async ({ method, path, body, headers = {} }, token, signal) => {
      signal.throwIfAborted();
      const request = {
        method,
        path,
        body: body === undefined ? null : JSON.parse(body),
        token,
        headers,
      };
      await sleep(env.clock, latencyMs, signal);
      stub.requests.push(request);
      const fault: Fault | undefined = stub.fault(request);
      if (fault === 'refused') throw refused();
      if (fault === 'reset') throw reset();
      if (fault === 'silence') return whenAborted(signal);
      const reply = typeof fault === 'object' ? fault : stub.handle(request);
      if (fault === 'reset-after') throw reset();
      if (fault === 'silence-after') return whenAborted(signal);
      await sleep(env.clock, latencyMs, signal);
      const text = JSON.stringify(reply.body);
      const answer: ServiceReply = {
        ...(reply.challenge === undefined ? {} : { challenge: reply.challenge }),
        status: reply.status,
        body: JSON.parse(text),
        retryAfterMs: reply.retryAfterMs ?? null,
      };
      return answer;
    },
    openStream: async (query, token, signal) => {
      signal.throwIfAborted();
      await sleep(env.clock, latencyMs, signal);
      if (stub.streamsDown) throw refused();
      if (stub.token !== null && token !== stub.token) {
        throw new SessionMeshError('host_unauthorized', { found: 'HTTP status 401' });
      }
      const [near, far] = createMemoryPair(env, limits);
      const socket = stub.open(new URLSearchParams(query), {
        send: (text) => {
          try {
            far.send(text);
          } catch {
            // The client is gone.
          }
        },
        close: () => void far.close(new SessionMeshError('stream_closed', { found: 'the stub' })),
      });
      far.start({
        onFrame: (text) => stub.command(socket, text),
        onGarbage: () => {},
        onClose: () => void stub.sockets.delete(socket),
      });
      return near;
    },
    close: async () => {},
  };
}
