/**
 * The token in use. When the service refuses it, everybody who sends waits while it is read once more; one
 * that is still the same, or is refused again, is refused for good.
 */
import type { TokenSource } from './options.ts';

/** A token as somebody sent it. A new object each time it is read. */
export interface Credential {
  readonly token: string | null;
}

/** The token of one client. */
export class Credentials {
  readonly #source: TokenSource | null;
  #current: Promise<Credential> | null = null;
  #renewed: Promise<boolean> | null = null;

  constructor(source: TokenSource | undefined) {
    this.#source = source ?? null;
  }

  /** The token to send, once it is known. Rejects with what a source of tokens throws. */
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
      return { token: typeof this.#source === 'function' ? await this.#source() : this.#source };
    } catch (thrown) {
      // The next one to send asks again.
      this.#current = null;
      throw thrown;
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
