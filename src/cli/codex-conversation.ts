/**
 * Asks a Codex app-server what it makes of something, letter by letter: JSON goes out as it was read from
 * a file, and numbers and key order come back as they were sent. One conversation, then it is over.
 */
import { systemEnv } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import { spawnCodex } from '../hosts/app-server/spawn.ts';
import { defaultLimits } from '../limits.ts';
import type { Child } from '../rpc/child.ts';
import { StdioTransport } from '../rpc/stdio.ts';
import {
  jsonOf,
  readJson,
  writeJson,
  type JsonObject,
  type JsonValue,
} from '../tools/adapters/index.ts';
import { isJsonNumber, isJsonObject, jsonNumber } from '../tools/adapters/json-value.ts';
import type { Validation } from '../tools/contract.ts';

/** What to start. */
export interface ConversationOptions {
  /** The program; by default the Codex that is found. */
  readonly command?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** The member `name` of `value`, which must be an object. */
export function objectAt(value: JsonValue | undefined, name: string): JsonObject {
  const member = isJsonObject(value) ? value.get(name) : undefined;
  if (isJsonObject(member)) return member;
  throw new SessionMeshError('protocol_invalid', { expected: `an object \`${name}\`` });
}

/** The text `name` of `value`. */
export function textAt(value: JsonObject, name: string): string {
  const member = value.get(name);
  if (typeof member === 'string') return member;
  throw new SessionMeshError('protocol_invalid', { expected: `a text \`${name}\`` });
}

function readMessage(frame: string): JsonObject {
  const read = readJson(frame);
  return read.ok && isJsonObject(read.value) ? read.value : new Map();
}

interface Waiter {
  readonly takes: (message: JsonObject) => boolean;
  readonly resolve: (message: JsonObject) => void;
  readonly reject: (reason: unknown) => void;
}

const introduction = jsonOf({
  clientInfo: { name: 'sessionmesh', version: '0' },
  capabilities: { experimentalApi: true },
});

/** A running Codex. Every wait ends: with a message, with Codex, with the signal, or by `requestTimeoutMs`. */
export class CodexConversation implements AsyncDisposable {
  readonly #child: Child;
  readonly #transport: StdioTransport;
  readonly #signal: AbortSignal;
  readonly #waiters = new Set<Waiter>();
  #requests = 0;
  #server = 'codex';

  /** @internal */
  constructor(child: Child, signal: AbortSignal) {
    this.#child = child;
    this.#signal = signal;
    const streams = { input: child.stdout, output: child.stdin };
    this.#transport = new StdioTransport({ ...streams, env: systemEnv, limits: defaultLimits });
    this.#transport.start({
      onFrame: (frame) => this.#onMessage(readMessage(frame)),
      onGarbage: () => {},
      onClose: (cause) => this.#onClose(cause),
    });
  }

  /** What the server says it is: its name and version. */
  get server(): string {
    return this.#server;
  }

  /** @internal Introduces us. @throws SessionMeshError `host_start_failed` if Codex does not want us. */
  async introduce(): Promise<void> {
    const introduced = await this.request('initialize', introduction);
    if (!introduced.ok) {
      throw new SessionMeshError('host_start_failed', { found: introduced.problem });
    }
    this.#server = textAt(introduced.value, 'userAgent');
  }

  /** Asks; the problem is what Codex says against it. */
  async request(method: string, params: JsonValue): Promise<Validation<JsonObject>> {
    this.#requests += 1;
    const id = jsonNumber(String(this.#requests));
    const waiting = this.#wait((message) => {
      const found = message.get('id');
      return isJsonNumber(found) && found.numberText === id.numberText && !message.has('method');
    });
    this.#transport.send(writeJson(new Map(Object.entries({ id, method, params }))));
    const reply = await waiting;
    return reply.has('error')
      ? { ok: false, problem: textAt(objectAt(reply, 'error'), 'message') }
      : { ok: true, value: objectAt(reply, 'result') };
  }

  /** Resolves with the parameters of the next notification of this name that match. */
  async heard(method: string, matches: (params: JsonObject) => boolean): Promise<JsonObject> {
    const message = await this.#wait((told) => {
      const params = told.get('params');
      return told.get('method') === method && isJsonObject(params) && matches(params);
    });
    return objectAt(message, 'params');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport.close();
    await this.#child.close();
  }

  #wait(takes: Waiter['takes']): Promise<JsonObject> {
    const { promise, resolve, reject } = Promise.withResolvers<JsonObject>();
    const waiter: Waiter = { takes, resolve, reject };
    const signal = this.#signal;
    const onAbort = () => reject(signal.reason);
    const timer = systemEnv.clock.setTimeout(
      () => reject(new SessionMeshError('request_timeout')),
      defaultLimits.requestTimeoutMs,
    );
    this.#waiters.add(waiter);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    return promise.finally(() => {
      systemEnv.clock.clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      this.#waiters.delete(waiter);
    });
  }

  #onMessage(message: JsonObject): void {
    for (const waiter of this.#waiters) if (waiter.takes(message)) waiter.resolve(message);
  }

  #onClose(cause: SessionMeshError): void {
    const found = this.#child.ending ?? 'it no longer talks';
    const reason = new SessionMeshError('host_start_failed', { found, cause });
    for (const { reject } of this.#waiters) reject(reason);
  }
}

/**
 * Starts Codex and introduces us.
 * @throws SessionMeshError `codex_not_found`, `host_start_failed`, `request_timeout`; or the reason of
 * `signal`.
 */
export async function openConversation({
  command,
  env,
  signal,
}: ConversationOptions): Promise<CodexConversation> {
  const options = { env, ...(command === undefined ? {} : { command }) };
  const child = await spawnCodex(options, systemEnv, defaultLimits);
  const conversation = new CodexConversation(child, signal);
  try {
    await conversation.introduce();
    return conversation;
  } catch (thrown) {
    await conversation[Symbol.asyncDispose]();
    throw thrown;
  }
}
