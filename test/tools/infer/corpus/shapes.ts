/**
 * @packageDocumentation
 * Unions of objects, intersections, classes, inheritance, generics, types that contain themselves.
 */
import type { Expectations } from '../expectation.ts';

export const expected: Expectations = {};

const text = { type: 'string' };
const number = { type: 'number' };

const object = (properties: object, required: string[] = Object.keys(properties)) => ({
  type: 'object',
  properties,
  ...(required.length > 0 ? { required } : {}),
  additionalProperties: false,
});

interface Circle {
  kind: 'circle';
  radius: number;
}

interface Rectangle {
  kind: 'rectangle';
  width: number;
  height: number;
}

type Shape = Rectangle | Circle;

const circle = object({ kind: { type: 'string', enum: ['circle'] }, radius: number });
const rectangle = object({
  kind: { type: 'string', enum: ['rectangle'] },
  width: number,
  height: number,
});

/** A discriminated union, in the order of the union. */
export const draw = (shape: Shape, color?: string) => [shape, color];
expected['draw'] = {
  input: object({ shape: { anyOf: [rectangle, circle] }, color: text }, ['shape']),
};

/** A part of a union. */
export const drawRound = (shape: Extract<Shape, { kind: 'circle' }>, at: number) => [shape, at];
expected['drawRound'] = { input: object({ shape: circle, at: number }) };

/** A union or nothing. */
export const erase = (shape: Shape | null, count: number) => [shape, count];
expected['erase'] = {
  input: object({ shape: { anyOf: [rectangle, circle, { type: 'null' }] }, count: number }),
};

/** An object or nothing. */
export const fill = (circle: Circle | null, count: number) => [circle, count];
expected['fill'] = {
  input: object({ circle: { anyOf: [circle, { type: 'null' }] }, count: number }),
};

interface Paged {
  /** Where to go on. */
  cursor?: string;
  /**
   * How many.
   * @defaultValue 50
   */
  limit?: number;
}

const paged = {
  cursor: { ...text, description: 'Where to go on.' },
  limit: { ...number, description: 'How many.', default: 50 },
};

/** An intersection. */
export const listUsers = (options: { role: 'admin' | 'guest' } & Paged) => options;
expected['listUsers'] = {
  input: object({ role: { type: 'string', enum: ['admin', 'guest'] }, ...paged }, ['role']),
};

interface Search extends Paged {
  query: string;
}

/** An interface that extends another. */
export const search = (options: Search) => options;
expected['search'] = { input: object({ query: text, ...paged }, ['query']) };

class Address {
  street: string;
  readonly zip: string;
  country?: string;
  static known = 0;

  constructor(street: string, zip: string) {
    this.street = street;
    this.zip = zip;
  }
}

/** A class with public fields. */
export const ship = (to: Address, weight: number) => [to, weight];
expected['ship'] = {
  input: object({
    to: object({ street: text, zip: text, country: text }, ['street', 'zip']),
    weight: number,
  }),
};

interface Page<Item> {
  items: Item[];
  next?: string;
}

/** A generic interface, filled in. */
export const showPage = (page: Page<Circle>): Page<string> => ({
  items: page.items.map(({ kind }) => kind),
});
expected['showPage'] = {
  input: object({ items: { type: 'array', items: circle }, next: text }, ['items']),
  output: object({ items: { type: 'array', items: text }, next: text }, ['items']),
};

type Result<Value> = { ok: true; value: Value } | { ok: false; error: string };

/** A generic union, filled in. */
export const settle = (result: Result<number>, name: string) => [result, name];
expected['settle'] = {
  input: object({
    result: {
      anyOf: [
        object({ ok: { type: 'boolean', enum: [true] }, value: number }),
        object({ ok: { type: 'boolean', enum: [false] }, error: text }),
      ],
    },
    name: text,
  }),
};

/** A type parameter is what its constraint says. */
export const keep = <Value extends string | number>(value: Value, name: string) => [value, name];
expected['keep'] = { input: object({ value: { anyOf: [text, number] }, name: text }) };

type Exclusive = { path: string; text?: never } | { text: string; path?: never };

/** Properties that must not be there. */
export const read = (source: Exclusive, limit: number) => [source, limit];
expected['read'] = {
  input: object({
    source: { anyOf: [object({ path: text }), object({ text })] },
    limit: number,
  }),
};

interface Comment {
  text: string;
  replies: Comment[];
}

const comment = object({
  text,
  replies: { type: 'array', items: { $ref: '#/$defs/Comment' } },
});

/** A type that contains itself, next to something else. */
export const post = (comment: Comment, thread: number) => [comment, thread];
expected['post'] = {
  input: {
    ...object({ comment: { $ref: '#/$defs/Comment' }, thread: number }),
    $defs: { Comment: comment },
  },
};

/** A type that contains itself as the arguments. */
export const publish = (comment: Comment) => comment;
expected['publish'] = { input: { ...comment, $defs: { Comment: comment } } };

interface Folder {
  name: string;
  parent: Folder | null;
  files: File[];
}

interface File {
  name: string;
  modified: Date;
  folder?: Folder;
}

/** Types that contain each other, with a moment inside. */
export const sync = (root: Folder, isDry: boolean) => [root, isDry];
expected['sync'] = {
  input: {
    ...object({ root: { $ref: '#/$defs/Folder' }, isDry: { type: 'boolean' } }),
    $defs: {
      Folder: object({
        name: text,
        parent: { anyOf: [{ $ref: '#/$defs/Folder' }, { type: 'null' }] },
        files: {
          type: 'array',
          items: object(
            {
              name: text,
              modified: { type: 'string', format: 'date-time' },
              folder: { $ref: '#/$defs/Folder' },
            },
            ['name', 'modified'],
          ),
        },
      }),
    },
  },
  conversions: [
    { pointer: '/$defs/Folder/properties/files/items/properties/modified', to: 'date' },
  ],
};

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const json = {
  anyOf: [
    text,
    number,
    { type: 'boolean' },
    { type: 'array', items: { $ref: '#/$defs/Json' } },
    { type: 'object', additionalProperties: { $ref: '#/$defs/Json' } },
    { type: 'null' },
  ],
};

/** Any JSON. */
export const save = (key: string, value: Json) => [key, value];
expected['save'] = {
  input: { ...object({ key: text, value: { $ref: '#/$defs/Json' } }), $defs: { Json: json } },
};

/** Any JSON, or nothing at all. */
export const saveIf = (key: string, value?: Json) => [key, value];
expected['saveIf'] = {
  input: {
    ...object({ key: text, value: { $ref: '#/$defs/Json' } }, ['key']),
    $defs: { Json: json },
  },
};

type Expression =
  | { op: 'and' | 'or'; left: Expression; right: Expression }
  | { op: 'not'; of: Expression }
  | { op: 'is'; field: string; value: string | number };

/** A language of filters. */
export const query = (where: Expression, limit = 10) => [where, limit];
expected['query'] = {
  input: {
    ...object({ where: { $ref: '#/$defs/Expression' }, limit: { ...number, default: 10 } }, [
      'where',
    ]),
    $defs: {
      Expression: {
        anyOf: [
          object({
            op: { type: 'string', enum: ['and', 'or'] },
            left: { $ref: '#/$defs/Expression' },
            right: { $ref: '#/$defs/Expression' },
          }),
          object({
            op: { type: 'string', enum: ['not'] },
            of: { $ref: '#/$defs/Expression' },
          }),
          object({
            op: { type: 'string', enum: ['is'] },
            field: text,
            value: { anyOf: [text, number] },
          }),
        ],
      },
    },
  },
};

interface Tree<Value> {
  value: Value;
  children?: Tree<Value>[];
}

/** Two trees of different leaves. */
export const compare = (left: Tree<string>, right: Tree<number>) => [left, right];
expected['compare'] = {
  input: {
    ...object({ left: { $ref: '#/$defs/Tree' }, right: { $ref: '#/$defs/Tree2' } }),
    $defs: {
      Tree: object({ value: text, children: { type: 'array', items: { $ref: '#/$defs/Tree' } } }, [
        'value',
      ]),
      Tree2: object(
        { value: number, children: { type: 'array', items: { $ref: '#/$defs/Tree2' } } },
        ['value'],
      ),
    },
  },
};

type Chain = [value: number, next: Chain | null];

/** A tuple that contains itself. */
export const follow = (chain: Chain, steps: number) => [chain, steps];
expected['follow'] = {
  input: {
    ...object({ chain: { $ref: '#/$defs/Chain' }, steps: number }),
    $defs: {
      Chain: {
        type: 'array',
        description: 'In this order: value, next.',
        prefixItems: [number, { anyOf: [{ $ref: '#/$defs/Chain' }, { type: 'null' }] }],
        items: { anyOf: [number, { $ref: '#/$defs/Chain' }, { type: 'null' }] },
        minItems: 2,
        maxItems: 2,
      },
    },
  },
};

/** Options of the language itself are plain data, also next to others. */
export const format = (
  value: number,
  how: Pick<Intl.PluralRulesOptions, 'type'> & { unit: string },
) => [value, how];
expected['format'] = {
  input: object({
    value: number,
    how: object({ type: { type: 'string', enum: ['cardinal', 'ordinal'] }, unit: text }, ['unit']),
  }),
};

type Stamp = Date & { readonly __zone: 'utc' };

/** A branded moment is a moment. */
export const stamp = (at: Stamp, by: readonly string[] & { readonly __sorted: true }) => [at, by];
expected['stamp'] = {
  input: object({
    at: { type: 'string', format: 'date-time' },
    by: { type: 'array', items: text },
  }),
  conversions: [{ pointer: '/properties/at', to: 'date' }],
};
