/** How often and how soon a link is tried again, before its host has failed. */
import { backoffMs } from '../../backoff.ts';
import type { Limits } from '../../limits.ts';

/** What was lost: a link that was up, or an attempt at one. */
export type LossKind = 'link' | 'attempt';

/** What a budget needs to know. */
export interface RestartBudgetOptions {
  readonly limits: Limits;
  readonly random: () => number;
  /**
   * Whether each attempt starts a process. Then attempts are counted like lost links; else the server
   * is somebody else's, and all that counts is for how long it could not be reached.
   */
  readonly startsProcess: boolean;
}

/** Counts losses within a window of time that moves along. */
export class RestartBudget {
  readonly #options: RestartBudgetOptions;
  #losses: { readonly kind: LossKind; readonly atMs: number }[] = [];
  /** When it was first tried in vain since the last link, or null. */
  #unreachableSinceMs: number | null = null;
  #wasUp = false;

  constructor(options: RestartBudgetOptions) {
    this.#options = options;
  }

  /** A link is up. */
  succeed(): void {
    this.#wasUp = true;
    this.#unreachableSinceMs = null;
  }

  /** Takes note of a loss: how long to wait before the next attempt, or null if there is to be none. */
  spend(kind: LossKind, nowMs: number): number | null {
    const { limits, random } = this.#options;
    const { reconnectBackoffBaseMs: baseMs, reconnectBackoffCapMs: capMs } = limits;
    this.#losses = this.#losses.filter(({ atMs }) => nowMs - atMs < limits.restartWindowMs);
    this.#losses.push({ kind, atMs: nowMs });
    if (kind === 'attempt') this.#unreachableSinceMs ??= nowMs;
    if (this.#isUsedUp(nowMs)) return null;
    return backoffMs({ baseMs, capMs }, this.#losses.length, random);
  }

  #isUsedUp(nowMs: number): boolean {
    const { limits, startsProcess } = this.#options;
    const counted = this.#losses.filter(({ kind }) => startsProcess || kind === 'link');
    if (counted.length > limits.restartsMax) return true;
    if (startsProcess || this.#unreachableSinceMs === null) return false;
    // Who has not been there yet may be at the wrong address: not worth as long a wait.
    const patienceMs = this.#wasUp ? limits.restartWindowMs : limits.connectTimeoutMs;
    return nowMs - this.#unreachableSinceMs >= patienceMs;
  }
}
