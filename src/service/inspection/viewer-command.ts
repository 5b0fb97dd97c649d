/** What a viewer may say on its feed. */
import { parseRecord } from '../../tools/json.ts';
import type { ViewerCommand } from './frame.ts';

const isId = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Whether this is a list of ids, not longer than `countMax`. */
function isIdList(value: unknown, countMax: number): value is readonly string[] {
  return Array.isArray(value) && value.length <= countMax && value.every(isId);
}

/** Reads a command, or returns null for anything else. Never throws. */
export function parseViewerCommand(text: string, watchedMax: number): ViewerCommand | null {
  const { type, sessionIds, seq } = parseRecord(text) ?? {};
  if (type === 'ping') return { type };
  if (type === 'watch') return isIdList(sessionIds, watchedMax) ? { type, sessionIds } : null;
  if (type !== 'seek' || typeof seq !== 'number') return null;
  return Number.isSafeInteger(seq) && seq >= 0 ? { type, seq } : null;
}
