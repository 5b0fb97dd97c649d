/**
 * What a scripted app-server remembers of its threads beyond its own life, as Codex does in its rollouts:
 * that they exist, and their newest turns. A turn that a killed process left active was interrupted.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { parseRecord } from '../../tools/json.ts';

/** Turns of a thread that are remembered. */
const turnsKeptMax = 16;

export type StoredStatus = 'inProgress' | 'completed' | 'interrupted' | 'failed';

/** One turn, as the protocol shows it. */
export interface StoredTurn {
  readonly id: string;
  status: StoredStatus;
  /** The client's ids of the user messages in it. */
  readonly clientIds: string[];
  reply: string | null;
}

interface Entry {
  readonly thread: string;
  readonly turn: string | null;
  readonly status: StoredStatus;
  readonly clientId: string | null;
}

const statuses: ReadonlySet<unknown> = new Set<StoredStatus>([
  'inProgress',
  'completed',
  'interrupted',
  'failed',
]);

const isStatus = (value: unknown): value is StoredStatus => statuses.has(value);

function parseEntry(line: string): Entry | null {
  // The last line of a process that was killed may be a part of one.
  const { thread, turn, status, clientId } = parseRecord(line) ?? {};
  if (typeof thread !== 'string' || !isStatus(status)) return null;
  return {
    thread,
    turn: typeof turn === 'string' ? turn : null,
    status,
    clientId: typeof clientId === 'string' ? clientId : null,
  };
}

export class ThreadStore {
  readonly #file: number;
  /** Newest turn last. */
  readonly threads = new Map<string, StoredTurn[]>();

  /** Reads what earlier processes left in the file. */
  constructor(path: string) {
    this.#file = openSync(path, 'a+', 0o600);
    for (const line of readFileSync(this.#file, 'utf8').split('\n')) {
      const entry = parseEntry(line);
      if (entry) this.#apply(entry);
    }
    for (const turns of this.threads.values()) {
      for (const turn of turns) if (turn.status === 'inProgress') turn.status = 'interrupted';
    }
  }

  /** Writes something down; it is there for the next process when this returns. */
  note(entry: Entry): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
    this.#apply(entry);
  }

  close(): void {
    closeSync(this.#file);
  }

  #apply({ thread, turn: id, status, clientId }: Entry): void {
    const turns = this.threads.get(thread) ?? [];
    this.threads.set(thread, turns);
    if (id === null) return;
    const known = turns.find((turn) => turn.id === id);
    if (known) {
      known.status = status;
      if (clientId !== null) known.clientIds.push(clientId);
      if (status === 'completed') known.reply = 'all calls are answered';
      return;
    }
    turns.push({ id, status, clientIds: clientId === null ? [] : [clientId], reply: null });
    if (turns.length > turnsKeptMax) turns.shift();
  }
}

/** A turn as the protocol shows it. */
export function wireTurn({ id, status, clientIds, reply }: StoredTurn): object {
  const messages = clientIds.map((clientId) => ({ type: 'userMessage', clientId, content: [] }));
  const last = reply === null ? [] : [{ type: 'agentMessage', text: reply }];
  const error = status === 'failed' ? { message: 'the scripted turn failed' } : null;
  return { id, status, error, items: [...messages, ...last] };
}
