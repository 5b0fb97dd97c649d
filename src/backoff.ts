/** Full-jitter exponential backoff: the one rule by which anything here waits before it tries again. */

/** How long to wait between attempts, in milliseconds. */
export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * The wait before attempt number `attempt` (the first retry is 1): uniform in [0, min(cap, base·2^(attempt-1))].
 * Full jitter, so that many sessions that lost the same link do not come back in the same instant.
 */
export function backoffMs(backoff: Backoff, attempt: number, random: () => number): number {
  const ceilingMs = Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(random() * ceilingMs);
}
