/**
 * How the host holds a number while it decodes: exactly in 64 bits, as a double when that prints as the
 * same text, and otherwise as its text, which it wraps in a map.
 */

/** A number as the host holds it. A double is spelled anew, which can differ from the text it had. */
export type HeldNumber =
  | { readonly kind: 'integer'; readonly text: string }
  | { readonly kind: 'double'; readonly text: string }
  | { readonly kind: 'wide'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string };

const integerText = /^-?\d+$/;

const fits = (value: bigint, bits: number) =>
  BigInt.asIntN(bits, value) === value || BigInt.asUintN(bits, value) === value;

/** The shortest digits of a double and where its point stands: 0.00123 is `123` at -2. */
interface Decimal {
  readonly sign: string;
  readonly digits: string;
  readonly point: number;
}

function decimalOf(value: number): Decimal {
  const [mantissa = '0', exponent = '0'] = Math.abs(value).toExponential().split('e');
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return { sign, digits: mantissa.replace('.', ''), point: Number(exponent) + 1 };
}

/** All places written out, a whole number without a point. */
function writeOut({ sign, digits, point }: Decimal): string {
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (digits.length <= point) return sign + digits.padEnd(point, '0');
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** The host's own spelling: with an exponent when it is very small or very large. */
function writeShort(decimal: Decimal): string {
  const { sign, digits, point } = decimal;
  if (point > -5 && point <= 16) {
    const text = writeOut(decimal);
    return text.includes('.') ? text : `${text}.0`;
  }
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  const exponent = point > 0 ? `+${point - 1}` : String(point - 1);
  return `${sign}${digits.slice(0, 1)}${fraction}e${exponent}`;
}

/** How the host holds the number that `text` spells. */
export function holdNumber(text: string): HeldNumber {
  if (integerText.test(text)) {
    const value = BigInt(text);
    if (fits(value, 64)) return { kind: 'integer', text };
    if (fits(value, 128)) return { kind: 'wide', text };
  }
  const value = Number(text);
  if (!Number.isFinite(value)) return { kind: 'text', text };
  const decimal = decimalOf(value);
  const short = writeShort(decimal);
  return text === short || text === writeOut(decimal)
    ? { kind: 'double', text: short }
    : { kind: 'text', text };
}
