/** Scales and ticks of a plot. */

/** From a value to a place in the plot, and the values worth a line. */
export interface Axis {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
}

/** A step of 1, 2 or 5 times a power of ten that cuts `range` into at most `stepsMax`. */
function stepOf(range: number, stepsMax: number): number {
  const rough = range / stepsMax;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((one) => one * power >= rough) ?? 10;
  return factor * power;
}

/** Where the ends of an axis are in the drawing. */
export interface Ends {
  readonly from: number;
  readonly to: number;
}

/**
 * From zero to at least `max`. Ticks are round in powers of `base`, 1,024 for bytes; 1 for plain numbers.
 */
export function linearAxis(max: number, { from, to, base }: Ends & { base: number }): Axis {
  const top = max > 0 ? max : 1;
  const unit = base > 1 ? base ** Math.floor(Math.log(top) / Math.log(base)) : 1;
  const step = stepOf(top / unit, 4) * unit;
  const end = Math.ceil(top / step - 1e-9) * step;
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, place) => place * step);
  return { place: (value) => from + ((to - from) * Math.min(value, end)) / end, ticks };
}

/** Powers of ten around `min` and `max`, both above zero. Smaller values stand at the lower end. */
export function logAxis(range: { min: number; max: number }, { from, to }: Ends): Axis {
  const low = Math.floor(Math.log10(range.min));
  const high = Math.max(low + 1, Math.ceil(Math.log10(range.max)));
  const ticks = Array.from({ length: high - low + 1 }, (_, place) => 10 ** (low + place));
  const place = (value: number) => {
    const power = value > 0 ? Math.log10(value) : low;
    const part = (Math.min(high, Math.max(low, power)) - low) / (high - low);
    return from + (to - from) * part;
  };
  return { place, ticks };
}

const timeSteps: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000,
  300_000, 600_000, 1_200_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000, 86_400_000,
];

/** The time of the run, with ticks at round times. */
export function timeAxis(durationMs: number, from: number, to: number): Axis {
  const end = Math.max(durationMs, 1);
  const stepMs = timeSteps.find((step) => end / step <= 8) ?? stepOf(end, 8);
  const ticks: number[] = [];
  for (let ms = 0; ms <= end; ms += stepMs) ticks.push(ms);
  return { place: (ms) => from + ((to - from) * Math.min(Math.max(ms, 0), end)) / end, ticks };
}
