/** Reads how a tool wants to be run, and refuses what contradicts itself. */
import { SessionMeshError } from '../errors.ts';
import type { ToolPolicy } from './contract.ts';

/** What may be said of each part of a policy. Anything may come in: authors write JavaScript too. */
const rules: readonly {
  readonly part: keyof ToolPolicy;
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
}[] = [
  {
    part: 'timeoutMs',
    expected: 'a finite number above zero',
    holds: (value) => typeof value === 'number' && Number.isFinite(value) && value > 0,
  },
  {
    part: 'maxConcurrency',
    expected: 'an integer from 1',
    holds: (value) => Number.isSafeInteger(value) && Number(value) >= 1,
  },
  {
    part: 'serial',
    expected: 'true or false',
    holds: (value) => typeof value === 'boolean',
  },
  {
    part: 'serialKey',
    expected: 'a text that is not blank, or a function',
    holds: (value) =>
      typeof value === 'function' || (typeof value === 'string' && value.trim() !== ''),
  },
  {
    part: 'external',
    expected: 'true or false',
    holds: (value) => typeof value === 'boolean',
  },
  {
    part: 'effects',
    expected: "'at-most-once' or 'repeatable'",
    holds: (value) => value === 'at-most-once' || value === 'repeatable',
  },
  {
    part: 'approval',
    expected: "'never', 'always' or a function",
    holds: (value) => value === 'never' || value === 'always' || typeof value === 'function',
  },
];

/** The names of everything a policy may say. */
export const policyParts: readonly string[] = rules.map(({ part }) => part);

/**
 * The policy of tool `name`, checked and frozen; what was not said stays absent, so that the mesh's
 * limits apply. `serial: true` is also `maxConcurrency: 1`.
 * @throws SessionMeshError `tool_invalid`
 */
export function readPolicy(name: string, given: ToolPolicy): ToolPolicy {
  for (const { part, expected, holds } of rules) {
    const value = given[part];
    if (value !== undefined && !holds(value)) {
      throw new SessionMeshError('tool_invalid', {
        tool: name,
        expected: `${expected} as ${part}`,
        found: String(value),
      });
    }
  }
  const { timeoutMs, serial, serialKey, external, effects, approval } = given;
  if (serial && (given.maxConcurrency ?? 1) !== 1) {
    throw new SessionMeshError('tool_invalid', {
      tool: name,
      expected: 'maxConcurrency 1 of a serial tool',
      found: String(given.maxConcurrency),
    });
  }
  const maxConcurrency = serial ? 1 : given.maxConcurrency;
  return Object.freeze({
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
    ...(serial === undefined ? {} : { serial }),
    ...(serialKey === undefined ? {} : { serialKey }),
    ...(external === undefined ? {} : { external }),
    ...(effects === undefined ? {} : { effects }),
    ...(approval === undefined ? {} : { approval }),
  });
}
