/**
 * @packageDocumentation
 * What doc comments say: prose, tags, names.
 */
import type { Expectations } from '../expectation.ts';

export const expected: Expectations = {};

const one = (name: string, schema: object) => ({
  type: 'object',
  properties: { [name]: schema },
  required: [name],
  additionalProperties: false,
});

/**
 * Sends a message through {@link Channel} or
 * {@link Channel.other | another one}, to \@all.
 *
 * It has a second paragraph, broken
 * in two:
 *
 * - one point that is
 *   longer than a line
 * - another
 *
 * @remarks This is for people who read the source.
 * @param text - What to say,
 *   on more than one line.
 * @throws if nobody listens
 * @returns - What came back.
 */
export const sendMessage = (text: string): string => text;
expected['sendMessage'] = {
  description:
    'Sends a message through Channel or another one, to @all.\n\n' +
    'It has a second paragraph, broken in two:\n\n' +
    '- one point that is longer than a line\n- another',
  input: one('text', { type: 'string', description: 'What to say, on more than one line.' }),
  outputDescription: 'What came back.',
};

/** Takes comments in front of its parameters. */
export const resize = (
  /** New width. @minimum 1 */ width: number,
  /**
   * New height.
   * @exclusiveMinimum 0
   * @exclusiveMaximum 10000
   */
  height: number,
) => width * height;
expected['resize'] = {
  input: {
    type: 'object',
    properties: {
      width: { type: 'number', description: 'New width.', minimum: 1 },
      height: {
        type: 'number',
        description: 'New height.',
        exclusiveMinimum: 0,
        exclusiveMaximum: 10_000,
      },
    },
    required: ['width', 'height'],
    additionalProperties: false,
  },
};

/**
 * Documents the parts of an argument object by path, by name, and as a whole.
 * @param options - Where and how.
 * @param options.path - Where.
 * @param depth - How deep.
 * @param options.filter.name - Which.
 */
export const walk = (options: {
  path: string;
  depth?: number;
  /** Only some. */
  filter?: { name?: string };
}) => options;
expected['walk'] = {
  input: {
    type: 'object',
    description: 'Where and how.',
    properties: {
      path: { type: 'string', description: 'Where.' },
      depth: { type: 'number', description: 'How deep.' },
      filter: {
        type: 'object',
        description: 'Only some.',
        properties: { name: { type: 'string', description: 'Which.' } },
        additionalProperties: false,
      },
    },
    required: ['path'],
    additionalProperties: false,
  },
};

/**
 * Documents what is destructured, under a name that exists only in the comment.
 * @param request - All of it.
 * @param request.url - Where to.
 * @param retries - How often.
 */
export const fetchPage = ({ url, retries = 3 }: { url: string; retries?: number }) => [
  url,
  retries,
];
expected['fetchPage'] = {
  input: {
    type: 'object',
    description: 'All of it.',
    properties: {
      url: { type: 'string', description: 'Where to.' },
      retries: { type: 'number', description: 'How often.', default: 3 },
    },
    required: ['url'],
    additionalProperties: false,
  },
};

interface Limits {
  /**
   * A name.
   * @minLength 2
   * @maxLength 40
   * @pattern ^[a-z][a-z0-9-]*$
   */
  name: string;
  /** @format email */
  owner?: string;
  /** @format date */
  since?: Date;
  /** @multipleOf 0.25 */
  share?: number;
  /**
   * @minItems 1
   * @maxItems 5
   * @uniqueItems
   */
  tags?: string[];
  /** @minProperties 1 @maxProperties 3 */
  labels?: Record<string, string>;
  /** @minimum 0 */
  budget?: bigint;
  /** @minLength 1 */
  note?: string | null;
  /** @maximum 10 */
  weight?: number | 'auto';
}

/** Has constraints of every kind. */
export const create = (limits: Limits) => limits.name;
expected['create'] = {
  input: {
    type: 'object',
    properties: {
      name: {
        type: 'string',
        description: 'A name.',
        minLength: 2,
        maxLength: 40,
        pattern: '^[a-z][a-z0-9-]*$',
      },
      owner: { type: 'string', format: 'email' },
      since: { type: 'string', format: 'date' },
      share: { type: 'number', multipleOf: 0.25 },
      tags: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        maxItems: 5,
        uniqueItems: true,
      },
      labels: {
        type: 'object',
        additionalProperties: { type: 'string' },
        minProperties: 1,
        maxProperties: 3,
      },
      budget: { type: 'integer', minimum: 0 },
      note: { type: ['string', 'null'], minLength: 1 },
      weight: {
        anyOf: [
          { type: 'number', maximum: 10 },
          { type: 'string', enum: ['auto'] },
        ],
      },
    },
    required: ['name'],
    additionalProperties: false,
  },
  conversions: [
    { pointer: '/properties/since', to: 'date' },
    { pointer: '/properties/budget', to: 'bigint' },
  ],
};

interface Defaults {
  /** @defaultValue 10 */
  limit?: number;
  /** @defaultValue `"open"` */
  state?: string;
  /** @defaultValue 'asc' */
  order?: 'asc' | 'desc';
  /** @default main */
  branch?: string;
  /** @defaultValue `["a"]` */
  tags?: string[];
  /** @defaultValue null */
  parent?: string | null;
  /** @defaultValue undefined */
  nothing?: string;
}

/** Has defaults in comments. */
export const pull = (options: Defaults) => options;
expected['pull'] = {
  input: {
    type: 'object',
    properties: {
      limit: { type: 'number', default: 10 },
      state: { type: 'string', default: 'open' },
      order: { type: 'string', enum: ['asc', 'desc'], default: 'asc' },
      branch: { type: 'string', default: 'main' },
      tags: { type: 'array', items: { type: 'string' }, default: ['a'] },
      parent: { type: ['string', 'null'], default: null },
      nothing: { type: 'string' },
    },
    additionalProperties: false,
  },
};

/**
 * The key of an issue.
 * @pattern ^[A-Z]+-[0-9]+$
 */
type IssueKey = string;

/** Takes constraints from the alias of a primitive. */
export const link = (from: IssueKey, to: readonly IssueKey[], note?: string) => [from, to, note];
expected['link'] = {
  input: {
    type: 'object',
    properties: {
      from: { type: 'string', description: 'The key of an issue.', pattern: '^[A-Z]+-[0-9]+$' },
      to: {
        type: 'array',
        items: { type: 'string', description: 'The key of an issue.', pattern: '^[A-Z]+-[0-9]+$' },
      },
      note: { type: 'string' },
    },
    required: ['from', 'to'],
    additionalProperties: false,
  },
};
