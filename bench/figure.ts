/** One measured figure. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is a ratio to, with its own value. */
  readonly floor?: string;
  /** Realistic and ambitious target. */
  readonly target: string;
  /** Whether the target is met, where it is one number. */
  readonly isReached?: boolean;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
