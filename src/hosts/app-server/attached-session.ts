/** One thread that the mesh holds open, and what must be known of it to bring it back. */
import type { SessionSettings } from '../host.ts';
import type { Link } from './link.ts';

/** What an attached session is made of. */
export interface AttachedSessionOptions {
  readonly id: string;
  readonly settings: SessionSettings;
  /** Ended turns that are remembered; the oldest is forgotten first. */
  readonly turnsKeptMax: number;
}

/** The state of one attached thread. */
export class AttachedSession {
  readonly id: string;
  /** Said again each time the thread is resumed. */
  readonly settings: SessionSettings;
  /** The link on which the server tells what happens in the thread, or null before there is one. */
  link: Link | null = null;
  readonly #turnsKeptMax: number;
  readonly #ended = new Set<string>();
  #activeTurnId: string | null = null;

  constructor({ id, settings, turnsKeptMax }: AttachedSessionOptions) {
    this.id = id;
    this.settings = settings;
    this.#turnsKeptMax = turnsKeptMax;
  }

  /** The turn that is known to be under way, or null. */
  get activeTurnId(): string | null {
    return this.#activeTurnId;
  }

  /** Takes note of a turn that runs. False if that is no news, or if it has ended meanwhile. */
  beginTurn(turnId: string): boolean {
    if (this.#activeTurnId === turnId || this.#ended.has(turnId)) return false;
    this.#activeTurnId = turnId;
    return true;
  }

  /** Takes note of the end of a turn. False if that is no news. */
  endTurn(turnId: string): boolean {
    if (this.#ended.has(turnId)) return false;
    this.#ended.add(turnId);
    const [oldest] = this.#ended;
    if (this.#ended.size > this.#turnsKeptMax && oldest !== undefined) this.#ended.delete(oldest);
    if (this.#activeTurnId === turnId) this.#activeTurnId = null;
    return true;
  }

  /** Whether this turn is one of the last that ended. */
  hasEnded(turnId: string): boolean {
    return this.#ended.has(turnId);
  }
}
