/**
 * How a browser is let in. Whoever holds a token is given a one-time code, which the address of the page
 * carries in its fragment; the page exchanges it for a cookie. The token itself never reaches a browser,
 * an address bar or a log.
 *
 * - P1 A code is good once and for `pageCodeTtlMs`; of more than `pageCodesMax` the oldest is void.
 * - P2 A cookie is good while it is used at least once in `pageSessionIdleMs` and the token behind it is
 *   valid; of more than `pageSessionsMax` the one that was not used for longest is void.
 * - P3 A cookie alone opens nothing: whoever brings one must be our own page. Requests say so by a header
 *   that no foreign page may send, upgrades by their origin.
 */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../../env.ts';
import type { Limits } from '../../limits.ts';
import { newToken, type Access, type Keyring } from '../auth.ts';
import { isOwnOrigin } from '../origin.ts';

/** The header that our own page sends with every request. */
export const pageHeader = 'x-sessionmesh-page';

interface Entry {
  readonly access: Access;
  /** When it is void, in monotonic milliseconds. */
  expiresAtMs: number;
}

const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('base64');

function cookieName(host: string): string {
  // Cookies do not tell ports apart, and several services may run on one machine.
  const [port = '80'] = /\d+$/.exec(host) ?? [];
  return `sessionmesh-${port}`;
}

function cookieOf({ host, cookie }: IncomingHttpHeaders): string | null {
  if (host === undefined || cookie === undefined) return null;
  const name = `${cookieName(host)}=`;
  const parts = cookie.split(';').map((part) => part.trim());
  return parts.find((part) => part.startsWith(name))?.slice(name.length) ?? null;
}

/** What the sessions of pages need. */
export interface PageSessionsOptions {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly keyring: Keyring;
}

/** The codes and cookies of one service. Kept as digests only. */
export class PageSessions {
  readonly #options: PageSessionsOptions;
  readonly #codes = new Map<string, Entry>();
  readonly #cookies = new Map<string, Entry>();

  constructor(options: PageSessionsOptions) {
    this.#options = options;
  }

  /** A new one-time code for a page that may do what `access` allows. */
  newCode(access: Access): string {
    const { limits } = this.#options;
    const code = newToken();
    this.#keep(this.#codes, code, { access, lifeMs: limits.pageCodeTtlMs }, limits.pageCodesMax);
    return code;
  }

  /**
   * Exchanges a code for the value of a `Set-Cookie` header; null if the code is not good.
   * @param host as the request names it
   */
  redeem(code: string, host: string): string | null {
    const digest = digestOf(code);
    const entry = this.#codes.get(digest);
    this.#codes.delete(digest);
    if (!entry || !this.#isGood(entry)) return null;
    const { limits } = this.#options;
    const { access } = entry;
    const secret = newToken();
    const lifeMs = limits.pageSessionIdleMs;
    this.#keep(this.#cookies, secret, { access, lifeMs }, limits.pageSessionsMax);
    return `${cookieName(host)}=${secret}; Path=/api; HttpOnly; SameSite=Strict`;
  }

  /** What the page that sent these headers may do, or null. Its cookie is good for another while. */
  authenticate(headers: IncomingHttpHeaders): Access | null {
    const isOurs = headers[pageHeader] !== undefined || isOwnOrigin(headers);
    const secret = isOurs ? cookieOf(headers) : null;
    if (secret === null) return null;
    const digest = digestOf(secret);
    const entry = this.#cookies.get(digest);
    this.#cookies.delete(digest);
    if (!entry || !this.#isGood(entry)) return null;
    // The one that was used last is the last to make room.
    const { clock, limits } = this.#options;
    entry.expiresAtMs = clock.monotonic() + limits.pageSessionIdleMs;
    this.#cookies.set(digest, entry);
    return entry.access;
  }

  #isGood({ access, expiresAtMs }: Entry): boolean {
    const { clock, keyring } = this.#options;
    return expiresAtMs > clock.monotonic() && keyring.isValid(access);
  }

  #keep(
    entries: Map<string, Entry>,
    secret: string,
    { access, lifeMs }: { readonly access: Access; readonly lifeMs: number },
    countMax: number,
  ): void {
    entries.set(digestOf(secret), {
      access,
      expiresAtMs: this.#options.clock.monotonic() + lifeMs,
    });
    for (const digest of entries.keys()) {
      if (entries.size <= countMax) return;
      entries.delete(digest);
    }
  }
}
