/** Entries, and the places they may be kept in: what every test of a journal starts from. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { callKey } from '../../src/ledger/call-record.ts';
import { BufferedJournal } from '../../src/ledger/buffered-journal.ts';
import type {
  IntentEntry,
  Journal,
  JournaledCall,
  JournalMode,
  OutcomeEntry,
  SessionOpenedEntry,
  SettledEntry,
} from '../../src/ledger/journal.ts';
import type { JournalStore } from '../../src/ledger/journal-store.ts';
import { MemoryStore } from '../../src/ledger/memory-journal.ts';
import { openJournal, type OpenJournalOptions } from '../../src/ledger/sqlite/open-journal.ts';
import { resolveLimits, type Limits } from '../../src/limits.ts';
import { silentLogger } from '../../src/logger.ts';
import { virtualEnv, type VirtualEnv } from '../../src/testing/virtual-clock.ts';
import { systemEnv } from '../../src/env.ts';

const { files, processes } = systemEnv;

export const atStart = Date.UTC(2026, 0, 1);

export function makeCall(number: number, overrides: Partial<JournaledCall> = {}): JournaledCall {
  return {
    epoch: 'epoch-1',
    sessionId: 'session-1',
    turnId: 'turn-1',
    callId: `call-${number}`,
    requestId: number,
    tool: 'read_file',
    namespace: null,
    fingerprint: 9_007_199_254_740_991,
    ...overrides,
  };
}

export function makeIntent(number: number, overrides: Partial<IntentEntry> = {}): IntentEntry {
  const call = overrides.call ?? makeCall(number);
  return {
    type: 'intent',
    key: callKey(call),
    call,
    effects: 'at-most-once',
    attempt: 1,
    at: atStart + number,
    ...overrides,
  };
}

export function makeOutcome(number: number, overrides: Partial<OutcomeEntry> = {}): OutcomeEntry {
  return {
    type: 'outcome',
    key: callKey(makeCall(number)),
    output: { success: true, contentItems: [{ type: 'inputText', text: `answer ${number}` }] },
    code: null,
    expired: false,
    at: atStart + number,
    ...overrides,
  };
}

export function makeSettled(number: number, overrides: Partial<SettledEntry> = {}): SettledEntry {
  return {
    type: 'settled',
    key: callKey(makeCall(number)),
    outcome: 'answered',
    at: atStart + number,
    ...overrides,
  };
}

export function makeSession(
  sessionId: string,
  overrides: Partial<SessionOpenedEntry> = {},
): SessionOpenedEntry {
  return {
    type: 'session.opened',
    sessionId,
    title: null,
    tools: ['read_file', 'write_file'],
    settings: { cwd: '/work', model: 'some-model' },
    at: atStart,
    ...overrides,
  };
}

/** The whole life of one call. */
export function appendCall(journal: Journal, number: number, at = atStart + number): void {
  journal.append(makeIntent(number, { at }));
  journal.append(makeOutcome(number, { at }));
  journal.append(makeSettled(number, { at }));
}

/** A folder that goes with the test. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'journal-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A journal that can be closed and opened again on what it kept, under virtual time. */
export interface Scene {
  readonly env: VirtualEnv;
  readonly journal: Journal;
  /** Closes the journal and opens it anew, as the next process would. */
  reopen(overrides?: Partial<Limits>): Promise<Journal>;
}

function makeScene(open: (env: VirtualEnv, limits: Limits) => Journal, limits: Partial<Limits>) {
  const env = virtualEnv(1, { files, processes });
  const scene = {
    env,
    journal: open(env, resolveLimits(limits)),
    async reopen(overrides: Partial<Limits> = {}) {
      await scene.journal.close();
      scene.journal = open(env, resolveLimits({ ...limits, ...overrides }));
      return scene.journal;
    },
  };
  onTestFinished(() => scene.journal.close().catch(() => {}));
  return scene;
}

/** Opens a journal on `store`, which outlives it. */
export function openOnStore(store: JournalStore, limits: Partial<Limits> = {}): Scene {
  return makeScene(
    (env, resolved) => new BufferedJournal({ store, env, limits: resolved, logger: silentLogger }),
    limits,
  );
}

/** Options for the journal at `path` under virtual time, as far as a test does not care. */
export function optionsFor(
  path: string,
  overrides: Partial<OpenJournalOptions> = {},
): OpenJournalOptions {
  return {
    path,
    mode: 'sync',
    env: virtualEnv(1, { files, processes }),
    limits: resolveLimits(),
    logger: silentLogger,
    ...overrides,
  };
}

/** Opens a journal on a file in a folder of its own. */
export function openOnFile(mode: JournalMode, limits: Partial<Limits> = {}): Scene {
  const path = join(makeFolder(), 'ledger.db');
  return makeScene(
    (env, resolved) => openJournal({ ...optionsFor(path, { mode, env, limits: resolved }) }),
    limits,
  );
}

/** Every kind of journal there is. */
export const backends: readonly (readonly [string, (limits?: Partial<Limits>) => Scene])[] = [
  ['in memory', (limits) => openOnStore(new MemoryStore(), limits)],
  ['on SQLite, sync', (limits) => openOnFile('sync', limits)],
  ['on SQLite, async', (limits) => openOnFile('async', limits)],
];
