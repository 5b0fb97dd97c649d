/**
 * The token in use. When the service refuses it, everybody who sends waits while it is read once more; one
 * that is still the same is refused for good.
 */
import { isSessionMeshError, messageOf, SessionMeshError } from '../../errors.ts';
import type { TokenSource } from './options.ts';

/** A token as somebody sent it. A new object each time it is read. */
export interface Credential {
  readonly token: string | null;
}

/** The token without the white space that files put around it. */
function checked(given: string): string {
  const token = given.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new SessionMeshError('option_invalid', {
    expected: 'a token of printable characters without blanks',
    found: token === '' ? 'none' : 'another',
  });
}

/** The token of one client. */
export class Credentials {
  readonly #source: TokenSource | null;
  #current: Promise<Credential> | null = null;
  #renewed: Promise<boolean> | null = null;

  constructor(source: TokenSource | undefined) {
    this.#source = source ?? null;
  }

  /**
   * The token to send, once it is known.
   * @throws SessionMeshError `host_unreachable` where it cannot be read, `option_invalid` for what is no token
   */
  current(): Promise<Credential> {
    if (this.#renewed) return this.#renewed.then(() => this.#read());
    return this.#read();
  }

  /** `refused` was refused: resolves with whether there is another one to try. Never rejects. */
  renew(refused: Credential): Promise<boolean> {
    this.#renewed ??= this.#renew(refused).finally(() => {
      this.#renewed = null;
    });
    return this.#renewed;
  }

  #read(): Promise<Credential> {
    this.#current ??= this.#ask();
    return this.#current;
  }

  async #ask(): Promise<Credential> {
    try {
      const given = typeof this.#source === 'function' ? await this.#source() : this.#source;
      return { token: given === null ? null : checked(given) };
    } catch (cause) {
      // The next one to send asks again.
      this.#current = null;
      if (isSessionMeshError(cause)) throw cause;
      const found = `a token that could not be read: ${messageOf(cause)}`;
      throw new SessionMeshError('host_unreachable', { found, cause });
    }
  }

  async #renew(refused: Credential): Promise<boolean> {
    const current = await this.#current?.catch(() => null);
    // Somebody was faster: the one in use is not the one that was refused.
    if (current && current !== refused) return current.token !== refused.token;
    if (typeof this.#source !== 'function') return false;
    const fresh = this.#ask();
    const isOther = await fresh.then(
      ({ token }) => token !== refused.token,
      () => false,
    );
    if (isOther) this.#current = fresh;
    return isOther;
  }
}
