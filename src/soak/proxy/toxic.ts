/**
 * What a proxy does to a connection. The verbs for bytes and their attributes are those that users of
 * Toxiproxy know; the verbs for frames are ours.
 *
 * `toxicity` is the part of connections a verb for bytes applies to, and the part of frames a verb for
 * frames applies to.
 */
import { SessionMeshError } from '../../errors.ts';

/** From the client to the server, or back. */
export type StreamName = 'upstream' | 'downstream';

interface Common<Type extends string, Attribute extends string> {
  /** Unique within its proxy. */
  readonly name: string;
  readonly type: Type;
  readonly stream: StreamName;
  /** 0 to 1. */
  readonly toxicity: number;
  readonly attributes: { readonly [Name in Attribute]: number };
}

/** A verb for the bytes of a connection. */
export type ByteToxic =
  /** Delays what passes by `latency` ± `jitter` milliseconds, in order. */
  | Common<'latency', 'latency' | 'jitter'>
  /** At most `rate` KB pass in a second. */
  | Common<'bandwidth', 'rate'>
  /** The end of the connection is passed on `delay` milliseconds late. */
  | Common<'slow_close', 'delay'>
  /**
   * Nothing passes, and after `timeout` milliseconds the connection is closed; 0: it is held open. What
   * came meanwhile is lost, so the connection is reset once the toxic is gone.
   */
  | Common<'timeout', 'timeout'>
  /** The connection is reset after `timeout` milliseconds. */
  | Common<'reset_peer', 'timeout'>
  /** Pieces of `average_size` ± `size_variation` bytes, `delay` microseconds apart. */
  | Common<'slicer', 'average_size' | 'size_variation' | 'delay'>
  /** The connection is closed once `bytes` have passed, wherever that is in a frame. */
  | Common<'limit_data', 'bytes'>
  /** Connections are cut, and new ones too. */
  | Common<'down', never>;

/** A verb for whole frames: messages of a WebSocket, or lines. */
export type FrameToxic =
  | Common<'drop', never>
  /** The copy comes `delay` milliseconds after the frame, behind what passed meanwhile. */
  | Common<'duplicate', 'delay'>
  /** The frame is held back until up to `window` others have passed it, or for `delay` milliseconds. */
  | Common<'reorder', 'window' | 'delay'>
  /** A frame of `size` bytes that nobody sent comes before the frame. */
  | Common<'garbage', 'size'>
  /** Only a part of the frame passes. `close`: 1 to reset the connection after it. */
  | Common<'truncate', 'close'>;

/** One thing that a proxy does. */
export type Toxic = ByteToxic | FrameToxic;

/** The name of a verb. */
export type ToxicType = Toxic['type'];

/** Every verb, in the order in which it is shown. */
export const toxicTypes = [
  'latency',
  'bandwidth',
  'slow_close',
  'timeout',
  'reset_peer',
  'slicer',
  'limit_data',
  'down',
  'drop',
  'duplicate',
  'reorder',
  'garbage',
  'truncate',
] as const satisfies readonly ToxicType[];

/** A toxic as somebody asks for it: all but its type has a default. */
export interface ToxicRequest {
  readonly type: string;
  readonly name?: string | undefined;
  /** Default: downstream, as in Toxiproxy. */
  readonly stream?: string | undefined;
  readonly toxicity?: number | undefined;
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

const frameTypes: ReadonlySet<string> = new Set([
  'drop',
  'duplicate',
  'reorder',
  'garbage',
  'truncate',
] satisfies FrameToxic['type'][]);

/** Whether a toxic works on whole frames. */
export const isFrameToxic = (toxic: Toxic): toxic is FrameToxic => frameTypes.has(toxic.type);

function invalid(expected: string, found: unknown): SessionMeshError {
  return new SessionMeshError('option_invalid', { expected, found: JSON.stringify(found) });
}

const isToxicType = (type: string): type is ToxicType => toxicTypes.some((known) => known === type);

function parseStream(stream: string): StreamName {
  if (stream === 'upstream' || stream === 'downstream') return stream;
  throw invalid('a stream that is upstream or downstream', stream);
}

/** The attributes of one request: each is a number, and all that are given are asked for. */
class AttributeReader {
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #type: string;
  readonly #known = new Set<string>();

  constructor(type: string, given: Readonly<Record<string, unknown>> = {}) {
    this.#type = type;
    this.#given = given;
  }

  number(name: string, fallback: number, min = 0): number {
    this.#known.add(name);
    const value = this.#given[name] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value) && value >= min) return value;
    throw invalid(`${this.#type}.${name} to be a number of at least ${min}`, value);
  }

  end(): void {
    const unknown = Object.keys(this.#given).find((name) => !this.#known.has(name));
    if (unknown === undefined) return;
    const known = [...this.#known].join(', ') || 'none';
    throw invalid(`attributes of ${this.#type} among: ${known}`, unknown);
  }
}

function withAttributes(
  type: ToxicType,
  base: Omit<Toxic, 'type' | 'attributes'>,
  read: AttributeReader,
): Toxic {
  const number = read.number.bind(read);
  switch (type) {
    case 'latency':
      return {
        ...base,
        type,
        attributes: { latency: number('latency', 0), jitter: number('jitter', 0) },
      };
    case 'bandwidth':
      return { ...base, type, attributes: { rate: number('rate', 0, 0.001) } };
    case 'slow_close':
      return { ...base, type, attributes: { delay: number('delay', 1_000) } };
    case 'timeout':
    case 'reset_peer':
      return { ...base, type, attributes: { timeout: number('timeout', 0) } };
    case 'slicer':
      return {
        ...base,
        type,
        attributes: {
          average_size: number('average_size', 64, 1),
          size_variation: number('size_variation', 0),
          delay: number('delay', 0),
        },
      };
    case 'limit_data':
      return { ...base, type, attributes: { bytes: number('bytes', 0) } };
    case 'down':
    case 'drop':
      return { ...base, type, attributes: {} };
    case 'duplicate':
      return { ...base, type, attributes: { delay: number('delay', 0) } };
    case 'reorder':
      return {
        ...base,
        type,
        attributes: { window: number('window', 3, 1), delay: number('delay', 50) },
      };
    case 'garbage':
      return { ...base, type, attributes: { size: number('size', 64, 1) } };
    case 'truncate':
      return { ...base, type, attributes: { close: number('close', 0) } };
  }
}

/**
 * Checks a request and fills in the defaults.
 * @throws SessionMeshError `option_invalid` for an unknown verb, stream or attribute, or a number out of range
 */
export function parseToxic(request: ToxicRequest): Toxic {
  const { type, stream: wanted = 'downstream', toxicity = 1 } = request;
  if (!isToxicType(type)) throw invalid(`a toxic among: ${toxicTypes.join(', ')}`, type);
  const stream = parseStream(wanted);
  if (typeof toxicity !== 'number' || !(toxicity >= 0 && toxicity <= 1)) {
    throw invalid('a toxicity from 0 to 1', toxicity);
  }
  const { name = `${type}_${stream}` } = request;
  if (typeof name !== 'string' || !/^[\w.-]{1,100}$/.test(name)) {
    throw invalid('a name of letters, digits, dots, hyphens and underscores', name);
  }
  const read = new AttributeReader(type, request.attributes);
  const toxic = withAttributes(type, { name, stream, toxicity }, read);
  read.end();
  return toxic;
}
