/**
 * @packageDocumentation
 * Tools of an issue tracker: interfaces, literal unions, utility types.
 */
import type { Expectations } from '../expectation.ts';

export const expected: Expectations = {};

type Priority = 'low' | 'medium' | 'high' | 'urgent';

/** A label as it is shown. */
interface Label {
  /** Its text. */
  name: string;
  /**
   * Six hexadecimal digits.
   * @pattern ^[0-9a-f]{6}$
   */
  color?: string;
}

interface Issue {
  readonly id: number;
  title: string;
  body: string | null;
  priority: Priority;
  labels: Label[];
  assignee?: string;
}

const label = {
  type: 'object',
  description: 'A label as it is shown.',
  properties: {
    name: { type: 'string', description: 'Its text.' },
    color: { type: 'string', description: 'Six hexadecimal digits.', pattern: '^[0-9a-f]{6}$' },
  },
  required: ['name'],
  additionalProperties: false,
};

const priority = { type: 'string', enum: ['low', 'medium', 'high', 'urgent'] };

const issue = {
  type: 'object',
  properties: {
    id: { type: 'number' },
    title: { type: 'string' },
    body: { type: ['string', 'null'] },
    priority,
    labels: { type: 'array', items: label },
    assignee: { type: 'string' },
  },
  required: ['id', 'title', 'body', 'priority', 'labels'],
  additionalProperties: false,
};

const store: Issue[] = [];

/**
 * Fetches one issue.
 *
 * @param id - Its number.
 * @integer
 * @minimum 1
 * @returns The issue, or nothing if there is none.
 */
export async function getIssue(id: number): Promise<Issue | undefined> {
  return store.find((each) => each.id === id);
}
expected['getIssue'] = {
  description: 'Fetches one issue.',
  input: {
    type: 'object',
    properties: { id: { type: 'integer', description: 'Its number.', minimum: 1 } },
    required: ['id'],
    additionalProperties: false,
  },
  output: issue,
  outputDescription: 'The issue, or nothing if there is none.',
  parameters: { style: 'positional', names: ['id'], rest: false, call: false },
  conversions: [],
};

/**
 * Searches issues by text.
 *
 * @param query - What to look for.
 * @minLength 1
 * @param limit - How many to return at most.
 * @minimum 1
 * @maximum 100
 */
export async function searchIssues(query: string, limit = 20): Promise<readonly Issue[]> {
  return store.filter((each) => each.title.includes(query)).slice(0, limit);
}
expected['searchIssues'] = {
  description: 'Searches issues by text.',
  input: {
    type: 'object',
    properties: {
      query: { type: 'string', description: 'What to look for.', minLength: 1 },
      limit: {
        type: 'number',
        description: 'How many to return at most.',
        minimum: 1,
        maximum: 100,
        default: 20,
      },
    },
    required: ['query'],
    additionalProperties: false,
  },
  output: { type: 'array', items: issue },
  outputDescription: null,
};

/** Opens an issue. */
export const createIssue = async ({
  title,
  priority: level = 'medium',
  labels,
}: {
  /** One line. */
  title: string;
  priority?: Priority;
  labels?: readonly Label[];
}): Promise<number> =>
  store.push({ id: 1, title, body: null, priority: level, labels: [...(labels ?? [])] });
expected['createIssue'] = {
  description: 'Opens an issue.',
  input: {
    type: 'object',
    properties: {
      title: { type: 'string', description: 'One line.' },
      priority: { ...priority, default: 'medium' },
      labels: { type: 'array', items: label },
    },
    required: ['title'],
    additionalProperties: false,
  },
  output: { type: 'number' },
  parameters: { style: 'object', optional: false, call: false },
};

/**
 * Changes some fields of an issue.
 * @param id The number of the issue.
 * @param changes What to change; the rest stays.
 */
export function updateIssue(id: number, changes: Partial<Omit<Issue, 'id'>>): boolean {
  return Object.assign(store[id] ?? {}, changes) !== undefined;
}
expected['updateIssue'] = {
  input: {
    type: 'object',
    properties: {
      id: { type: 'number', description: 'The number of the issue.' },
      changes: {
        type: 'object',
        description: 'What to change; the rest stays.',
        properties: {
          title: { type: 'string' },
          body: { type: ['string', 'null'] },
          priority,
          labels: { type: 'array', items: label },
          assignee: { type: 'string' },
        },
        additionalProperties: false,
      },
    },
    required: ['id', 'changes'],
    additionalProperties: false,
  },
  output: { type: 'boolean' },
};

/** Names one issue without its text. */
export function referTo(issue: Pick<Issue, 'title' | 'id'>): string {
  return `#${issue.id} ${issue.title}`;
}
expected['referTo'] = {
  input: {
    type: 'object',
    properties: { id: { type: 'number' }, title: { type: 'string' } },
    required: ['id', 'title'],
    additionalProperties: false,
  },
  output: { type: 'string' },
  parameters: { style: 'object', optional: false, call: false },
};

/** Imports issues that are complete. */
export function importIssues(issues: Required<Issue>[]): void {
  store.push(...issues);
}
expected['importIssues'] = {
  input: {
    type: 'object',
    properties: {
      issues: {
        type: 'array',
        items: {
          ...issue,
          required: ['id', 'title', 'body', 'priority', 'labels', 'assignee'],
        },
      },
    },
    required: ['issues'],
    additionalProperties: false,
  },
  output: null,
};

/** Counts issues by priority. */
export function setQuotas(quotas: Record<Priority, number>): number {
  return Object.values(quotas).reduce((sum, each) => sum + each, 0);
}
expected['setQuotas'] = {
  input: {
    type: 'object',
    properties: {
      low: { type: 'number' },
      medium: { type: 'number' },
      high: { type: 'number' },
      urgent: { type: 'number' },
    },
    required: ['low', 'medium', 'high', 'urgent'],
    additionalProperties: false,
  },
};

/** Moves an issue to a state, or out of all of them. */
export function setState(id: number, state: 'open' | 'closed' | null): string {
  return `${id} ${state}`;
}
expected['setState'] = {
  input: {
    type: 'object',
    properties: {
      id: { type: 'number' },
      state: { type: ['string', 'null'], enum: ['open', 'closed', null] },
    },
    required: ['id', 'state'],
    additionalProperties: false,
  },
};

/** Leaves out what is urgent. */
export function listCalm(priorities: Exclude<Priority, 'urgent'>[]): string[] {
  return priorities;
}
expected['listCalm'] = {
  input: {
    type: 'object',
    properties: {
      priorities: {
        type: 'array',
        items: { type: 'string', enum: ['low', 'medium', 'high'] },
      },
    },
    required: ['priorities'],
    additionalProperties: false,
  },
};
