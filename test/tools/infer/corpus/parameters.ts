/**
 * @packageDocumentation
 * Every way a parameter can be written.
 */
import type { ToolCall, ToolOutput } from 'sessionmesh/tools';
import type { Expectations } from '../expectation.ts';

export const expected: Expectations = {};

const closed = { additionalProperties: false };

/** Takes nothing. */
export function ping(): 'pong' {
  return 'pong';
}
expected['ping'] = {
  input: { type: 'object', properties: {}, ...closed },
  output: { type: 'string', enum: ['pong'] },
  parameters: { style: 'positional', names: [], rest: false, call: false },
};

/** Takes the call alone. */
export async function whoAmI(call: ToolCall): Promise<string> {
  return call.sessionId;
}
expected['whoAmI'] = {
  input: { type: 'object', properties: {}, ...closed },
  parameters: { style: 'positional', names: [], rest: false, call: true },
};

/**
 * Waits for a file to appear.
 * @param path - Which one.
 * @param call - Tells when to give up.
 */
export async function awaitFile(path: string, call: ToolCall): Promise<boolean> {
  return !call.signal.aborted && path !== '';
}
expected['awaitFile'] = {
  input: {
    type: 'object',
    properties: { path: { type: 'string', description: 'Which one.' } },
    required: ['path'],
    ...closed,
  },
  parameters: { style: 'positional', names: ['path'], rest: false, call: true },
};

/** Reads with a destructured call. */
export const readPart = async (
  { path, from = 0 }: { path: string; from?: number },
  { signal }: ToolCall,
): Promise<ToolOutput> => {
  signal.throwIfAborted();
  return { success: true, contentItems: [{ type: 'inputText', text: `${path}@${from}` }] };
};
expected['readPart'] = {
  input: {
    type: 'object',
    properties: { path: { type: 'string' }, from: { type: 'number', default: 0 } },
    required: ['path'],
    ...closed,
  },
  output: null,
  parameters: { style: 'object', optional: false, call: true },
};

/** Has plain defaults. */
export function draw(text: string, width = 80, margin = -1, isBold = false): string {
  return `${text}${width}${margin}${isBold}`;
}
expected['draw'] = {
  input: {
    type: 'object',
    properties: {
      text: { type: 'string' },
      width: { type: 'number', default: 80 },
      margin: { type: 'number', default: -1 },
      isBold: { type: 'boolean', default: false },
    },
    required: ['text'],
    ...closed,
  },
};

/** Has defaults with an inside. */
export function paint(
  color: 'red' | 'green' | null = null,
  tags: string[] = ['a', 'b'],
  style: { indent?: number; mark?: string } = { indent: 2 },
): string {
  return `${color}${tags.length}${style.indent}`;
}
expected['paint'] = {
  input: {
    type: 'object',
    properties: {
      color: { type: ['string', 'null'], enum: ['red', 'green', null], default: null },
      tags: { type: 'array', items: { type: 'string' }, default: ['a', 'b'] },
      style: {
        type: 'object',
        properties: { indent: { type: 'number' }, mark: { type: 'string' } },
        ...closed,
        default: { indent: 2 },
      },
    },
    ...closed,
  },
};

const defaultRegion = 'eu-central';

/** Has a default that a constant names, and one that only a run knows. */
export function deploy(service: string, region = defaultRegion, at = Math.random()): string {
  return `${service}${region}${at}`;
}
expected['deploy'] = {
  input: {
    type: 'object',
    properties: {
      service: { type: 'string' },
      region: { type: 'string', default: 'eu-central' },
      at: { type: 'number' },
    },
    required: ['service'],
    ...closed,
  },
};

/** Takes any number of words. */
export function join(separator: string, ...words: string[]): string {
  return words.join(separator);
}
expected['join'] = {
  input: {
    type: 'object',
    properties: {
      separator: { type: 'string' },
      words: { type: 'array', items: { type: 'string' } },
    },
    required: ['separator'],
    ...closed,
  },
  parameters: { style: 'positional', names: ['separator', 'words'], rest: true, call: false },
};

/** Has an optional object without required properties: it is the arguments. */
export function list(options: { all?: boolean; depth?: number } = {}): string {
  return JSON.stringify(options);
}
expected['list'] = {
  input: {
    type: 'object',
    properties: { all: { type: 'boolean' }, depth: { type: 'number' } },
    ...closed,
  },
  parameters: { style: 'object', optional: true, call: false },
};

/** Has an optional object with a required property: no arguments must stay possible. */
export function listIn(scope?: { team: string }): string {
  return scope?.team ?? 'all';
}
expected['listIn'] = {
  input: {
    type: 'object',
    properties: {
      scope: {
        type: 'object',
        properties: { team: { type: 'string' } },
        required: ['team'],
        ...closed,
      },
    },
    ...closed,
  },
  parameters: { style: 'positional', names: ['scope'], rest: false, call: false },
};

/** A record alone has no properties to take over, so it stays a property itself. */
export function setEnvironment(variables: Record<string, string>): number {
  return Object.keys(variables).length;
}
expected['setEnvironment'] = {
  input: {
    type: 'object',
    properties: { variables: { type: 'object', additionalProperties: { type: 'string' } } },
    required: ['variables'],
    ...closed,
  },
  parameters: { style: 'positional', names: ['variables'], rest: false, call: false },
};

/** A union alone is a property: the root of a tool's schema has to be one object. */
export function notify(target: { email: string } | { phone: string }): string {
  return JSON.stringify(target);
}
expected['notify'] = {
  input: {
    type: 'object',
    properties: {
      target: {
        anyOf: [
          {
            type: 'object',
            properties: { email: { type: 'string' } },
            required: ['email'],
            ...closed,
          },
          {
            type: 'object',
            properties: { phone: { type: 'string' } },
            required: ['phone'],
            ...closed,
          },
        ],
      },
    },
    required: ['target'],
    ...closed,
  },
};

/** Has a parameter that may be undefined without being optional. */
export function rename(from: string, to: string | undefined): string {
  return from + (to ?? '');
}
expected['rename'] = {
  input: {
    type: 'object',
    properties: { from: { type: 'string' }, to: { type: 'string' } },
    required: ['from'],
    ...closed,
  },
};

type Handler = (query: string, limit?: number) => Promise<string[]>;

/** Gets its types from the type of the constant. */
export const find: Handler = async (query, limit) => [query, String(limit)];
expected['find'] = {
  input: {
    type: 'object',
    properties: { query: { type: 'string' }, limit: { type: 'number' } },
    required: ['query'],
    ...closed,
  },
  output: { type: 'array', items: { type: 'string' } },
};

const logged = <F extends (...args: never[]) => unknown>(fn: F): F => fn;

/** Is made by a wrapper that keeps the signature. */
export const measure = logged((path: string, depth: number) => `${path}${depth}`);
expected['measure'] = {
  input: {
    type: 'object',
    properties: { path: { type: 'string' }, depth: { type: 'number' } },
    required: ['path', 'depth'],
    ...closed,
  },
};

/** A function expression. */
export const sum = function (left: number, right: number): number {
  return left + right;
};
expected['sum'] = {
  input: {
    type: 'object',
    properties: { left: { type: 'number' }, right: { type: 'number' } },
    required: ['left', 'right'],
    ...closed,
  },
};

/** Not a tool. @internal */
export function reset(): void {}

/** Exported under two names; the default is not a second tool. */
export default function summarize(text: string): string {
  return text.slice(0, 10);
}
expected['summarize'] = {
  input: {
    type: 'object',
    properties: { text: { type: 'string' } },
    required: ['text'],
    ...closed,
  },
};
