/**
 * @packageDocumentation
 * What functions return.
 */
import type { ContentItem } from 'sessionmesh/tools';
import type { Expectations } from '../expectation.ts';

export const expected: Expectations = {};

const input = { type: 'object', properties: {}, additionalProperties: false };

/** Returns nothing. */
export async function doNothing(): Promise<void> {}
expected['doNothing'] = { input, output: null };

/** Returns anything. */
export const parse = (): unknown => JSON.parse('{}');
expected['parse'] = { input, output: null };

/** Returns a promise within a union. */
export function maybeLater(): number | Promise<string> {
  return 1;
}
expected['maybeLater'] = {
  input,
  output: { anyOf: [{ type: 'number' }, { type: 'string' }] },
};

/** Returns collections that become JSON on the way out. */
export const collect = () => ({
  names: new Set<string>(),
  ages: new Map<string, number>(),
  bytes: new Uint8Array(),
  size: 10n,
});
expected['collect'] = {
  input,
  output: {
    type: 'object',
    properties: {
      names: { type: 'array', items: { type: 'string' } },
      ages: { type: 'object', additionalProperties: { type: 'number' } },
      bytes: { type: 'string', contentEncoding: 'base64' },
      size: { type: 'integer' },
    },
    required: ['names', 'ages', 'bytes', 'size'],
    additionalProperties: false,
  },
};

class Account {
  owner = '';
  readonly opened = new Date(0);
  #balance = 0;

  deposit(amount: number): number {
    this.#balance += amount;
    return this.#balance;
  }
}

/** Returns an object with methods, of which JSON keeps the data. */
export const openAccount = (): Account => new Account();
expected['openAccount'] = {
  input,
  output: {
    type: 'object',
    properties: { owner: { type: 'string' }, opened: { type: 'string', format: 'date-time' } },
    required: ['owner', 'opened'],
    additionalProperties: false,
  },
};

/** Returns content to show as it is. */
export const screenshot = (): ContentItem[] => [{ type: 'inputImage', imageUrl: 'data:,' }];
expected['screenshot'] = { input, output: null };

/**
 * Returns a list that nobody wrote a type for.
 * @returns Every name with its length.
 */
export const measureAll = () => ['a', 'b'].map((name) => ({ name, length: name.length }));
expected['measureAll'] = {
  input,
  output: {
    type: 'array',
    items: {
      type: 'object',
      properties: { name: { type: 'string' }, length: { type: 'number' } },
      required: ['name', 'length'],
      additionalProperties: false,
    },
  },
  outputDescription: 'Every name with its length.',
};
