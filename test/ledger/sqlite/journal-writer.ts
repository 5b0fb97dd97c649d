/**
 * A process that writes a journal and says, one JSON line each, what was committed. Its arguments: the
 * file, the mode, and the task: `write` calls as fast as possible, take `steps` from standard input, or
 * `race` for the journal and keep it.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { systemEnv } from '../../../src/env.ts';
import { callKey } from '../../../src/ledger/call-record.ts';
import type { Journal, JournalEntry, JournalMode } from '../../../src/ledger/journal.ts';
import { openJournal } from '../../../src/ledger/sqlite/open-journal.ts';
import { resolveLimits } from '../../../src/limits.ts';
import { silentLogger } from '../../../src/logger.ts';

const [path = '', modeName, task] = process.argv.slice(2);
const mode: JournalMode = modeName === 'async' ? 'async' : 'sync';

const say = (line: object) => writeSync(1, `${JSON.stringify(line)}\n`);

function makeCall(number: number) {
  const sessionId = `session-${process.pid}`;
  const identity = { epoch: 'e', sessionId, turnId: 't', callId: `c${number}`, requestId: number };
  return { ...identity, tool: 'tool', namespace: null, fingerprint: number };
}

/** Answers whose size says which call they belong to. */
const answerText = (number: number) => `${number} `.repeat(1 + (number % 50) * (number % 7));

function entriesOf(number: number): JournalEntry[] {
  const call = makeCall(number);
  const key = callKey(call);
  const at = Date.now();
  const contentItems = [{ type: 'inputText' as const, text: answerText(number) }];
  const output = { success: true, contentItems };
  return [
    { type: 'intent', key, call, effects: 'at-most-once', attempt: 1, at },
    { type: 'outcome', key, output, code: null, expired: false, at },
    { type: 'settled', key, outcome: 'answered', at },
  ];
}

/** Takes calls in ticks of a few, each a step further than the one before; some are never settled. */
async function writeCalls(journal: Journal): Promise<void> {
  for (let tick = 0; ; tick += 1) {
    const size = 1 + (tick % 9);
    const numbers = Array.from({ length: size }, (_, index) => tick * 10 + index);
    const kept = numbers.map((number) => entriesOf(number).slice(0, 1 + (number % 3)));
    for (const step of [0, 1, 2]) {
      const entries = kept.flatMap((call) => call[step] ?? []);
      for (const entry of entries) journal.append(entry);
      await journal.committed();
      say({ type: 'committed', keys: entries.map((entry) => 'key' in entry && entry.key), step });
    }
  }
}

/** One call a line of input; says what came of it. */
async function takeSteps(journal: Journal): Promise<void> {
  let number = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'close') break;
    try {
      number += 1;
      for (const entry of entriesOf(number)) journal.append(entry);
      await journal.committed();
      say({ type: 'committed', number });
    } catch (thrown) {
      say({ type: 'failed', number, code: (thrown as { code?: string }).code });
    }
  }
  process.stdin.destroy();
  await journal.close();
}

/** Tries once to get the journal, says whether it did, and keeps it. */
function race(): void {
  try {
    open();
  } catch (thrown) {
    const { code, message } = thrown as { code?: string; message?: string };
    say({ type: code === 'ledger_held' ? 'held' : 'failed', message });
  }
  process.stdin.resume();
}

function open(): Journal {
  const limits = resolveLimits({ ledgerCallsMax: 1_000_000, journalRetryBackoffCapMs: 50 });
  const journal = openJournal({ path, mode, env: systemEnv, limits, logger: silentLogger });
  say({ type: 'open', pid: process.pid });
  return journal;
}

if (task === 'write') await writeCalls(open());
else if (task === 'steps') await takeSteps(open());
else race();
