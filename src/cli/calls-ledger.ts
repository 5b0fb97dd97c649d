/** `sessionmesh calls ls --ledger`: the calls in the file of a durable ledger, also beside its writer. */
import type { CallOutcome } from '../../machines/call-outcome.ts';
import { nextCallState, type CallState } from '../../machines/call.ts';
import { systemEnv } from '../env.ts';
import type { JournalEntry } from '../ledger/journal.ts';
import { exportJournal } from '../ledger/sqlite/export.ts';
import { toolText } from './frame-text.ts';
import { openPage } from './page.ts';
import { ageText, plainLine, tableLines, tookText } from './plain-text.ts';
import { shortId } from './session-list.ts';

/** Which file, and which of its calls. */
export interface CallsLedgerOptions {
  readonly ledger: string;
  /** Beginnings of session ids; left out: all sessions. */
  readonly session?: readonly string[];
  /** The newest so many. */
  readonly limit: number;
  readonly json?: boolean;
}

/** A call as the ledger has it. Times are milliseconds since the Unix epoch. */
export interface LedgerCall {
  readonly key: string;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly tool: string;
  readonly namespace: string | null;
  /** Where it is in its life; its outcome once it is over. */
  readonly state: CallState | CallOutcome;
  readonly startedAt: number;
  /** When it was answered or ended, or null. */
  readonly endedAt: number | null;
  readonly attempts: number;
  /** The error code of a failure, or null. */
  readonly code: string | null;
}

/** The call after one more entry about it; null if the entry is about none that is known. */
export function afterEntry(call: LedgerCall | undefined, entry: JournalEntry): LedgerCall | null {
  switch (entry.type) {
    case 'intent': {
      const { key, at, attempt } = entry;
      if (call) return { ...call, attempts: attempt };
      const { sessionId, turnId, callId, tool, namespace } = entry.call;
      const fixed = { key, sessionId, turnId, callId, tool, namespace, startedAt: at };
      return { ...fixed, state: 'running', endedAt: null, attempts: attempt, code: null };
    }
    case 'outcome': {
      const event = entry.expired ? 'timed.out' : 'finished';
      const state = nextCallState('running', event) ?? 'running';
      return call ? { ...call, state, endedAt: entry.at, code: entry.code } : null;
    }
    case 'settled':
      return call ? { ...call, state: entry.outcome, endedAt: call.endedAt ?? entry.at } : null;
    case 'session.opened':
    case 'session.closed':
      return null;
  }
}

async function readCalls(options: CallsLedgerOptions) {
  const { ledger, session: prefixes, limit } = options;
  const calls = new Map<string, LedgerCall>();
  let others = 0;
  for await (const entry of exportJournal(ledger)) {
    if (!('key' in entry)) continue;
    const isFollowUp = calls.has(entry.key) && !(entry.type === 'intent' && entry.attempt === 1);
    const call = afterEntry(isFollowUp ? calls.get(entry.key) : undefined, entry);
    if (!call || prefixes?.every((prefix) => !call.sessionId.startsWith(prefix))) continue;
    // A key that comes again is a new call, and the newest.
    if (!isFollowUp) calls.delete(entry.key);
    calls.set(entry.key, call);
    const [oldest] = calls.size > limit ? calls.keys() : [];
    if (oldest !== undefined) {
      calls.delete(oldest);
      others += 1;
    }
  }
  return { calls: [...calls.values()], others };
}

function cellsOf(call: LedgerCall, nowMs: number): readonly string[] {
  const { callId, sessionId, state, code, startedAt, endedAt, tool, namespace, attempts } = call;
  return [
    plainLine(callId),
    plainLine(shortId(sessionId)),
    code === null ? state : `${state} (${plainLine(code)})`,
    ageText(nowMs - startedAt),
    endedAt === null ? '-' : tookText(endedAt - startedAt),
    String(attempts),
    toolText(tool, namespace),
  ];
}

/**
 * Prints the newest calls of the ledger, oldest first.
 * @throws SessionMeshError as `exportJournal`
 */
export async function runCallsLedgerCommand(options: CallsLedgerOptions): Promise<void> {
  const { calls, others } = await readCalls(options);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ calls, others }, null, 2)}\n`);
    return;
  }
  const page = openPage(process.stdout);
  const columnsMax = process.stdout.isTTY ? process.stdout.columns : Infinity;
  const nowMs = systemEnv.clock.now();
  const heading = ['call', 'session', 'state', 'age', 'took', 'tries', 'tool'];
  const rows = calls.map((call) => cellsOf(call, nowMs));
  const [head = '', ...lines] = tableLines([heading, ...rows], columnsMax);
  if (lines.length > 0) page.line(page.paint('bold', head));
  for (const line of lines) page.line(line);
  if (lines.length === 0) process.stderr.write('no calls\n');
  if (others > 0) process.stderr.write(`${others} older ones not shown; see --limit\n`);
}
