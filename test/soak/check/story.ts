/** Writes histories by hand: what happens, in order, on a clock that the story moves. */
import {
  historyVersion,
  type History,
  type HistoryEvent,
  type HistoryHeader,
  type HistoryRecord,
  type WorldCall,
} from '../../../src/history/record.ts';
import type { CallOutcome } from '../../../machines/call-outcome.ts';
import type { Occurrence } from '../../../src/mesh/event.ts';

export const header: HistoryHeader = {
  type: 'history.began',
  version: historyVersion,
  source: 'story',
  runId: 'run-1',
  time: 'virtual',
  seed: 7,
  about: {},
};

/** One call, from Codex to Codex. */
export interface StoryCall extends WorldCall {
  readonly canary: string;
}

export interface Story {
  readonly records: HistoryRecord[];
  readonly history: History;
  wait(ms: number): void;
  add(event: HistoryEvent): number;
  mesh(event: Occurrence, runtime?: string): number;
  issue(call: StoryCall): void;
  claim(call: StoryCall, runtime?: string): void;
  start(call: StoryCall, options?: { runtime?: string; repeatable?: boolean }): void;
  finish(call: StoryCall, runtime?: string): void;
  take(call: StoryCall, options?: { runtime?: string | null; computedFor?: string | null }): void;
  settle(call: StoryCall, outcome?: CallOutcome, runtime?: string, submissions?: number): void;
  /** All of it. */
  serve(call: StoryCall, runtime?: string): void;
  endTurn(call: WorldCall, runtime?: string): void;
  began(process: string, ledger?: string | null, journal?: 'sync' | 'async' | null): void;
  killed(process: string, as?: 'killed' | 'closed' | 'power-lost'): void;
  /** The run comes to rest. */
  rest(): void;
}

let calls = 0;

/** A call of its own. */
export function storyCall(overrides: Partial<StoryCall> = {}): StoryCall {
  calls += 1;
  const ids = {
    epoch: 'codex-1',
    sessionId: 's-1',
    turnId: 't-1',
    callId: `c-${calls}`,
    requestId: calls,
    tool: 'add',
    ...overrides,
  };
  return { ...ids, canary: `canary-${ids.sessionId}-${ids.callId}-${calls}`, ...overrides };
}

const hashOf = (call: StoryCall) => `hash of ${call.canary}`;
const worldOf = ({ canary: _, ...call }: StoryCall): WorldCall => call;

function referenceOf({ sessionId, turnId, callId, requestId, tool }: StoryCall) {
  return { sessionId, turnId, callId, requestId, tool, namespace: null };
}

export function story(overrides: Partial<HistoryHeader> = {}): Story {
  const records: HistoryRecord[] = [];
  let at = 0;
  const add = (event: HistoryEvent) => {
    records.push({ seq: records.length + 1, at, event });
    return records.length;
  };
  const mesh = (event: Occurrence, runtime = 'runtime-1') => add({ type: 'mesh', runtime, event });
  const self: Story = {
    records,
    get history() {
      return { header: { ...header, ...overrides }, records };
    },
    wait: (ms) => {
      at += ms;
    },
    add,
    mesh,
    issue: (call) =>
      void add({
        type: 'world.call.issued',
        ...worldOf(call),
        argumentsHash: `arguments of ${call.canary}`,
        canary: call.canary,
      }),
    claim: (call, runtime) =>
      void mesh({ type: 'call.claimed', source: 'signal', ...referenceOf(call) }, runtime),
    start: (call, { runtime = 'runtime-1', repeatable = false } = {}) => {
      mesh({ type: 'call.started', ...referenceOf(call) }, runtime);
      add({
        type: 'world.handler.started',
        ...worldOf(call),
        runtime,
        boundTo: call.sessionId,
        argumentsHash: `arguments of ${call.canary}`,
        repeatable,
      });
    },
    finish: (call, runtime = 'runtime-1') => {
      const ended = { as: 'returned', resultHash: hashOf(call) } as const;
      add({ type: 'world.handler.ended', ...worldOf(call), runtime, ...ended });
      const answered = { success: true, code: null, durationMs: 1 };
      mesh({ type: 'call.answered', ...answered, ...referenceOf(call) }, runtime);
    },
    take: (call, { runtime = 'runtime-1', computedFor = call.canary } = {}) =>
      void add({
        type: 'world.answer.taken',
        ...worldOf(call),
        runtime,
        success: true,
        answerHash: hashOf(call),
        computedFor,
      }),
    settle: (call, outcome = 'answered', runtime = 'runtime-1', submissions = 1) => {
      const facts = { success: true, code: null, durationMs: 1, submissions };
      mesh({ type: 'call.settled', outcome, ...facts, ...referenceOf(call) }, runtime);
    },
    serve: (call, runtime = 'runtime-1') => {
      self.issue(call);
      self.wait(1);
      self.claim(call, runtime);
      self.start(call, { runtime });
      self.wait(2);
      self.finish(call, runtime);
      self.take(call, { runtime });
      self.settle(call, 'answered', runtime);
    },
    endTurn: ({ epoch, sessionId, turnId }, runtime) => {
      const status = 'completed';
      add({ type: 'world.turn.ended', epoch, sessionId, turnId, status });
      const facts = { error: null, reply: null, durationMs: 1, calls: 1 };
      mesh({ type: 'turn.ended', sessionId, turnId, status, ...facts }, runtime);
    },
    began: (process, ledger = null, journal = null) =>
      void add({
        type: 'world.process.began',
        process,
        kind: process.startsWith('codex') ? 'codex' : 'runtime',
        ledger,
        journal,
      }),
    killed: (process, as = 'killed') => void add({ type: 'world.process.ended', process, as }),
    rest: () => {
      add({ type: 'world.phase.began', phase: 'quiet' });
      self.wait(10);
      add({ type: 'world.phase.began', phase: 'idle' });
      add({ type: 'history.ended' });
    },
  };
  return self;
}

/** A run of two sessions in which everything went well. */
export function goodStory(callsPerSession = 3): Story {
  const run = story();
  run.began('codex-1');
  run.began('runtime-1');
  run.mesh({ type: 'mesh.started', host: 'simulated', codex: null });
  run.add({ type: 'world.phase.began', phase: 'chaos' });
  for (const sessionId of ['s-1', 's-2']) {
    for (let index = 0; index < callsPerSession; index += 1) {
      const turnId = `${sessionId}-t-${index}`;
      const call = storyCall({ sessionId, turnId });
      run.serve(call);
      run.wait(3);
      run.endTurn(call);
    }
  }
  run.rest();
  return run;
}
