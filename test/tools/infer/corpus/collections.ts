/**
 * @packageDocumentation
 * Lists, tuples, records, and objects within them.
 */
import type { Expectations } from '../expectation.ts';

export const expected: Expectations = {};

const one = (name: string, schema: object) => ({
  type: 'object',
  properties: { [name]: schema },
  required: [name],
  additionalProperties: false,
});

const text = { type: 'string' };
const number = { type: 'number' };

/** A list. */
export const tag = (tags: string[]) => tags;
expected['tag'] = { input: one('tags', { type: 'array', items: text }) };

/** A list by its long name, that nobody changes. */
export const rank = (scores: ReadonlyArray<number>) => scores;
expected['rank'] = { input: one('scores', { type: 'array', items: number }) };

/** A list of lists, none of which changes. */
export const transpose = (rows: readonly (readonly number[])[]) => rows;
expected['transpose'] = {
  input: one('rows', { type: 'array', items: { type: 'array', items: number } }),
};

/** A list of a choice. */
export const mix = (parts: ('salt' | 'pepper' | number)[]) => parts;
expected['mix'] = {
  input: one('parts', {
    type: 'array',
    items: { anyOf: [{ type: 'string', enum: ['salt', 'pepper'] }, number] },
  }),
};

/** Moments in a list. */
export const mark = (days: Date[]) => days.length;
expected['mark'] = {
  input: one('days', { type: 'array', items: { type: 'string', format: 'date-time' } }),
  conversions: [{ pointer: '/properties/days/items', to: 'date' }],
};

/** A pair of the same kind. */
export const locate = (point: [latitude: number, longitude: number]) => point;
expected['locate'] = {
  input: one('point', {
    type: 'array',
    description: 'In this order: latitude, longitude.',
    items: number,
    minItems: 2,
    maxItems: 2,
  }),
};

/** A pair of two kinds. */
export const put = (entry: [string, number]) => entry;
expected['put'] = {
  input: one('entry', {
    type: 'array',
    description: 'In this order: string, number.',
    prefixItems: [text, number],
    items: { anyOf: [text, number] },
    minItems: 2,
    maxItems: 2,
  }),
};

/** A tuple that may end early. */
export const move = (step: readonly [x: number, y: number, z?: number]) => step;
expected['move'] = {
  input: one('step', {
    type: 'array',
    description: 'In this order: x, y, z.',
    items: number,
    minItems: 2,
    maxItems: 3,
  }),
};

/** A tuple that goes on. */
export const run = (command: [program: string, ...args: string[]]) => command;
expected['run'] = {
  input: one('command', {
    type: 'array',
    description: 'In this order: program, ...args.',
    items: text,
    minItems: 1,
  }),
};

/** A tuple that goes on with something else. */
export const plot = (series: [name: string, ...values: number[]]) => series;
expected['plot'] = {
  input: one('series', {
    type: 'array',
    description: 'In this order: name, ...values.',
    prefixItems: [text],
    items: number,
    minItems: 1,
  }),
};

/** Headers by name. */
export const request = (url: string, headers?: Record<string, string | string[]>) => [url, headers];
expected['request'] = {
  input: {
    type: 'object',
    properties: {
      url: text,
      headers: {
        type: 'object',
        additionalProperties: { anyOf: [text, { type: 'array', items: text }] },
      },
    },
    required: ['url'],
    additionalProperties: false,
  },
};

/** Anything by name. */
export const merge = (values: { [key: string]: unknown }) => values;
expected['merge'] = { input: one('values', { type: 'object', additionalProperties: {} }) };

/** Names by number. */
export const assign = (seats: Record<number, string>) => seats;
expected['assign'] = {
  input: one('seats', {
    type: 'object',
    propertyNames: { pattern: '^-?[0-9]+(\\.[0-9]+)?$' },
    additionalProperties: text,
  }),
};

/** Known names and others. */
export const configure = (name: string, options: { timeoutMs: number; [key: string]: number }) => [
  name,
  options,
];
expected['configure'] = {
  input: {
    type: 'object',
    properties: {
      name: text,
      options: {
        type: 'object',
        properties: { timeoutMs: number },
        required: ['timeoutMs'],
        additionalProperties: number,
      },
    },
    required: ['name', 'options'],
    additionalProperties: false,
  },
};

/** A record whose names the type lists. */
export const weigh = (weights: { [Axis in 'z' | 'x' | 'y']?: number }) => weights;
expected['weigh'] = {
  input: {
    type: 'object',
    properties: { z: number, x: number, y: number },
    additionalProperties: false,
  },
};

/** Objects in objects in lists. */
export const place = (order: {
  customer: { name: string; address: { street: string; zip?: string } };
  lines: { sku: string; count: number }[];
}) => order;
expected['place'] = {
  input: {
    type: 'object',
    properties: {
      customer: {
        type: 'object',
        properties: {
          name: text,
          address: {
            type: 'object',
            properties: { street: text, zip: text },
            required: ['street'],
            additionalProperties: false,
          },
        },
        required: ['name', 'address'],
        additionalProperties: false,
      },
      lines: {
        type: 'array',
        items: {
          type: 'object',
          properties: { sku: text, count: number },
          required: ['sku', 'count'],
          additionalProperties: false,
        },
      },
    },
    required: ['customer', 'lines'],
    additionalProperties: false,
  },
};

/** Property names that are no identifiers. */
export const send = (headers: { 'content-type': string; 'x/y~z'?: Date }) => headers;
expected['send'] = {
  input: {
    type: 'object',
    properties: { 'content-type': text, 'x/y~z': { type: 'string', format: 'date-time' } },
    required: ['content-type'],
    additionalProperties: false,
  },
  conversions: [{ pointer: '/properties/x~1y~0z', to: 'date' }],
};

/** A record whose names are written out of order, none of them needed. */
export const tune = (gains: Partial<Record<'treble' | 'bass', number>>, isLoud: boolean) => [
  gains,
  isLoud,
];
expected['tune'] = {
  input: {
    type: 'object',
    properties: {
      gains: {
        type: 'object',
        properties: { treble: number, bass: number },
        additionalProperties: false,
      },
      isLoud: { type: 'boolean' },
    },
    required: ['gains', 'isLoud'],
    additionalProperties: false,
  },
};

/** Nothing by any name. */
export const seal = (nothing: Record<string, never>, isTight: boolean | null) => [nothing, isTight];
expected['seal'] = {
  input: {
    type: 'object',
    properties: {
      nothing: { type: 'object', properties: {}, additionalProperties: false },
      isTight: { type: ['boolean', 'null'] },
    },
    required: ['nothing', 'isTight'],
    additionalProperties: false,
  },
};

/** The parameters of another function, as a list that has to be there. */
export const again = (...args: Parameters<typeof seal>) => args;
expected['again'] = {
  input: {
    type: 'object',
    properties: {
      args: {
        type: 'array',
        description: 'In this order: nothing, isTight.',
        prefixItems: [
          { type: 'object', properties: {}, additionalProperties: false },
          { type: ['boolean', 'null'] },
        ],
        items: {
          anyOf: [
            { type: 'object', properties: {}, additionalProperties: false },
            { type: ['boolean', 'null'] },
          ],
        },
        minItems: 2,
        maxItems: 2,
      },
    },
    required: ['args'],
    additionalProperties: false,
  },
  parameters: { style: 'positional', names: ['args'], rest: true, call: false },
};
