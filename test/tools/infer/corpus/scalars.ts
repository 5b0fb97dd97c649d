/**
 * @packageDocumentation
 * Values without an inside: primitives, literals, moments, brands, templates.
 */
import type { Expectations } from '../expectation.ts';

export const expected: Expectations = {};

const one = (name: string, schema: object) => ({
  type: 'object',
  properties: { [name]: schema },
  required: [name],
  additionalProperties: false,
});

/** Greets. */
export const greet = (name: string) => name;
expected['greet'] = { input: one('name', { type: 'string' }), output: { type: 'string' } };

/** Switches. */
export const toggle = (isOn: boolean) => isOn;
expected['toggle'] = { input: one('isOn', { type: 'boolean' }), output: { type: 'boolean' } };

/** Counts. */
export const count = (to: number) => to;
expected['count'] = { input: one('to', { type: 'number' }) };

/** Transfers wei. */
export const transfer = (amount: bigint) => String(amount);
expected['transfer'] = {
  input: one('amount', { type: 'integer' }),
  conversions: [{ pointer: '/properties/amount', to: 'bigint' }],
};

/** Takes anything. */
export const echo = (value: unknown) => String(value);
expected['echo'] = { input: one('value', {}) };

/** Takes nothing but null. */
export const clear = (value: null) => value;
expected['clear'] = { input: one('value', { type: 'null' }), output: { type: 'null' } };

/** Takes any object. */
export const inspect = (value: object) => Object.keys(value);
expected['inspect'] = { input: one('value', { type: 'object' }) };

/** Plans at a moment. */
export const schedule = (at: Date): Date => at;
expected['schedule'] = {
  input: one('at', { type: 'string', format: 'date-time' }),
  output: { type: 'string', format: 'date-time' },
  conversions: [{ pointer: '/properties/at', to: 'date' }],
};

/** Plans at a moment, or not at all. */
export const reschedule = (at: Date | null) => String(at);
expected['reschedule'] = {
  input: one('at', { type: ['string', 'null'], format: 'date-time' }),
  conversions: [{ pointer: '/properties/at', to: 'date' }],
};

/** Takes a moment or words such as "tomorrow". */
export const remind = (when: string | Date) => String(when);
expected['remind'] = {
  input: one('when', {
    anyOf: [{ type: 'string' }, { type: 'string', format: 'date-time' }],
  }),
  conversions: [{ pointer: '/properties/when/anyOf/1', to: 'date' }],
};

/** One of some texts, written out of the alphabet's order. */
export const setLevel = (level: 'warn' | 'error' | 'debug') => level;
expected['setLevel'] = {
  input: one('level', { type: 'string', enum: ['warn', 'error', 'debug'] }),
};

/** One of some numbers. */
export const roll = (sides: 20 | 4 | 6) => sides;
expected['roll'] = { input: one('sides', { type: 'integer', enum: [20, 4, 6] }) };

/** One of some numbers, not all whole. */
export const zoom = (factor: 0.5 | 1 | 2) => factor;
expected['zoom'] = { input: one('factor', { type: 'number', enum: [0.5, 1, 2] }) };

/** A text or a number among the values. */
export const setSize = (size: 'auto' | 0 | 16) => size;
expected['setSize'] = { input: one('size', { enum: ['auto', 0, 16] }) };

/** A switch with a third position. */
export const setColor = (color: boolean | 'auto') => color;
expected['setColor'] = {
  input: one('color', {
    anyOf: [{ type: 'boolean' }, { type: 'string', enum: ['auto'] }],
  }),
};

/** Only one side of a switch. */
export const confirm = (isSure: true) => isSure;
expected['confirm'] = { input: one('isSure', { type: 'boolean', enum: [true] }) };

/** Large numbers among the values. */
export const setChain = (id: 1n | 10n) => String(id);
expected['setChain'] = {
  input: one('id', { type: 'integer', enum: [1, 10] }),
  conversions: [{ pointer: '/properties/id', to: 'bigint' }],
};

/** A text or a number. */
export const lookUp = (key: string | number) => key;
expected['lookUp'] = {
  input: one('key', { anyOf: [{ type: 'string' }, { type: 'number' }] }),
};

/** A text, a number or nothing. */
export const store = (value: string | number | null) => value;
expected['store'] = {
  input: one('value', { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'null' }] }),
};

type UserId = string & { readonly __brand: 'UserId' };

/** A branded text is a text. */
export const getUser = (id: UserId): string => id;
expected['getUser'] = { input: one('id', { type: 'string' }), output: { type: 'string' } };

/** Known values, but any text will do. */
export const setModel = (model: 'small' | 'large' | (string & {})) => model;
expected['setModel'] = {
  input: one('model', {
    anyOf: [{ type: 'string', enum: ['small', 'large'] }, { type: 'string' }],
  }),
};

/** Texts of a form. */
export const release = (version: `v${number}.${number}`) => version;
expected['release'] = {
  input: one('version', {
    type: 'string',
    pattern: '^v-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?\\.-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?$',
  }),
};

/** Texts that the compiler can list. */
export const align = (side: `${'top' | 'bottom'}-${'left' | 'right'}`) => side;
expected['align'] = {
  input: one('side', {
    type: 'string',
    enum: ['bottom-left', 'bottom-right', 'top-left', 'top-right'],
  }),
};

const Level = { Low: 'low', High: 'high', Alarm: 'alarm' } as const;
type Level = (typeof Level)[keyof typeof Level];

/** An object that stands for an enum, in its own order. */
export const raise = (level: Level) => level;
expected['raise'] = {
  input: one('level', { type: 'string', enum: ['low', 'high', 'alarm'] }),
};

const units = ['km', 'm', 'cm'] as const;

/** A list that stands for an enum. */
export const convert = (unit: (typeof units)[number]) => unit;
expected['convert'] = { input: one('unit', { type: 'string', enum: ['km', 'm', 'cm'] }) };

interface Settings {
  theme: string;
  locale: string;
  density: number;
}

/** The names of an interface's properties. */
export const unset = (name: keyof Settings) => name;
expected['unset'] = {
  input: one('name', { type: 'string', enum: ['theme', 'locale', 'density'] }),
};
