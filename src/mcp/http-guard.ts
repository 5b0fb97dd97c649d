/**
 * Who may speak to a served endpoint. It listens on the loopback interface only, but a page in a browser
 * can reach that too, under a name of its own: so the names are checked, and a token is asked for.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What is asked of a request. */
export interface GuardOptions {
  readonly port: number;
  /** The token that has to come with every request, or null for none. */
  readonly token: string | null;
}

/** Why a request is turned away. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly reason: string;
}

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Compares in a time that tells nothing of where two texts differ. */
function isSameText(left: string, right: string): boolean {
  return timingSafeEqual(digest(left), digest(right));
}

function hasToken({ headers }: IncomingMessage, token: string): boolean {
  const [, given] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  return given !== undefined && isSameText(given, token);
}

/** Why `message` may not pass, or null. */
export function refusalOf(message: IncomingMessage, options: GuardOptions): Refusal | null {
  const { port, token } = options;
  const hosts = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`);
  const { host = '', origin } = message.headers;
  if (!hosts.includes(host.toLowerCase())) {
    return { status: 403, reason: `the Host header has to be one of ${hosts.join(', ')}` };
  }
  if (origin !== undefined && !hosts.some((name) => origin.toLowerCase() === `http://${name}`)) {
    return { status: 403, reason: 'pages of other origins may not use this server' };
  }
  if (token !== null && !hasToken(message, token)) {
    return { status: 401, reason: 'a bearer token is required' };
  }
  return null;
}
