/**
 * Clients that speak a revision of the protocol with sessions (up to 2025-11-25). A session is what lets
 * such a client cancel a call: the cancellation is a request of its own.
 */
import type { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import type { Limits } from '../limits.ts';
import { createProtocolServer, type Endpoint } from './protocol-server.ts';

interface HttpSession {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  /** Calls under way. */
  calls: number;
}

function rejection(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', id: null, error: { code, message } }, { status });
}

/** All sessions of one endpoint. */
export class HttpSessions {
  readonly #endpoint: Endpoint;
  readonly #limits: Limits;
  /** By id, the longest unused first. */
  readonly #sessions = new Map<string, HttpSession>();

  constructor(endpoint: Endpoint, limits: Limits) {
    this.#endpoint = endpoint;
    this.#limits = limits;
  }

  /** Answers a request within its session, or begins one. */
  async handle(request: Request): Promise<Response> {
    const id = request.headers.get('mcp-session-id');
    if (id === null) return this.#begin(request);
    const session = this.#sessions.get(id);
    if (session === undefined) return rejection(404, -32_001, 'no such session');
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    return session.transport.handleRequest(request);
  }

  /** Ends all sessions. */
  async close(): Promise<void> {
    const open = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.all(open.map(({ transport }) => transport.close()));
  }

  async #begin(request: Request): Promise<Response> {
    const { sdk, env } = this.#endpoint;
    const body: unknown = await request
      .clone()
      .json()
      .catch(() => null);
    // Anything but a handshake is refused by the transport, and begins nothing.
    if (sdk.isInitializeRequest(body) && !this.#makeRoom()) {
      return rejection(503, -32_000, 'too many clients are at work');
    }
    const transport = new sdk.WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => env.id(),
      onsessioninitialized: (id) => void this.#sessions.set(id, session),
      onsessionclosed: (id) => void this.#sessions.delete(id),
      maxRequestBodySize: this.#limits.mcpRequestBytesMax,
    });
    const session: HttpSession = { transport, calls: 0 };
    const server = createProtocolServer(this.#endpoint, () => {
      session.calls += 1;
      return () => {
        session.calls -= 1;
      };
    });
    await server.connect(transport);
    const response = await transport.handleRequest(request);
    if (transport.sessionId === undefined) await transport.close();
    return response;
  }

  /** Whether there is room for one more, now that the longest unused idle one had to go. */
  #makeRoom(): boolean {
    if (this.#sessions.size < this.#limits.mcpSessionsMax) return true;
    for (const [id, { transport, calls }] of this.#sessions) {
      if (calls > 0) continue;
      this.#sessions.delete(id);
      void transport.close();
      return true;
    }
    return false;
  }
}
