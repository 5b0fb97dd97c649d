/** What a client may say on its stream. */
import type { Limits } from '../limits.ts';
import { parseRecord } from '../tools/json.ts';

/** A command, read. */
export type StreamCommand =
  | { readonly type: 'ping' }
  | { readonly type: 'unsubscribe' }
  | { readonly type: 'subscribe'; readonly sessionIds: ReadonlySet<string> };

const isId = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

function readSubscription(
  threadId: unknown,
  threadIds: unknown,
  limits: Limits,
): StreamCommand | null {
  const given: readonly unknown[] = Array.isArray(threadIds) ? threadIds : [threadId];
  if (given.length === 0 || given.length > limits.streamSessionsMax || !given.every(isId))
    return null;
  return { type: 'subscribe', sessionIds: new Set(given) };
}

/** Reads a command, or returns null for anything else. Never throws. */
export function parseCommand(text: string, limits: Limits): StreamCommand | null {
  const { type, threadId, threadIds } = parseRecord(text) ?? {};
  if (type === 'ping' || type === 'unsubscribe') return { type };
  return type === 'subscribe' ? readSubscription(threadId, threadIds, limits) : null;
}
