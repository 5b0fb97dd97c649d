/**
 * A model provider that plays a {@link Script}: the real Codex talks to it over HTTP and needs no account.
 * It listens on the loopback interface only.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, SessionMeshError } from '../errors.ts';
import { askScript } from '../hosts/simulated/reply.ts';
import type { Script, ScriptStep } from '../hosts/simulated/script.ts';
import { resolveLimits, type Limits } from '../limits.ts';
import { parseModelRequest, type ModelRequest } from './model-request.ts';
import { writeError, writeReply } from './model-response.ts';
import { ModelTurns } from './model-turns.ts';
import { readText } from './request-text.ts';

/** One request that a scripted model has seen. */
export interface ScriptedModelRequest {
  readonly sessionId: string;
  readonly turnId: string;
  /** What the script was asked, or null for a request that is no step of a turn. */
  readonly step: ScriptStep | null;
  /** The body: what the model would be shown. */
  readonly body: unknown;
  /** The body as it came, letter by letter. */
  readonly text: string;
}

/** A running model provider. */
export interface ScriptedModel {
  /** What Codex takes as `base_url`: `http://127.0.0.1:PORT/v1`. */
  readonly url: string;
  /** The latest requests, oldest first; at most `modelRequestsKeptMax`. */
  readonly requests: readonly ScriptedModelRequest[];
  /** Stops listening, cuts open connections and aborts waiting scripts. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How a scripted model is served. */
export interface ScriptedModelOptions {
  /** Default: 0, any free one. */
  readonly port?: number;
  /** Closes the model when it aborts. */
  readonly signal?: AbortSignal;
  readonly limits?: Partial<Limits>;
}

/**
 * Starts a model provider that plays `script`. A script that fails or throws fails the turn at once, with
 * its reason as the turn's error. Requests that are no step of a turn, such as a compaction, are answered
 * with a fixed text.
 * @throws SessionMeshError `model_start_failed` if the port cannot be had; and the reason of `signal`.
 */
export async function startScriptedModel(
  script: Script,
  options: ScriptedModelOptions = {},
): Promise<ScriptedModel> {
  const { port = 0, signal } = options;
  signal?.throwIfAborted();
  const endpoint = new ModelEndpoint(script, resolveLimits(options.limits));
  const server = createServer((request, response) => void endpoint.serve(request, response));
  // Codex keeps connections for later; one that closes just then would fail a turn.
  server.keepAliveTimeout = 0;
  const url = await listen(server, port);

  const closed = Promise.withResolvers<void>();
  const onAbort = () => void close();
  const close = (): Promise<void> => {
    signal?.removeEventListener('abort', onAbort);
    endpoint.close();
    server.close(() => closed.resolve());
    server.closeAllConnections();
    return closed.promise;
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) {
    await close();
    signal.throwIfAborted();
  }
  return { url, requests: endpoint.requests, close, [Symbol.asyncDispose]: close };
}

function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new SessionMeshError('model_start_failed', { found: messageOf(cause), cause }));
    });
    server.listen(port, '127.0.0.1', () => {
      const address: AddressInfo | string | null = server.address();
      const bound = typeof address === 'object' && address ? address.port : port;
      resolve(`http://127.0.0.1:${bound}/v1`);
    });
  });
}

const summary = 'Everything up to here was summarised.';

class ModelEndpoint {
  readonly requests: ScriptedModelRequest[] = [];
  readonly #script: Script;
  readonly #limits: Limits;
  readonly #turns: ModelTurns;
  readonly #life = new AbortController();
  #inFlight = 0;
  #answered = 0;

  constructor(script: Script, limits: Limits) {
    this.#script = script;
    this.#limits = limits;
    this.#turns = new ModelTurns(limits.modelSessionsMax);
  }

  close(): void {
    this.#life.abort(new Error('the model was closed'));
  }

  /** Answers one HTTP request. Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST' || request.url !== '/v1/responses') {
      writeError(response, 404, 'this model only knows POST /v1/responses');
      return;
    }
    if (this.#inFlight >= this.#limits.modelRequestsInFlightMax) {
      writeError(response, 429, 'too many requests at once');
      return;
    }
    this.#inFlight += 1;
    try {
      await this.#answer(request, response);
    } catch (error) {
      // The connection was cut, or the model closed; there is nobody to tell.
      response.destroy(error instanceof Error ? error : undefined);
    } finally {
      this.#inFlight -= 1;
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readText(request, this.#limits.modelRequestBytesMax);
    if (text === null) {
      writeError(response, 413, `longer than ${this.#limits.modelRequestBytesMax} bytes`);
      return;
    }
    const body = parseJson(text);
    const thread = request.headers['thread-id'];
    const parsed = parseModelRequest(body, typeof thread === 'string' ? thread : undefined);
    if (!parsed) {
      writeError(response, 400, 'this is no request of Codex to its model');
      return;
    }
    const step = parsed.kind === 'turn' ? this.#turns.step(parsed) : null;
    if (step === null) this.#turns.compact(parsed.sessionId);
    this.#keep(parsed, step, { body, text });
    const responseId = `resp_${++this.#answered}`;
    if (step === null) {
      writeReply(response, { type: 'text', text: summary }, responseId);
      return;
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('nobody waits for the answer any more')));
    const signal = AbortSignal.any([gone.signal, this.#life.signal]);
    const reply = await askScript(this.#script, step, signal, this.#limits.scriptCallsMax);
    if (!signal.aborted) writeReply(response, reply, responseId);
  }

  #keep(
    { sessionId, turnId }: ModelRequest,
    step: ScriptStep | null,
    seen: { readonly body: unknown; readonly text: string },
  ): void {
    this.requests.push({ sessionId, turnId, step, ...seen });
    if (this.requests.length > this.#limits.modelRequestsKeptMax) this.requests.shift();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
