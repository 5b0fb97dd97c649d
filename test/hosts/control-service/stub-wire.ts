/** Requests to a service in memory, and its replies. */

export interface StubRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly token: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface StubReply {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterMs?: number;
  readonly challenge?: string;
}

/** In place of a reply: the connection breaks before or after the service acted, or nothing comes at all. */
export type Fault = StubReply | 'refused' | 'reset' | 'reset-after' | 'silence' | 'silence-after';

export const ok = (body: unknown, status = 200): StubReply => ({ status, body });
