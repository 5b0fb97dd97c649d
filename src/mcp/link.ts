/**
 * Keeps an MCP server within reach.
 *
 * - L1 A connection that was lost is made again when the next call needs one, not before: a server that
 *   dies as soon as it runs is not started over and over.
 * - L2 All calls that wait share one series of attempts, which backs off and ends; the next call begins
 *   the next series.
 * - L3 There is at most one connection, and the old one is closed before the next is made.
 */
import { unlessAborted } from '../abort.ts';
import { backoffMs } from '../backoff.ts';
import { sleep } from '../env.ts';
import { isSessionMeshError, messageOf, SessionMeshError } from '../errors.ts';
import type { Dial } from './dial.ts';
import type { McpContext, Peer } from './peer.ts';

/** What a link tells. Neither throws. */
export interface LinkHandlers {
  /** The server is within reach again. */
  onRestored(): void;
  onListChanged(): void;
}

/** The way to one server. */
export class Link {
  readonly #dial: Dial;
  readonly #context: Omit<McpContext, 'sdk'>;
  readonly #handlers: LinkHandlers;
  readonly #over = new AbortController();
  #peer: Peer | null = null;
  /** The attempts under way. */
  #recovery: Promise<Peer> | null = null;
  /** The end of the connection before. */
  #leaving: Promise<void> = Promise.resolve();

  constructor(dial: Dial, context: Omit<McpContext, 'sdk'>, handlers: LinkHandlers) {
    this.#dial = dial;
    this.#context = context;
    this.#handlers = handlers;
  }

  /** The first connection, in one attempt. Rejects as {@link Dial} does. */
  async open(signal: AbortSignal): Promise<Peer> {
    return this.#attempt(signal);
  }

  /**
   * The connection in use, or the next one; at most until `signal` aborts.
   * @throws SessionMeshError as {@link Dial} does when a series of attempts failed, `stream_closed` once
   * the link is closed; and the reason of `signal`.
   */
  reach(signal: AbortSignal = this.#over.signal): Promise<Peer> {
    if (this.#over.signal.aborted) return Promise.reject(this.#over.signal.reason);
    if (this.#peer) return Promise.resolve(this.#peer);
    this.#recovery ??= this.#recover().finally(() => {
      this.#recovery = null;
    });
    return unlessAborted(this.#recovery, signal);
  }

  /** Gives up a connection that turned out to be of no use. */
  drop(peer: Peer, why: string): void {
    if (peer !== this.#peer) return;
    this.#peer = null;
    this.#leaving = peer.close();
    if (!this.#over.signal.aborted) {
      this.#context.logger.warn({ why }, 'the connection to an MCP server was lost');
    }
  }

  /** Ends the connection and all attempts at one. Idempotent, never rejects. */
  async close(): Promise<void> {
    this.#over.abort(new SessionMeshError('stream_closed', { found: 'a server that was closed' }));
    if (this.#peer) this.drop(this.#peer, 'it was closed');
    await this.#recovery?.catch(() => {});
    // The attempt may have made one last connection before it saw the end.
    if (this.#peer) this.drop(this.#peer, 'it was closed');
    await this.#leaving;
  }

  async #recover(): Promise<Peer> {
    const { env, limits, logger } = this.#context;
    const { reconnectBackoffBaseMs: baseMs, reconnectBackoffCapMs: capMs } = limits;
    for (let attempt = 1; ; attempt += 1) {
      const delayMs = backoffMs({ baseMs, capMs }, attempt, env.random);
      await sleep(env.clock, delayMs, this.#over.signal);
      try {
        const peer = await this.#attempt(this.#over.signal);
        logger.info({ attempt }, 'an MCP server is within reach again');
        this.#handlers.onRestored();
        return peer;
      } catch (thrown) {
        this.#over.signal.throwIfAborted();
        logger.warn({ attempt, error: messageOf(thrown) }, 'an MCP server cannot be reached');
        const isHopeless = isSessionMeshError(thrown) && !thrown.retryable;
        if (isHopeless || attempt >= limits.mcpReconnectAttemptsMax) throw thrown;
      }
    }
  }

  async #attempt(signal: AbortSignal): Promise<Peer> {
    const { clock } = this.#context.env;
    const { connectTimeoutMs } = this.#context.limits;
    await this.#leaving;
    const late = new AbortController();
    const timer = clock.setTimeout(() => {
      const expected = `an answer to the handshake within ${connectTimeoutMs} ms`;
      late.abort(new SessionMeshError('mcp_connect_failed', { expected }));
    }, connectTimeoutMs);
    const handlers = {
      onClosed: (peer: Peer, why: string) => this.drop(peer, why),
      onListChanged: () => this.#handlers.onListChanged(),
    };
    try {
      const signals = AbortSignal.any([signal, late.signal, this.#over.signal]);
      this.#peer = await this.#dial(handlers, signals);
      return this.#peer;
    } finally {
      clock.clearTimeout(timer);
    }
  }
}
