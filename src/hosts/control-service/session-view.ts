/** What a read of a session tells of its turns. Reads of any shape are looked at; what is missing is null. */
import { isRecord } from '../../tools/json.ts';
import type { TurnStatus } from '../host.ts';

/** One turn of a session that was read. */
export interface TurnView {
  readonly id: string;
  /** As it stands there: services differ in their words. */
  readonly status: string | null;
  /** Why it failed, or null. */
  readonly error: string | null;
  /** What the user said in it. */
  readonly texts: readonly string[];
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const textOrNull = (value: unknown): string | null =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : null;

/** The texts of one user message. */
function userTexts(item: unknown): readonly string[] {
  if (!isRecord(item) || item.type !== 'userMessage') return [];
  return listOf(item.content).flatMap((part) =>
    isRecord(part) && typeof part.text === 'string' ? part.text : [],
  );
}

function readTurn(turn: unknown): TurnView | null {
  if (!isRecord(turn) || typeof turn.id !== 'string') return null;
  const { id, status, error, items } = turn;
  return {
    id,
    status: textOrNull(status),
    error: isRecord(error) ? textOrNull(error.message) : null,
    texts: listOf(items).flatMap(userTexts),
  };
}

/** The turns of a session that was read, oldest first; at most the newest `turnsMax`. */
export function turnsOf(detail: unknown, turnsMax: number): readonly TurnView[] {
  const thread = isRecord(detail) ? detail.thread : null;
  const turns = isRecord(thread) ? listOf(thread.turns) : [];
  return turns.slice(-turnsMax).flatMap((turn) => readTurn(turn) ?? []);
}

/** One turn of a session that was read, or null. */
export function turnOf(detail: unknown, turnId: string): TurnView | null {
  return turnsOf(detail, Infinity).find(({ id }) => id === turnId) ?? null;
}

/** The assistant's last complete text of a turn, or null. */
export function replyOf(detail: unknown, turnId: string): string | null {
  const transcript = isRecord(detail) ? listOf(detail.transcript) : [];
  for (const entry of transcript.toReversed()) {
    if (!isRecord(entry) || entry.turnId !== turnId) continue;
    const text = textOrNull(entry.content);
    if (entry.role === 'assistant' && entry.status === 'complete' && text !== null) return text;
  }
  return null;
}

const endings: Readonly<Record<string, TurnStatus>> = {
  completed: 'completed',
  complete: 'completed',
  failed: 'failed',
  error: 'failed',
  interrupted: 'interrupted',
  canceled: 'interrupted',
  cancelled: 'interrupted',
};

/** The statuses a turn ends in, in every spelling that is known. */
export const terminalStatuses: readonly string[] = Object.keys(endings);

/** How a turn of this status ended, or null if it has not, or the word says nothing. */
export function endingOf(status: string | null): TurnStatus | null {
  const word = status?.trim().toLowerCase() ?? '';
  return Object.hasOwn(endings, word) ? (endings[word] ?? null) : null;
}
