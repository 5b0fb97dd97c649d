/**
 * Who may do what. Every request and every stream names a bearer token in its `Authorization` header;
 * where it comes from (a loopback address, a proxy's header) never counts.
 *
 * Whether a token is valid is looked up each time, so one that is taken away is dead at once.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';

/** What a token is good for: looking, answering tool calls, or changing sessions and granting requests. */
export type Scope = 'read' | 'respond' | 'manage';

const scopes: readonly Scope[] = ['read', 'respond', 'manage'];

/** A token, and what it is good for. */
export interface AccessToken {
  /** 16 or more printable characters without blanks. */
  readonly token: string;
  /** The sessions it is good for. Left out: all. */
  readonly sessions?: readonly string[];
  readonly scopes: readonly Scope[];
}

/** What the holder of a valid token may do. The same object as long as the token is valid. */
export interface Access {
  readonly scopes: ReadonlySet<Scope>;
  /** Null: all sessions. */
  readonly sessions: ReadonlySet<string> | null;
}

/** Everything, for everybody: only for a service without authentication, which listens on loopback only. */
const openAccess: Access = { scopes: new Set(scopes), sessions: null };

/** Whether a session exists for this holder. One that does not is answered like one that nobody has. */
export function maySee({ sessions }: Access, sessionId: string): boolean {
  return sessions === null || sessions.has(sessionId);
}

/** A new secret of 256 bits, URL-safe. Not from `Env`: what is made to be repeatable is no secret. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

interface Key {
  readonly digest: Buffer;
  readonly access: Access;
}

function checkToken({ token, scopes: given }: AccessToken): void {
  if (typeof token !== 'string' || !/^[\x21-\x7e]{16,512}$/.test(token)) {
    throw new SessionMeshError('option_invalid', {
      expected: 'a token of 16-512 printable characters without blanks',
      found: typeof token === 'string' ? `${token.length} characters` : typeof token,
    });
  }
  if (!Array.isArray(given) || given.some((scope) => !scopes.includes(scope))) {
    throw new SessionMeshError('option_invalid', {
      expected: `scopes among ${scopes.join(', ')}`,
      found: JSON.stringify(given),
    });
  }
}

function keyOf(entry: AccessToken): Key {
  checkToken(entry);
  const sessions = entry.sessions === undefined ? null : new Set(entry.sessions);
  return { digest: digestOf(entry.token), access: { scopes: new Set(entry.scopes), sessions } };
}

/** The valid tokens of one service. Kept as digests only. */
export class Keyring {
  readonly #limits: Limits;
  #keys: readonly Key[] | null;

  /**
   * @param tokens null: no token is asked for
   * @throws SessionMeshError `option_invalid` for a token that is none, or too many
   */
  constructor(tokens: readonly AccessToken[] | null, limits: Limits) {
    this.#limits = limits;
    this.#keys = this.#read(tokens);
  }

  /** Whether a token is asked for at all. */
  get isOpen(): boolean {
    return this.#keys === null;
  }

  /**
   * What the holder of an `Authorization` header may do, or null if that is nothing. Takes the same time
   * for every token of a length: all digests are compared, whichever fits.
   */
  authenticate(header: string | undefined): Access | null {
    if (this.#keys === null) return openAccess;
    const [, token] = /^Bearer +(\S+)$/i.exec(header ?? '') ?? [];
    if (token === undefined) return null;
    const digest = digestOf(token);
    let found: Access | null = null;
    for (const key of this.#keys) if (timingSafeEqual(key.digest, digest)) found = key.access;
    return found;
  }

  /** Whether the token that this was given for is still valid. */
  isValid(access: Access): boolean {
    if (this.#keys === null) return access === openAccess;
    return this.#keys.some((key) => key.access === access);
  }

  /** From now on these tokens are valid and no others. One that stays is not noticed by its holder. */
  replace(tokens: readonly AccessToken[]): void {
    this.#keys = this.#read(tokens);
  }

  #read(tokens: readonly AccessToken[] | null): readonly Key[] | null {
    if (tokens === null) return null;
    if (tokens.length > this.#limits.serviceTokensMax) {
      const expected = `at most ${this.#limits.serviceTokensMax} tokens`;
      throw new SessionMeshError('option_invalid', { expected, found: String(tokens.length) });
    }
    return tokens.map((entry) => this.#keep(keyOf(entry)));
  }

  #keep(key: Key): Key {
    const known = this.#keys?.find(({ digest }) => digest.equals(key.digest));
    return known && sameAccess(known.access, key.access) ? known : key;
  }
}

function sameSet(one: ReadonlySet<string> | null, other: ReadonlySet<string> | null): boolean {
  if (one === null || other === null) return one === other;
  return one.size === other.size && [...one].every((entry) => other.has(entry));
}

function sameAccess(one: Access, other: Access): boolean {
  return sameSet(one.scopes, other.scopes) && sameSet(one.sessions, other.sessions);
}
