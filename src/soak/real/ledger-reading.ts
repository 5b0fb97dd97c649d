/** What a ledger holds between two lives of the runtime that writes it, as the world sees it. */
import type { CallOutcome } from '../../../machines/call-outcome.ts';
import type { HistoryEvent, LedgerState, WorldCallId } from '../../history/record.ts';
import { sleep, type Clock } from '../../env.ts';
import { exportJournal } from '../../ledger/sqlite/export.ts';
import { failureText } from '../../tools/failure.ts';
import { failureOutput } from '../../tools/output.ts';
import { hashOf } from './witness.ts';

interface Held {
  readonly ids: WorldCallId;
  state: LedgerState;
  outcome: CallOutcome | null;
  answerHash: string | null;
  /** The newest entry of it. */
  at: number;
}

const unknownHash = hashOf(failureOutput(failureText({ kind: 'outcome_unknown' })));

/** Calls of which nothing was written for so long before `since` are not of interest. */
const marginMs = 30_000;

/** Entries that are read without a pause: whoever testifies meanwhile waits until the desk goes on. */
const entriesAtOnce = 256;

/**
 * Reads the ledger at `path` while nobody writes it: the calls that were open or ended since `since`
 * (milliseconds since the Unix epoch), and the end of the reading.
 * @throws SessionMeshError as `exportJournal`
 */
export async function readLedger(
  { path, name: ledger }: { readonly path: string; readonly name: string },
  since: number,
  clock: Clock,
): Promise<readonly HistoryEvent[]> {
  const calls = new Map<string, Held>();
  let read = 0;
  for await (const entry of exportJournal(path)) {
    read += 1;
    if (read % entriesAtOnce === 0) await sleep(clock, 0);
    if (entry.type === 'intent') {
      const { epoch, sessionId, turnId, callId, requestId } = entry.call;
      const ids = { epoch, sessionId, turnId, callId, requestId };
      const { at } = entry;
      calls.set(entry.key, { ids, state: 'unknown', outcome: null, answerHash: null, at });
    } else if (entry.type === 'outcome' || entry.type === 'settled') {
      const held = calls.get(entry.key);
      if (!held) continue;
      held.at = Math.max(held.at, entry.at);
      held.state = entry.type === 'outcome' ? 'unconfirmed' : 'settled';
      if (entry.type === 'outcome') held.answerHash = hashOf(entry.output);
      else held.outcome = entry.outcome;
    }
  }
  const listed = [...calls.values()].filter(({ at }) => at >= since - marginMs);
  return [
    ...listed.map(({ ids, state, outcome, answerHash: kept }) => {
      // What is over as unknown has no answer on disk: there is but one that can be given.
      const answerHash = kept ?? (outcome === 'unknown' ? unknownHash : null);
      return { type: 'world.ledger.call', ledger, ...ids, state, outcome, answerHash } as const;
    }),
    { type: 'world.ledger.read', ledger, calls: listed.length, completeSince: since },
  ];
}
