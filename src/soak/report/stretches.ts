/**
 * A series over time of unknown length in a bounded number of stretches: when one more would be needed,
 * each two become one of twice the length.
 */

/** How a series begins a stretch, and makes one of two. */
export interface StretchKind<Stretch> {
  empty(): Stretch;
  /** Adds `later` to `earlier`. */
  merge(earlier: Stretch, later: Stretch): void;
}

/** Stretches of a run. All series that share a {@link Grid} have the same ones. */
export class Grid {
  readonly #stretchesMax: number;
  readonly #series: Stretches<unknown>[] = [];
  stretchMs: number;

  constructor(stretchesMax: number, firstMs: number) {
    this.#stretchesMax = stretchesMax;
    this.stretchMs = firstMs;
  }

  /** A new series on this grid. */
  series<Stretch>(kind: StretchKind<Stretch>): Stretches<Stretch> {
    const series = new Stretches(this, kind);
    this.#series.push(series);
    return series;
  }

  /** The number of the stretch at this time, after making room for it. */
  placeOf(ms: number): number {
    while (ms / this.stretchMs >= this.#stretchesMax) {
      this.stretchMs *= 2;
      for (const series of this.#series) series.halve();
    }
    return Math.max(0, Math.floor(ms / this.stretchMs));
  }
}

/** One series on a grid. Stretches in which nothing happened are empty. */
export class Stretches<Stretch> {
  readonly #grid: Grid;
  readonly #kind: StretchKind<Stretch>;
  #stretches: Stretch[] = [];

  constructor(grid: Grid, kind: StretchKind<Stretch>) {
    this.#grid = grid;
    this.#kind = kind;
  }

  /** The stretch at this time, in milliseconds from the beginning. */
  at(ms: number): Stretch {
    const place = this.#grid.placeOf(ms);
    while (this.#stretches.length < place) this.#stretches.push(this.#kind.empty());
    const known = this.#stretches[place];
    if (known !== undefined) return known;
    const stretch = this.#kind.empty();
    this.#stretches.push(stretch);
    return stretch;
  }

  /** The first `count` of them. */
  list(count: number): readonly Stretch[] {
    const missing = Math.max(0, count - this.#stretches.length);
    const rest = Array.from({ length: missing }, () => this.#kind.empty());
    return [...this.#stretches.slice(0, count), ...rest];
  }

  /** Makes one of each two. */
  halve(): void {
    const halved: Stretch[] = [];
    this.#stretches.forEach((stretch, place) => {
      const earlier = halved[place >> 1];
      if (earlier === undefined) halved.push(stretch);
      else this.#kind.merge(earlier, stretch);
    });
    this.#stretches = halved;
  }
}
