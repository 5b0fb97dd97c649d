/**
 * Bugs that are planted into the runtime's own sources, one at a time, to see that the simulator finds them.
 * Each is a piece of text that stands in a file exactly once and what takes its place; nothing in the
 * sources themselves knows of it.
 */
import type { ScenarioWishes } from '../sim/scenario.ts';
import { presets } from '../fault-plan.ts';

/** A text that stands in a file exactly once, and what takes its place. */
export interface PlantedText {
  /** Below the folder of the sources. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** One planted bug. */
export interface Mutant extends PlantedText {
  readonly name: string;
  /** What it breaks. */
  readonly why: string;
  /** Within how many seeds it must be found. */
  readonly seeds: number;
  /** What is simulated; the default plan on every topology if left out. */
  readonly wishes?: ScenarioWishes;
  /** A second place that must give way where the runtime guards itself twice. */
  readonly also?: PlantedText;
}

const service: ScenarioWishes = { topology: 'service' };
const manager: ScenarioWishes = { topology: 'manager' };
const durable: ScenarioWishes = { ledger: 'sync' };
const split: ScenarioWishes = { topology: 'service', runtimes: 2, faults: presets['split-brain'] };
/** The journal takes a second start of any call. */
const unguardedJournal: PlantedText = {
  file: 'ledger/call-life.ts',
  find: "return state === 'running' && effects === 'repeatable' && next > attempt;",
  replace: 'return next > 0;',
};
const failingDisk: ScenarioWishes = { ledger: 'sync', faults: presets['slow-disk'] };

/** The planted bugs. */
export const mutants: readonly Mutant[] = [
  {
    name: 'dedupe-after-the-handler',
    file: 'ledger/ledger.ts',
    find: "if (open) return open.fingerprint === fingerprint ? { type: 'open', open } : { type: 'reused' };",
    replace: '',
    why: 'a call that is delivered again while it runs is taken as a new one',
    seeds: 20,
  },
  {
    name: 'forgets-what-finished',
    file: 'ledger/ledger.ts',
    find: 'const call = this.#finished.find(sessionId, key);\n    if (call) {',
    replace: "const call = this.#finished.find('', key);\n    if (call) {",
    why: 'a call that is delivered again after it finished is run again',
    seeds: 20,
  },
  {
    name: 'evicts-the-newest',
    file: 'ledger/session-window.ts',
    find: 'if (this.#newest) this.#newest.newerOfSession = call;\n    else this.#oldest = call;',
    replace: 'call.newerOfSession = this.#oldest;\n    this.#oldest = call;',
    why: 'a full ledger forgets what it was told last, which is what comes again',
    seeds: 120,
    wishes: {
      topology: 'socket',
      limits: { ledgerCallsMax: 48, ledgerSessionCallsMin: 12 },
      calls: 80,
      sessions: 2,
      durationMs: 90_000,
      faults: { duplicate: 0.3 },
    },
  },
  {
    name: 'bare-request-id',
    file: 'ledger/call-record.ts',
    find: "return [sessionId, turnId, callId, address].join(' ');",
    replace: 'return `${address}`;',
    why: 'request ids begin at 0 in each life of Codex: another call is taken for one that was answered',
    seeds: 40,
  },
  {
    name: 'call-id-as-key',
    file: 'ledger/call-record.ts',
    find: "return [sessionId, turnId, callId, address].join(' ');",
    replace: "return [sessionId, turnId, callId].join(' ');",
    why: 'a model may ask twice under one call id: the second call is never run',
    seeds: 60,
  },
  {
    name: 'missing-epoch',
    file: 'hosts/control-service/answering.ts',
    find: 'if (isCertain) return null;',
    replace: 'if (isCertain || listCalls) return null;',
    why: 'an answer from before a restart goes to whichever call has its number now',
    seeds: 400,
    wishes: {
      ...manager,
      sessions: 4,
      calls: 60,
      faults: { restart: 4_000, cut: 3_000, 'lose-reply': 0.2, refuse: 0.4, delay: 3_000 },
    },
  },
  {
    name: 'conflict-taken-as-done',
    file: 'hosts/control-service/answer-reply.ts',
    find: "return code === 'in_flight' ? again(said, true) : abandoned(said);",
    replace: "return code === 'in_flight' ? answered : abandoned(said);",
    why: 'a 409 says that some answer is on its way, not that it arrived',
    seeds: 40,
    wishes: { ...service, faults: { refuse: 0.5 } },
  },
  {
    name: 'gives-up-on-an-error',
    file: 'mesh/outbox.ts',
    find: 'this.#retryLater(submission, verdict.afterMs);',
    replace: "this.#settle(submission, 'gone');",
    why: 'an answer that could not be handed over once is dropped',
    seeds: 40,
    wishes: { ...service, faults: { refuse: 0.5 } },
  },
  {
    name: 'repeat-not-retried',
    file: 'mesh/repeats.ts',
    find: "if (verdict.type === 'again' && this.#underWay.size",
    replace: "if (verdict.type === 'again' && repeat.count < 0 && this.#underWay.size",
    why: 'the answer of a call that came again is handed over once, whatever becomes of it',
    seeds: 200,
    wishes: {
      ...service,
      ...durable,
      faults: { refuse: 0.4, 'lose-reply': 0.1, crash: 8_000, 'crash-point': 0.02, burst: 0.05 },
    },
    also: {
      file: 'mesh/dispatcher.ts',
      find: 'return this.#ledger.isOpen(key) || this.#repeats.has(key);',
      replace: 'return this.#ledger.knows(key, call.sessionId);',
    },
  },
  {
    name: 'retry-runs-the-handler',
    file: 'mesh/outbox.ts',
    find: 'const verdict = this.#answer(submission);',
    replace:
      'if (submission.count > 1) void Promise.resolve(submission.live.tool?.execute(submission.live.input, ' +
      '{ ...submission.live.call, attempt: 1 })).catch(() => {});\n    const verdict = this.#answer(submission);',
    why: 'a second attempt to hand an answer over computes it anew',
    seeds: 20,
    wishes: service,
  },
  {
    name: 'two-attempts-at-once',
    file: 'mesh/outbox.ts',
    find: 'if (submission.busy || this.#closed) return;',
    replace: 'if (this.#closed) return;',
    why: 'while one attempt is under way another one starts',
    seeds: 60,
    wishes: service,
  },
  {
    name: 'submitted-before-recorded',
    file: 'mesh/dispatcher.ts',
    find: 'this.#answers.add(live, durability.outcome(live, output, code));',
    replace: 'durability.outcome(live, output, code).catch(() => {});\n      this.#submit(live);',
    why: 'an answer is seen before it is on the disk',
    seeds: 100,
    wishes: failingDisk,
  },
  {
    name: 'started-before-recorded',
    file: 'mesh/execution.ts',
    find: 'this.#starts.add(live, durability.intent(live));',
    replace: 'durability.intent(live).catch(() => {});\n      this.#start(live);',
    why: 'a handler starts before the disk knows: a crash right then lets it start again',
    seeds: 150,
    wishes: { ...failingDisk, topology: 'socket' },
  },
  {
    name: 'commits-without-writing',
    file: 'ledger/buffered-journal.ts',
    find: 'if (this.#queue.length === 0 && this.#failures === 0) return Promise.resolve();',
    replace: 'if (this.#queue.length >= 0) return Promise.resolve();',
    why: 'an entry counts as committed while it waits in memory',
    seeds: 100,
    wishes: failingDisk,
  },
  {
    name: 'drops-what-could-not-be-written',
    file: 'ledger/buffered-journal.ts',
    find: 'this.#onFailed(thrown);\n      return;',
    replace: 'this.#queue = [];\n      this.#onFailed(thrown);\n      return;',
    why: 'a disk that fails for a moment loses what waited for it',
    seeds: 100,
    wishes: failingDisk,
  },
  {
    name: 'unknown-is-run-again',
    file: 'mesh/durability.ts',
    find: "if (effects === 'repeatable') {",
    replace: 'if (effects) {',
    why: 'a call that a crash interrupted is run again though nobody said that it may be',
    seeds: 60,
    wishes: { ...failingDisk, topology: 'socket' },
    also: unguardedJournal,
  },
  {
    name: 'unconfirmed-is-forgotten',
    file: 'mesh/durability.ts',
    find: 'ledger.restore({ key, sessionId, requestId, fingerprint, outcome: forsaken, output });',
    replace: '',
    why: 'an answer that was recorded and not confirmed is computed anew after a crash',
    seeds: 60,
    wishes: { ...failingDisk, topology: 'service' },
    also: unguardedJournal,
  },
  {
    name: 'timer-not-cancelled',
    file: 'mesh/reconciler.ts',
    find: 'this.#stopped.abort();\n    this.#disarm();',
    replace: 'this.#stopped.abort();',
    why: 'a session that is over leaves a timer behind',
    seeds: 60,
    wishes: service,
  },
  {
    name: 'deadline-timer-not-cancelled',
    file: 'mesh/deadlines.ts',
    find: 'if (line.timer !== undefined) this.#clock.clearTimeout(line.timer);',
    replace: '',
    why: 'a call that ended leaves the timer of its deadline behind',
    seeds: 200,
    wishes: { faults: { ...presets.default, stop: 5_000 }, ledger: 'sync' },
  },
  {
    name: 'no-deadline',
    file: 'mesh/execution.ts',
    find: "if (live.open.state === 'running') this.#expire(live);",
    replace: "if (live.open.state === 'running') return;",
    why: 'a handler that never settles holds its call for ever',
    seeds: 40,
  },
  {
    name: 'late-result-counts',
    file: 'ledger/ledger.ts',
    find: 'if (nextCallState(open.state, event) === undefined) return false;\n    open.output',
    replace: 'open.output',
    why: 'a result that comes after its deadline is sent after all',
    seeds: 100,
    wishes: { topology: 'service', ledger: 'none', faults: { 'lose-reply': 0.4, cut: 3_000 } },
  },
  {
    name: 'slot-not-given-back',
    file: 'mesh/admission.ts',
    find: 'owner.running -= 1;',
    replace: 'owner.running -= 0;',
    why: 'after a few calls a session has no slot any more',
    seeds: 80,
  },
  {
    name: 'lane-not-given-back',
    file: 'mesh/admission.ts',
    find: 'else owner.laneLoads?.delete(key);',
    replace: '',
    why: 'a tool that runs one at a time runs once',
    seeds: 80,
  },
  {
    name: 'cancelled-without-an-outcome',
    file: 'mesh/dispatcher.ts',
    find: "this.#settle(live, 'cancelled', 0);",
    replace: '',
    why: 'a call whose turn was interrupted has no end',
    seeds: 40,
  },
  {
    name: 'wrong-session',
    file: 'mesh/mesh.ts',
    find: 'return this.#sessions.get(sessionId)?.core;',
    replace:
      'return this.#sessions.has(sessionId) ? [...this.#sessions.values()][0]?.core : undefined;',
    why: 'whatever a host says is taken to be said of the first session',
    seeds: 60,
  },
  {
    name: 'silent-stream-not-noticed',
    file: 'mesh/reconciler.ts',
    find: 'else await this.#watch();',
    replace: 'else await Promise.resolve();',
    why: 'a call whose signal was lost is never looked for',
    seeds: 20,
    // Nothing else goes wrong: every new stream would bring what was lost.
    wishes: { ...service, faults: { drop: 0.3 } },
  },
  {
    name: 'reused-key-answered',
    file: 'ledger/ledger.ts',
    find: "return call.fingerprint === fingerprint ? { type: 'finished', call } : { type: 'reused' };",
    replace: "return { type: 'finished', call };",
    why: 'a call that came under the key of another one is given the answer of that one',
    seeds: 20,
    wishes: { faults: { reuse: 0.3 }, isWhole: true },
  },
  {
    name: 'slots-shared-by-sessions',
    file: 'mesh/admission.ts',
    find: 'owner.running < this.#limits.sessionConcurrencyMax &&',
    replace: 'this.#running < this.#limits.sessionConcurrencyMax &&',
    why: 'handlers of one session that hang take the slots of all',
    seeds: 20,
    wishes: {
      faults: { hog: 8_000 },
      isWhole: true,
      limits: { sessionConcurrencyMax: 2 },
      sessions: 3,
      calls: 32,
      durationMs: 60_000,
    },
  },
  {
    name: 'silent-link-kept',
    file: 'rpc/heartbeat.ts',
    find: 'const silentBeatsMax = 2;',
    replace: 'const silentBeatsMax = 3;',
    why: 'a link that says nothing any more is given up a heartbeat too late',
    seeds: 20,
    wishes: {
      topology: 'socket',
      limits: { heartbeatMs: 5_000 },
      durationMs: 60_000,
      faults: { 'half-open': 20_000 },
      isWhole: true,
    },
  },
  {
    name: 'lease-without-fencing',
    file: 'hosts/control-service/routes.ts',
    find: "...(fence === null ? {} : { headers: { 'x-sessionmesh-fence': String(fence) } }),",
    replace: '',
    why: 'nobody can tell the answer of a former holder from that of the present one',
    seeds: 20,
    wishes: split,
  },
  {
    name: 'lost-lease-not-noticed',
    file: 'hosts/control-service/leases.ts',
    find: 'else this.#lose(sessionId, taken);',
    replace: '',
    why: 'whoever lost a session goes on serving it',
    seeds: 150,
    wishes: split,
  },
  {
    name: 'responses-mixed-up',
    file: 'rpc/request-window.ts',
    find: 'waiter.id = this.#nextId++;',
    replace: 'waiter.id = this.#nextId;',
    why: 'every request has the same id: an answer goes to whoever asked last',
    seeds: 20,
    wishes: { topology: 'socket' },
  },
];
