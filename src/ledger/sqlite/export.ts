/** A journal as the entries that would make it again. */
import type { DatabaseSync } from 'node:sqlite';
import { systemEnv, type Files } from '../../env.ts';
import { resolveLimits, type Limits } from '../../limits.ts';
import { callKey } from '../call-record.ts';
import type { JournalEntry } from '../journal.ts';
import { JournalFold } from '../journal-fold.ts';
import {
  damaged,
  readAnswer,
  readCall,
  readSession,
  subjectOf,
  type IntentLine,
  type JournalLine,
} from '../journal-line.ts';
import { readBatch, selectBatches } from './batch.ts';
import { openToRead, readVersion } from './check.ts';
import { isDamage, openFailure, storeFailure } from './failure.ts';
import { schemaSteps } from './schema.ts';

/** What a line says of the call that was started with `intent`. */
function callEntry(
  intent: IntentLine,
  line: Exclude<JournalLine, { type: 'session' | 'closed' }>,
): JournalEntry {
  const call = readCall(intent.call);
  const key = callKey(call);
  const { at } = line;
  switch (line.type) {
    case 'intent':
    case 'restart':
      return { type: 'intent', key, call, effects: intent.effects, attempt: line.attempt, at };
    case 'outcome':
      return { type: 'outcome', key, ...readAnswer(line.answer), expired: line.expired, at };
    case 'settled':
      return { type: 'settled', key, outcome: line.outcome, at };
  }
}

/** The lines of one batch after the other, each read by itself, so that no writer waits for a slow reader. */
function* linesOf(database: DatabaseSync): Iterable<string> {
  const next = database.prepare(`${selectBatches} LIMIT 1`);
  for (let row = next.get(0); row; row = next.get(Number(row.id))) {
    yield* readBatch(row).lines.split('\n');
  }
}

function* entriesOf(database: DatabaseSync): Iterable<JournalEntry> {
  const version = readVersion(database);
  if (version !== schemaSteps.length) {
    throw damaged(`version ${schemaSteps.length}`, String(version));
  }
  const fold = new JournalFold();
  for (const text of linesOf(database)) {
    const { id } = subjectOf(text);
    const call = fold.open.get(id);
    const session = fold.sessions.get(id);
    const line = fold.take(text);
    if (line.type === 'session') yield { type: 'session.opened', ...readSession(line) };
    else if (line.type === 'intent') yield callEntry(line, line);
    else if (line.type !== 'closed') yield* call ? [callEntry(call.intent, line)] : [];
    else if (session) {
      const { sessionId } = readSession(session);
      yield { type: 'session.closed', sessionId, at: line.at };
    }
  }
}

/**
 * The entries of the journal at `path` as plain data, without changing it, beside its writer if there is
 * one. They come in the order in which they were appended, without those that were forgotten; so appended
 * to an empty journal they recover the same. What is written meanwhile comes as well, and the end of a
 * call that is forgotten meanwhile may not.
 * @throws SessionMeshError `ledger_open_failed`, `ledger_version`, `ledger_damaged`.
 */
export async function* exportJournal(
  path: string,
  limits: Limits = resolveLimits(),
  files: Files = systemEnv.files,
): AsyncGenerator<JournalEntry, void, undefined> {
  const database = openToRead(path, limits, files);
  try {
    yield* entriesOf(database);
  } catch (thrown) {
    throw isDamage(thrown) ? storeFailure(thrown) : openFailure(path, thrown);
  } finally {
    database.close();
  }
}
