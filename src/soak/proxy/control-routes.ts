/** What each request to the control API of proxies does. */
import { SessionMeshError } from '../../errors.ts';
import { startProxy, type FaultProxy, type ProxyOptions } from './proxy.ts';
import { parseToxic, type Toxic, type ToxicRequest } from './toxic.ts';

/** One request, taken apart. */
export interface ControlRequest {
  readonly method: string;
  readonly path: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
}

/** What is answered; a body of null is empty. */
export interface ControlReply {
  readonly status: number;
  readonly body: object | null;
}

/** What the API needs of a proxy. One over stdio has no address and cannot be switched off. */
export type ControlledProxy = Pick<FaultProxy, 'name' | 'toxics' | 'stats'> &
  Partial<Pick<FaultProxy, 'listen' | 'upstream' | 'isEnabled' | 'enable' | 'disable' | 'close'>>;

/** The proxies that an API controls. */
export class ProxyRegistry {
  readonly #proxies = new Map<string, ControlledProxy>();
  readonly #common: Omit<ProxyOptions, 'name' | 'listen' | 'upstream' | 'toxics'>;
  readonly #proxiesMax: number;

  constructor(
    common: Omit<ProxyOptions, 'name' | 'listen' | 'upstream' | 'toxics'>,
    proxiesMax: number,
  ) {
    this.#common = common;
    this.#proxiesMax = proxiesMax;
  }

  get all(): readonly ControlledProxy[] {
    return [...this.#proxies.values()];
  }

  find(name: string): ControlledProxy | undefined {
    return this.#proxies.get(name);
  }

  /** @throws SessionMeshError `option_invalid` for a name that is taken, or too many proxies */
  add(proxy: ControlledProxy): void {
    this.#check(proxy.name);
    this.#proxies.set(proxy.name, proxy);
  }

  /** Starts a proxy and adds it. Throws as `add` and `startProxy`. */
  async create(name: string, listen: string, upstream: string): Promise<ControlledProxy> {
    this.#check(name);
    const proxy = await startProxy({ ...this.#common, name, listen, upstream });
    this.#proxies.set(name, proxy);
    return proxy;
  }

  async remove(name: string): Promise<void> {
    const proxy = this.#proxies.get(name);
    this.#proxies.delete(name);
    await proxy?.close?.();
  }

  /** Closes every proxy. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([...this.#proxies.keys()].map((name) => this.remove(name)));
  }

  #check(name: string): void {
    if (this.#proxies.has(name)) {
      const expected = 'a name that no other proxy has';
      throw new SessionMeshError('option_invalid', { expected, found: name });
    }
    if (this.#proxies.size < this.#proxiesMax) return;
    throw new SessionMeshError('option_invalid', {
      expected: `at most ${this.#proxiesMax} proxies`,
    });
  }
}

const notFound = (what: string): ControlReply => ({
  status: 404,
  body: { error: `no such ${what}` },
});

const notAllowed: ControlReply = { status: 405, body: { error: 'no such method here' } };
const done: ControlReply = { status: 204, body: null };

const showToxic = ({ name, type, stream, toxicity, attributes }: Toxic): object => ({
  name,
  type,
  stream,
  toxicity,
  attributes,
});

function showProxy(proxy: ControlledProxy): object {
  const { name, listen = null, upstream = null, isEnabled = true, toxics, stats } = proxy;
  const shown = toxics.current.map(showToxic);
  return { name, listen, upstream, enabled: isEnabled, toxics: shown, stats };
}

function textOf(body: ControlRequest['body'], name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new SessionMeshError('option_invalid', { expected: `a text as ${name}` });
}

/** The members that a toxic has, if they are of the right kind. */
function toxicRequest(body: ControlRequest['body']): ToxicRequest {
  const { name, type, stream, toxicity, attributes } = body;
  const isFit =
    (name === undefined || typeof name === 'string') &&
    (stream === undefined || typeof stream === 'string') &&
    (toxicity === undefined || typeof toxicity === 'number');
  if (!isFit || typeof type !== 'string') {
    const expected = 'a type, and at most name, stream, toxicity and attributes besides';
    throw new SessionMeshError('option_invalid', { expected });
  }
  return { name, type, stream, toxicity, attributes: attributesOf(attributes) };
}

function attributesOf(value: unknown): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new SessionMeshError('option_invalid', { expected: 'attributes as an object' });
}

/**
 * Does what a request asks for.
 * @throws SessionMeshError `option_invalid`, and as `startProxy`
 */
export async function controlRoute(
  registry: ProxyRegistry,
  { method, path: [root, name, leaf, toxicName, ...more], body }: ControlRequest,
): Promise<ControlReply> {
  if (root === 'version' && method === 'GET' && name === undefined) {
    return { status: 200, body: { service: 'sessionmesh proxy' } };
  }
  if (root === 'reset' && method === 'POST' && name === undefined) return reset(registry);
  if (root !== 'proxies' || more.length > 0 || (leaf !== undefined && leaf !== 'toxics')) {
    return notFound('route');
  }
  if (name === undefined) return proxiesRoute(registry, method, body);
  const proxy = registry.find(name);
  if (!proxy) return notFound('proxy');
  if (leaf === undefined) return proxyRoute(registry, proxy, method, body);
  return toxicName === undefined
    ? toxicsRoute(proxy, method, body)
    : toxicRoute(proxy, toxicName, method, body);
}

/** As Toxiproxy: every toxic goes, every proxy listens again. */
async function reset(registry: ProxyRegistry): Promise<ControlReply> {
  for (const proxy of registry.all) {
    proxy.toxics.clear();
    await proxy.enable?.();
  }
  return done;
}

async function proxiesRoute(
  registry: ProxyRegistry,
  method: string,
  body: ControlRequest['body'],
): Promise<ControlReply> {
  if (method === 'GET') {
    const shown = registry.all.map((proxy) => [proxy.name, showProxy(proxy)]);
    return { status: 200, body: Object.fromEntries(shown) };
  }
  if (method !== 'POST') return notAllowed;
  const [name, listen, upstream] = ['name', 'listen', 'upstream'].map((key) => textOf(body, key));
  const proxy = await registry.create(name ?? '', listen ?? '', upstream ?? '');
  if (body.enabled === false) await proxy.disable?.();
  return { status: 201, body: showProxy(proxy) };
}

async function proxyRoute(
  registry: ProxyRegistry,
  proxy: ControlledProxy,
  method: string,
  body: ControlRequest['body'],
): Promise<ControlReply> {
  switch (method) {
    case 'GET':
      return { status: 200, body: showProxy(proxy) };
    case 'POST':
    case 'PATCH':
      if (typeof body.enabled !== 'boolean') {
        throw new SessionMeshError('option_invalid', { expected: 'enabled: true or false' });
      }
      if (!proxy.enable || !proxy.disable) return notAllowed;
      await (body.enabled ? proxy.enable() : proxy.disable());
      return { status: 200, body: showProxy(proxy) };
    case 'DELETE':
      await registry.remove(proxy.name);
      return done;
    default:
      return notAllowed;
  }
}

function toxicsRoute(
  { toxics }: ControlledProxy,
  method: string,
  body: ControlRequest['body'],
): ControlReply {
  if (method === 'GET') return { status: 200, body: toxics.current.map(showToxic) };
  if (method !== 'POST') return notAllowed;
  const toxic = parseToxic(toxicRequest(body));
  if (toxics.find(toxic.name)) return { status: 409, body: { error: 'a toxic has that name' } };
  toxics.add(toxic);
  return { status: 200, body: showToxic(toxic) };
}

function toxicRoute(
  { toxics }: ControlledProxy,
  name: string,
  method: string,
  body: ControlRequest['body'],
): ControlReply {
  const toxic = toxics.find(name);
  if (!toxic) return notFound('toxic');
  switch (method) {
    case 'GET':
      return { status: 200, body: showToxic(toxic) };
    case 'POST':
    case 'PATCH': {
      const { toxicity, attributes } = toxicRequest({ ...body, type: toxic.type });
      toxics.update(name, { toxicity, attributes });
      return { status: 200, body: showToxic(toxics.find(name) ?? toxic) };
    }
    case 'DELETE':
      toxics.remove(name);
      return done;
    default:
      return notAllowed;
  }
}
