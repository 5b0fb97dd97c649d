/** A control service as the runtimes reach it: over a network that loses requests and replies. */
import { SessionMeshError } from '../../errors.ts';
import { ControlServiceHost } from '../../hosts/control-service/host.ts';
import type {
  ServiceReply,
  ServiceRequest,
  ServiceWire,
} from '../../hosts/control-service/wire.ts';
import type { HostFactory } from '../../hosts/host.ts';
import { isRecord } from '../../tools/json.ts';
import { pause } from './codex-place.ts';
import { Connection } from './connection.ts';
import type { Mind, WaitingCall } from './mind.ts';
import { wakeMind, watchProcess, type Place, type Stage } from './place.ts';
import { SimProcess } from './process.ts';
import { ServiceServer } from './service-server.ts';

/** One life of the service. */
interface Service {
  readonly process: SimProcess;
  readonly mind: Mind;
  readonly server: ServiceServer;
}

const latencyMs = 2;
/** Unread frames of a stream above which the service closes it. */
const unreadMax = 1_000;

const refused = () => new SessionMeshError('host_unreachable', { found: 'a refused connection' });
const reset = () => new SessionMeshError('stream_closed', { found: 'a reset connection' });

/** What becomes of one exchange that goes wrong. */
const losses = ['refused', 'reset', 'reset after', 'silence', 'silence after'] as const;

/** A request without an answer, and the call that waited for it when it was sent. */
interface Ticket {
  readonly request: ServiceRequest;
  readonly call: WaitingCall | null;
}

/** A request that reached the service, and who sent it. */
interface Sent {
  readonly request: ServiceRequest;
  readonly token: string | null;
  readonly runtime: string;
}

/** A place with a control service. */
export class ServicePlace implements Place {
  readonly #stage: Stage;
  readonly #namesStarts: boolean;
  #service: Service | null = null;
  #starts = 0;
  #token = 'token-1';
  #tokens = 1;
  /** Requests without an answer, with who waits for it. */
  readonly #underWay = new Map<Ticket, SimProcess>();
  #connections: Connection[] = [];

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#namesStarts = stage.scenario.topology === 'service';
    this.#start();
  }

  hostFor(runtime: SimProcess): HostFactory {
    const wire = this.#wire(runtime);
    const hasLeases = this.#stage.scenario.runtimes > 1;
    const options = {
      url: 'http://simulated',
      token: () => this.#token,
      ...(hasLeases ? { holder: runtime.name } : {}),
    };
    return (context) => new ControlServiceHost({ options, wire, observer: {} }, context);
  }

  connections(): readonly Connection[] {
    this.#connections = this.#connections.filter(({ isOver }) => !isOver);
    return this.#connections;
  }

  restart(): boolean {
    if (!this.#service) return false;
    const over = this.#stage.dice.lasts('restart', this.#service.process.name);
    const { dice, world } = this.#stage;
    this.#service.process.end();
    const maxMs = dice.isResting ? 0 : (dice.plan['slow-start'] ?? 0);
    if (maxMs > 0) dice.began('slow-start', 'service');
    const downMs = 200 + dice.random.next() * maxMs;
    world.schedule(dice.isResting ? downMs : dice.within(downMs), () => {
      this.#start();
      over();
    });
    return true;
  }

  forsake(sessionId: string): void {
    const thread = this.#service?.mind.thread(sessionId);
    if (thread) this.#service?.mind.deleteThread(thread);
  }

  renewToken(): void {
    this.#tokens += 1;
    this.#token = `token-${this.#tokens}`;
    this.#service?.server.stream.closeAll();
  }

  waiting(): readonly WaitingCall[] {
    return [...(this.#service?.mind.waiting.values() ?? [])];
  }

  gauges(): Readonly<Record<string, number>> {
    return {
      connections: this.connections().length,
      requests: [...this.#underWay.values()].filter(({ isAlive }) => isAlive).length,
      streams: this.#service?.server.stream.clients ?? 0,
    };
  }

  #start(): void {
    const { world, dice, library, witness } = this.#stage;
    this.#starts += 1;
    const process = new SimProcess(world, `service-${this.#starts}`);
    watchProcess(this.#stage, process, { kind: 'service' });
    const start = `start-${this.#starts}`;
    watchProcess(this.#stage, process, { name: start, kind: 'codex' });
    const requestIdOf = (number: number) =>
      this.#namesStarts ? `${start}.${number}` : String(number);
    const mind = wakeMind(this.#stage, process, { epoch: start, requestIdOf });
    const server = new ServiceServer({
      mind,
      process,
      dice,
      library,
      epoch: this.#namesStarts ? start : null,
      firstFence: this.#starts * 100_000,
      witness,
    });
    const service = { process, mind, server };
    this.#service = service;
    process.whenDead(() => {
      if (this.#service === service) this.#service = null;
    });
  }

  #wire(runtime: SimProcess): ServiceWire {
    return {
      name: 'http://simulated/api',
      request: (request, token, signal) => this.#request(runtime, { request, token }, signal),
      openStream: async (query, token, signal) => {
        await pause(runtime, latencyMs + this.#stage.dice.lateness(runtime.name), signal);
        return this.#openStream(runtime, query, token);
      },
      close: async () => {},
    };
  }

  #openStream(runtime: SimProcess, query: string, token: string | null) {
    const service = this.#service;
    if (!service) throw refused();
    if (token !== this.#token) {
      throw new SessionMeshError('host_unauthorized', { found: 'HTTP status 401' });
    }
    const { dice, limits } = this.#stage;
    const connection = new Connection({
      name: `${runtime.name} to ${service.process.name}`,
      client: runtime,
      server: service.process,
      dice,
      limits,
      unreadMax,
      isLossy: true,
      latencyMs,
    });
    service.server.stream.accept(connection, new URLSearchParams(query));
    this.#connections.push(connection);
    return connection.transport;
  }

  /** One exchange: to the service, and back. */
  #request(
    runtime: SimProcess,
    { request, token }: { request: ServiceRequest; token: string | null },
    signal: AbortSignal,
  ): Promise<ServiceReply> {
    // What the dead ask for never leaves them.
    if (!runtime.isAlive) return new Promise(() => {});
    const { dice } = this.#stage;
    const loss = dice.hits('lose-reply', request.path) ? dice.random.pick(losses) : null;
    const service = this.#service;
    const ticket = { request, call: this.#callOf(request) };
    this.#checkAlone(runtime, ticket);
    this.#underWay.set(ticket, runtime);
    return new Promise((resolve, reject) => {
      const settle = (how: () => void) => {
        this.#underWay.delete(ticket);
        signal.removeEventListener('abort', onAbort);
        how();
      };
      const onAbort = () => settle(() => reject(signal.reason));
      signal.addEventListener('abort', onAbort);
      const end = (how: () => void) =>
        void runtime.after(this.#tripMs(request.path), () => settle(how));
      const fail = (cause: SessionMeshError) => end(() => reject(cause));
      if (signal.aborted) onAbort();
      this.#stage.world.schedule(this.#tripMs(request.path), () => {
        if (loss === 'refused' || !service) return fail(refused());
        // A connection ends with the process that it led to.
        if (loss === 'reset' || service !== this.#service) return fail(reset());
        if (loss === 'silence') return;
        this.#serve(service, { request, token, runtime: runtime.name }, (reply) => {
          if (loss === 'silence after') return;
          if (reply === null || loss === 'reset after') fail(reset());
          else end(() => resolve(reply));
        });
      });
    });
  }

  /** The call that a request answers, or null: its name alone may be another call's after a restart. */
  #callOf({ method, path }: ServiceRequest): WaitingCall | null {
    if (method !== 'POST' || !path.startsWith('/tool-calls/')) return null;
    return this.#service?.server.callAt(path) ?? null;
  }

  /** A runtime makes one attempt to answer a call at a time, as long as the call waits. */
  #checkAlone(runtime: SimProcess, { request, call }: Ticket): void {
    if (call === null) return;
    for (const [other, process] of this.#underWay) {
      if (process !== runtime || other.call !== call) continue;
      if (other.request.body !== request.body) continue;
      this.#stage.accuse('I2', `${runtime.name} makes two attempts at ${request.path} at once`);
    }
  }

  /** The service acts; `respond` is given null if it dies before it has answered. */
  #serve(
    { process, server }: Service,
    { request, token, runtime }: Sent,
    respond: (reply: ServiceReply | null) => void,
  ): void {
    this.#stage.world.trace.text(request.body ?? request.path);
    if (token !== this.#token) {
      const body = { status: 'error', code: 'unauthorized', message: 'no valid token' };
      respond({ status: 401, body, retryAfterMs: null });
      return;
    }
    let isOver = false;
    const once = (reply: ServiceReply | null) => {
      if (!isOver) respond(reply);
      isOver = true;
    };
    server.handle(request, runtime, (reply) => once(copyReply(reply)));
    if (!isOver) process.whenDead(() => once(null));
  }

  #tripMs(target: string): number {
    const { dice } = this.#stage;
    return latencyMs * (0.5 + dice.random.next()) + dice.lateness(target);
  }
}

/** What comes over a wire shares nothing with the other side. */
function copyReply({ status, body, retryAfterMs }: ServiceReply): ServiceReply {
  return { status, body: copyJson(body), retryAfterMs };
}

/** As through text and back, at a quarter of the cost. */
function copyJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyJson);
  if (!isRecord(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = copyJson(value[key]);
  return copy;
}
