/** Texts: their length, pattern and format, and those that are moments in time. */
import type { Limits } from '../../../limits.ts';
import type { JsonSchema } from '../../contract.ts';
import { compilePattern } from '../../pattern.ts';
import { addIssue, type Decoder } from './decoder.ts';

/** A rule for a text, and what a text that breaks it should have been. */
interface TextRule {
  readonly fits: (text: string) => boolean;
  readonly expected: string;
}

function isCalendarDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})/.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return false;
  const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth;
}

const dateTime = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** The formats that are checked. Any other one is a remark for the reader, as JSON Schema has it. */
const formats: ReadonlyMap<string, TextRule> = new Map([
  [
    'date-time',
    {
      fits: (text: string) =>
        dateTime.test(text) && isCalendarDate(text) && !Number.isNaN(Date.parse(text)),
      expected: 'a date and time with its offset, such as 2026-01-31T09:30:00Z',
    },
  ],
  [
    'date',
    {
      fits: (text: string) => text.length === 10 && isCalendarDate(text),
      expected: 'a date such as 2026-01-31',
    },
  ],
  [
    'email',
    {
      fits: (text: string) => /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)*$/.test(text),
      expected: 'an e-mail address',
    },
  ],
  [
    'uuid',
    {
      fits: (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
      expected: 'a UUID',
    },
  ],
  ['uri', { fits: (text: string) => URL.canParse(text), expected: 'an absolute URI' }],
]);

/** Characters as JSON Schema counts them: a pair of surrogates is one. */
function countCharacters(text: string): number {
  return Array.from(text).length;
}

function textRules(schema: JsonSchema, limits: Limits): TextRule[] {
  const { minLength, maxLength, pattern, format } = schema;
  const rules: TextRule[] = [];
  if (typeof minLength === 'number') {
    const expected = `at least ${minLength} characters`;
    rules.push({ fits: (text) => countCharacters(text) >= minLength, expected });
  }
  if (typeof maxLength === 'number') {
    const expected = `at most ${maxLength} characters`;
    rules.push({ fits: (text) => countCharacters(text) <= maxLength, expected });
  }
  if (typeof pattern === 'string') {
    const compiled = compilePattern(pattern, limits);
    rules.push({ fits: (text) => compiled.test(text), expected: `text that matches /${pattern}/` });
  }
  const formatRule = typeof format === 'string' ? formats.get(format) : undefined;
  return formatRule ? [...rules, formatRule] : rules;
}

/** A decoder for a text. @throws SessionMeshError `schema_invalid` for a pattern that cannot be matched. */
export function textDecoder(schema: JsonSchema, isDate: boolean, limits: Limits): Decoder {
  const rules = textRules(schema, limits);
  return (value, run) => {
    if (typeof value !== 'string') {
      addIssue(run, 'expected string');
      return value;
    }
    const broken = rules.find((rule) => !rule.fits(value));
    if (broken) addIssue(run, `expected ${broken.expected}`);
    return isDate && !broken ? new Date(value) : value;
  };
}
