/** Numbers: whole ones, bounded ones, and those that become a bigint. */
import type { JsonSchema } from '../../contract.ts';
import { addIssue, type Decoder } from './decoder.ts';

interface NumberRule {
  readonly fits: (value: number) => boolean;
  readonly expected: string;
}

/** How far from a whole number of steps still counts as one: 0.3 is three steps of 0.1. */
const stepTolerance = 1e-9;

function isWholeSteps(value: number, step: number): boolean {
  const steps = value / step;
  return Math.abs(steps - Math.round(steps)) <= stepTolerance * Math.max(1, Math.abs(steps));
}

/** The bounds a schema may name, each with its test. */
const bounds: readonly (readonly [string, string, (value: number, bound: number) => boolean])[] = [
  ['minimum', 'at least', (value, bound) => value >= bound],
  ['maximum', 'at most', (value, bound) => value <= bound],
  ['exclusiveMinimum', 'more than', (value, bound) => value > bound],
  ['exclusiveMaximum', 'less than', (value, bound) => value < bound],
  ['multipleOf', 'a multiple of', isWholeSteps],
];

function numberRules(schema: JsonSchema): NumberRule[] {
  return bounds.flatMap(([keyword, words, holds]) => {
    const bound = schema[keyword];
    if (typeof bound !== 'number') return [];
    return [{ fits: (value: number) => holds(value, bound), expected: `${words} ${bound}` }];
  });
}

/** A decoder for a number, or for a whole one, which may become a bigint. */
export function numberDecoder(schema: JsonSchema, isWhole: boolean, isBigint: boolean): Decoder {
  const rules = numberRules(schema);
  return (value, run) => {
    if (typeof value !== 'number' || (isWhole && !Number.isInteger(value))) {
      addIssue(run, isWhole ? 'expected integer' : 'expected number');
      return value;
    }
    const broken = rules.find((rule) => !rule.fits(value));
    if (broken) addIssue(run, `expected ${broken.expected}`);
    if (!isBigint || broken) return value;
    // JSON's reader has rounded a larger one already; what was meant is lost.
    if (!Number.isSafeInteger(value)) {
      addIssue(run, `expected an integer within ±${Number.MAX_SAFE_INTEGER}`);
      return value;
    }
    return BigInt(value);
  };
}
