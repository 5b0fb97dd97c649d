/** Arguments that fit a schema, made up: examples and defaults where the schema has them. */
import type { JsonSchema } from '../../tools/contract.ts';
import { isRecord } from '../../tools/json.ts';

/** How deep a made-up value may go; below that only what is required is made. */
const depthMax = 5;

interface Sampling {
  readonly root: JsonSchema;
  readonly random: () => number;
  readonly depth: number;
}

const formats: Readonly<Record<string, string>> = {
  'date-time': '2026-01-01T12:00:00Z',
  date: '2026-01-01',
  time: '12:00:00Z',
  email: 'someone@example.com',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  uuid: '7f0c1f5e-8f0f-4a53-9f5a-0b6a5a4f3c21',
  ipv4: '192.0.2.1',
};

const numberOr = (value: unknown, fallback: number): number =>
  typeof value === 'number' ? value : fallback;

function pick(values: readonly unknown[], { random }: Sampling): unknown {
  return values[Math.floor(random() * values.length)];
}

function sampleText(schema: JsonSchema, { random }: Sampling): string {
  const { format } = schema;
  if (typeof format === 'string' && format in formats) return formats[format] ?? '';
  const least = numberOr(schema['minLength'], 1);
  const length = Math.max(least, Math.min(numberOr(schema['maxLength'], 12), least + 8));
  const letter = () => String.fromCharCode(97 + Math.floor(random() * 26));
  return Array.from({ length }, letter).join('');
}

function sampleNumber(schema: JsonSchema, { random }: Sampling, isWhole: boolean): number {
  const step = numberOr(schema['multipleOf'], isWhole ? 1 : 0.25);
  const from = numberOr(schema['minimum'], numberOr(schema['exclusiveMinimum'], 0 - step) + step);
  const to = numberOr(schema['maximum'], numberOr(schema['exclusiveMaximum'], from + 101) - step);
  const first = Math.ceil(from / step);
  const steps = Math.max(0, Math.floor(to / step) - first);
  return (first + Math.floor(random() * (steps + 1))) * step;
}

function sampleList(schema: JsonSchema, sampling: Sampling): unknown[] {
  const { items, prefixItems } = schema;
  const fixed = Array.isArray(prefixItems) ? prefixItems : [];
  const least = Math.max(numberOr(schema['minItems'], 0), fixed.length);
  const most = Math.max(least, Math.min(numberOr(schema['maxItems'], 3), least + 3));
  const length = least + Math.floor(sampling.random() * (most - least + 1));
  return Array.from({ length }, (_, index) => sample(fixed[index] ?? items, sampling));
}

function sampleObject(schema: JsonSchema, sampling: Sampling): Record<string, unknown> {
  const { properties, required } = schema;
  const needed = new Set<unknown>(Array.isArray(required) ? required : []);
  const wantsMore = sampling.depth < depthMax;
  const chosen = Object.entries(isRecord(properties) ? properties : {}).filter(
    ([name]) => needed.has(name) || (wantsMore && sampling.random() < 0.5),
  );
  return Object.fromEntries(chosen.map(([name, inner]) => [name, sample(inner, sampling)]));
}

function typeOf(schema: JsonSchema, sampling: Sampling): unknown {
  const { type } = schema;
  if (Array.isArray(type)) return pick(type, sampling);
  if (type !== undefined) return type;
  if (isRecord(schema['properties'])) return 'object';
  return 'items' in schema ? 'array' : 'string';
}

/** The schema that `#/…` names within the root. */
function resolve(reference: string, { root }: Sampling): unknown {
  const path = reference
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== '');
  return path.reduce<unknown>((found, part) => {
    const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    return isRecord(found) ? found[name] : undefined;
  }, root);
}

/** Where the schema says what to take, or which of several schemas to follow. */
function chosenBy(schema: JsonSchema, sampling: Sampling): { readonly value: unknown } | undefined {
  if ('const' in schema) return { value: schema['const'] };
  for (const keyword of ['enum', 'examples']) {
    const values = schema[keyword];
    if (Array.isArray(values) && values.length > 0) return { value: pick(values, sampling) };
  }
  if ('default' in schema) return { value: schema['default'] };
  if (typeof schema['$ref'] === 'string') {
    return { value: sample(resolve(schema['$ref'], sampling), sampling) };
  }
  for (const keyword of ['anyOf', 'oneOf']) {
    const branches = schema[keyword];
    if (Array.isArray(branches) && branches.length > 0) {
      return { value: sample(pick(branches, sampling), sampling) };
    }
  }
  return undefined;
}

function sample(schema: unknown, outer: Sampling): unknown {
  if (!isRecord(schema)) return 'text';
  const sampling = { ...outer, depth: outer.depth + 1 };
  if (sampling.depth > depthMax * 2) return null;
  const { allOf } = schema;
  const merged: JsonSchema = Array.isArray(allOf) ? Object.assign({}, schema, ...allOf) : schema;
  const chosen = chosenBy(merged, sampling);
  if (chosen) return chosen.value;
  switch (typeOf(merged, sampling)) {
    case 'object':
      return sampleObject(merged, sampling);
    case 'array':
      return sampleList(merged, sampling);
    case 'integer':
      return sampleNumber(merged, sampling, true);
    case 'number':
      return sampleNumber(merged, sampling, false);
    case 'boolean':
      return sampling.random() < 0.5;
    case 'null':
      return null;
    default:
      return sampleText(merged, sampling);
  }
}

/**
 * A value that `schema` is likely to allow. What it cannot make up is a text for a `pattern`, or a value
 * that several parts of a schema narrow together; the tool's own check says whether it fits.
 * @param random a number in [0, 1), again and again
 */
export function sampleOf(schema: JsonSchema, random: () => number): unknown {
  return sample(schema, { root: schema, random, depth: 0 });
}
