/** Whoever wants to see times as they are measured. */

/** Told of times as they are measured. `at` is as in the records; `ms` how long it took. */
export interface CheckWatcher {
  /** A call has its answer. */
  readonly onAnswered?: (at: number, ms: number) => void;
  /** A call that waited through a fault goes on. */
  readonly onRecovered?: (at: number, ms: number) => void;
}
