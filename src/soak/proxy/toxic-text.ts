/**
 * Toxics as a person writes them on a command line: `latency=200ms±50`, `timeout=0@0.1`,
 * `slicer=16:upstream`. A value, its variation after `±` or `+-`, a toxicity after `@`, a stream after `:`.
 */
import { SessionMeshError } from '../../errors.ts';
import { parseToxic, type StreamName, type Toxic, type ToxicType } from './toxic.ts';

/** The attributes that the value and the variation of each verb stand for. */
const places: Readonly<Record<ToxicType, readonly [value?: string, variation?: string]>> = {
  latency: ['latency', 'jitter'],
  bandwidth: ['rate'],
  slow_close: ['delay'],
  timeout: ['timeout'],
  reset_peer: ['timeout'],
  slicer: ['average_size', 'size_variation'],
  limit_data: ['bytes'],
  down: [],
  drop: [],
  duplicate: ['delay'],
  reorder: ['window', 'delay'],
  garbage: ['size'],
  truncate: ['close'],
};

const unitFactors: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  s: 1_000,
  b: 1,
  kb: 1_024,
  mb: 1_048_576,
};

const pattern =
  /^(?<type>\w+)(?:=(?<value>[\d.]+)(?<unit>[a-z]*)(?:(?:±|\+-)(?<variation>[\d.]+)(?<spread>[a-z]*))?)?(?:@(?<toxicity>[\d.]+))?(?::(?<stream>upstream|downstream|both))?$/i;

function unreadable(text: string): SessionMeshError {
  return new SessionMeshError('option_invalid', {
    expected: 'a toxic such as latency=200ms±50, timeout=0@0.1 or slicer=16:upstream',
    found: text,
  });
}

function amount(value: string, unit: string, text: string): number {
  const factor = unitFactors[unit.toLowerCase()];
  const number = Number(value);
  if (factor === undefined || !Number.isFinite(number)) throw unreadable(text);
  return number * factor;
}

const isPlaced = (type: string): type is ToxicType => Object.hasOwn(places, type);

/**
 * The toxics that `text` stands for: one for each stream, both if it names none.
 * @throws SessionMeshError `option_invalid`
 */
export function parseToxicText(text: string): readonly Toxic[] {
  const groups = pattern.exec(text)?.groups;
  const type = groups?.type ?? '';
  if (!groups || !isPlaced(type)) throw unreadable(text);
  const { value, unit = '', variation, spread = '', toxicity, stream = 'both' } = groups;
  const [first, second] = places[type];
  if ((value !== undefined && !first) || (variation !== undefined && !second)) {
    throw unreadable(text);
  }
  const attributes = {
    ...(first && value !== undefined ? { [first]: amount(value, unit, text) } : {}),
    ...(second && variation !== undefined ? { [second]: amount(variation, spread, text) } : {}),
  };
  const streams: readonly StreamName[] =
    stream === 'upstream' || stream === 'downstream' ? [stream] : ['upstream', 'downstream'];
  return streams.map((name) =>
    parseToxic({
      type,
      stream: name,
      attributes,
      ...(toxicity === undefined ? {} : { toxicity: Number(toxicity) }),
    }),
  );
}
