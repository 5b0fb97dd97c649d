/** What simulated calls ask for: how long to work, and what to do in the end. */
import { isRecord } from '../../tools/json.ts';
import type { World } from './world.ts';

/** What a handler is to do. */
export type HandlerAct =
  /** Return a text that carries the canary. */
  | 'return'
  | 'throw'
  /** Never settle. */
  | 'hang'
  /** Return long after the deadline. */
  | 'late'
  /** Return more than is taken. */
  | 'huge'
  /** Reject as soon as the signal aborts. */
  | 'abort';

/** The arguments of a simulated call. */
export interface CallArguments {
  readonly canary: string;
  /** How long the work takes, in milliseconds. */
  readonly ms: number;
  readonly act: HandlerAct;
}

/** The schema that the tools have for them. */
export const argumentsSchema = {
  type: 'object',
  properties: {
    canary: { type: 'string' },
    ms: { type: 'number' },
    act: { type: 'string' },
  },
  required: ['canary', 'ms', 'act'],
  additionalProperties: false,
} as const;

const acts: ReadonlySet<unknown> = new Set<HandlerAct>([
  'return',
  'throw',
  'hang',
  'late',
  'huge',
  'abort',
]);

const isAct = (value: unknown): value is HandlerAct => acts.has(value);

/** Reads what a handler was given. */
export function readArguments(value: unknown): CallArguments {
  const { canary, ms, act } = isRecord(value) ? value : {};
  if (typeof canary === 'string' && typeof ms === 'number' && isAct(act))
    return { canary, ms, act };
  throw new TypeError('arguments that the schema should not have let through');
}

/** A text that stands in one call only, of one world only. */
export function canaryOf(world: World, count: number): string {
  return `canary-${world.random.fork(`canary ${count}`).between(0, 0xffffff).toString(36)}-${count}`;
}
