/**
 * Runs one scenario: first everything goes wrong and nothing may break; then nothing goes wrong any more,
 * and everything has to finish within a bound; in the end nothing may be left.
 */
import {
  historyCallKey,
  historyVersion,
  type History,
  type HistoryHeader,
} from '../../history/record.ts';
import { callKey } from '../../ledger/call-record.ts';
import { resolveLimits, type Limits } from '../../limits.ts';
import { check } from '../check/checker.ts';
import type { Verdict, Violation } from '../check/verdict.ts';
import type { FaultName } from '../fault.ts';
import { CodexPlace } from './codex-place.ts';
import { ServicePlace } from './service-place.ts';
import { Dice } from './dice.ts';
import { Operator } from './operator.ts';
import type { Place, Stage } from './place.ts';
import { Runtime } from './runtime.ts';
import type { Scenario } from './scenario.ts';
import { declareBounds } from './levels.ts';
import { declareTools } from './tools.ts';
import { Witness } from './witness.ts';
import { World } from './world.ts';

/** Something that must not happen. */
export interface Finding {
  /** The name of the invariant: `I1` … `I10`. */
  readonly invariant: string;
  readonly what: string;
}

/** What became of one simulation. */
export interface SimulationResult {
  readonly scenario: Scenario;
  /** The same for the same scenario, always. */
  readonly traceHash: string;
  /** What was broken: by the history, and by what only the world sees. */
  readonly findings: readonly Finding[];
  /** The verdict of the checker on the history. */
  readonly verdict: Verdict;
  readonly events: number;
  /** Simulated milliseconds. */
  readonly virtualMs: number;
  readonly calls: number;
  /** How often each fault happened. */
  readonly faults: ReadonlyMap<FaultName, number>;
  readonly history: History;
}

/**
 * Shorter waits than usual, lest a simulated minute go by for nothing; and a memory of finished calls that the
 * simulation does not fill, no larger than that, because each start of a runtime pays for its size.
 */
function simLimits({ sessions, calls, limits }: Scenario): Partial<Limits> {
  const ledgerCallsMax = Math.max(1_024, 16 * sessions * calls);
  return { handlerTimeoutMs: 10_000, requestTimeoutMs: 10_000, ledgerCallsMax, ...limits };
}

/**
 * A runtime may stand still for more than a minute, in which no deadline is kept. A call that waits behind one
 * whose handler hangs goes on only after its deadline.
 */
const checkOptions = { recoveryMs: 40_000, detectionMs: 46_000, deadlineSlackMs: 100_000 };
/** Events of one simulation; one that needs more runs in circles. */
const eventsMax = 400_000;
/** How long things may take to finish once nothing goes wrong any more. */
const quietMs = 240_000;
/** How long the ends of the runtimes may take. */
const closeMs = 60_000;

/**
 * Watches for failures that no promise brings back, such as rejections that nobody handles, and tells
 * `fail` of them until the function that it returns is called.
 */
export type FailureWatch = (fail: (cause: unknown) => void) => () => void;

const watchNothing: FailureWatch = () => () => {};

/** One simulation while it runs. */
class Simulation {
  readonly #scenario: Scenario;
  readonly #findings: Finding[] = [];
  readonly #stage: Stage;
  readonly #place: Place;
  readonly #runtimes: readonly Runtime[];
  readonly #operator: Operator;
  /** The sessions that the runtimes are to serve. */
  readonly #directory = new Set<string>();

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    const world = new World(scenario.seed, eventsMax);
    const witness = new Witness(world);
    const stage: Stage = {
      world,
      scenario,
      witness,
      limits: resolveLimits(simLimits(scenario)),
      dice: new Dice(world, scenario, witness),
      library: { threads: new Map(), deleted: new Set(), names: 0 },
      isRecorded: (call) =>
        scenario.ledger === 'none' ||
        this.#runtimes.some(({ image }) => image.hasOutcome(callKey(call))),
      accuse: (invariant, what) => this.#findings.push({ invariant, what }),
    };
    this.#stage = stage;
    declareTools(stage);
    const isService = scenario.topology === 'service' || scenario.topology === 'manager';
    this.#place = isService ? new ServicePlace(stage) : new CodexPlace(stage);
    declareBounds(witness, stage.limits, Object.keys(this.#place.gauges()));
    witness.note({ type: 'world.phase.began', phase: 'chaos' });
    this.#runtimes = Array.from({ length: scenario.runtimes }, (_, index) => {
      const directory = this.#directory;
      const name = `runtime-${index + 1}`;
      return new Runtime({
        stage,
        place: this.#place,
        name,
        directory,
        opensSessions: index === 0,
      });
    });
    this.#operator = new Operator(stage, this.#place, this.#runtimes);
  }

  async run(watch: FailureWatch): Promise<SimulationResult> {
    const unwatch = watch((cause) => this.#stage.world.fail(cause));
    try {
      await this.#play();
    } catch (thrown) {
      const what = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      this.#stage.accuse('I6', what);
    }
    const result = this.#result();
    for (const runtime of this.#runtimes) runtime.bury();
    await this.#stage.world.settled();
    unwatch();
    return result;
  }

  async #play(): Promise<void> {
    const { world, witness } = this.#stage;
    const { durationMs } = this.#scenario;
    this.#operator.begin();
    await this.#runTo(durationMs, 2_000);
    this.#operator.heal();
    witness.note({ type: 'world.phase.began', phase: 'quiet' });
    this.#cleanUp();
    await this.#runTo(durationMs + quietMs, 30_000);
    witness.note({ type: 'world.phase.began', phase: 'idle' });
    this.#checkFinished();
    for (const runtime of this.#runtimes) runtime.noteLevels();
    const ends = this.#runtimes.map((runtime) => runtime.end(1_000));
    await world.run(durationMs + quietMs + closeMs);
    void ends;
    for (const runtime of this.#runtimes) runtime.readLedger();
    witness.note({ type: 'world.searched', place: 'log', texts: witness.searched });
    witness.note({ type: 'world.gauges', process: 'world', values: this.#place.gauges() });
    this.#checkIdle();
  }

  /** Lets time pass, and looks at the levels now and then. */
  async #runTo(untilMs: number, everyMs: number): Promise<void> {
    const { world } = this.#stage;
    while (world.nowMs < untilMs) {
      await world.run(Math.min(untilMs, world.nowMs + everyMs));
      for (const runtime of this.#runtimes) runtime.noteLevels();
    }
  }

  /** A person deletes what nobody serves: a program may have died while it gave up a session. */
  #cleanUp(): void {
    for (const sessionId of this.#stage.library.threads.keys()) {
      if (!this.#directory.has(sessionId)) this.#place.forsake(sessionId);
    }
  }

  #checkFinished(): void {
    const { accuse } = this.#stage;
    for (const { issued } of this.#place.waiting()) {
      // Nobody waits for what goes on in a session that was given up.
      if (!this.#directory.has(issued.sessionId)) continue;
      accuse('I2', `${issued.canary} of ${issued.sessionId} still waits for an answer`);
    }
    for (const { process, program } of this.#runtimes) {
      const stats = program?.mesh?.stats;
      if (!process || !stats) accuse('I6', 'a runtime is still down');
      else if (stats.running + stats.waiting + stats.unconfirmed + stats.ledger.open > 0) {
        const { running, waiting, unconfirmed, ledger } = stats;
        const found = JSON.stringify({ running, waiting, unconfirmed, open: ledger.open });
        accuse('I5', `${process.name} is not idle: ${found}`);
      }
    }
    for (const sessionId of this.#directory) {
      const serving = this.#runtimes.filter(({ program }) => program?.serves(sessionId));
      if (serving.length < 2) continue;
      accuse('fencing', `${serving.map(({ name }) => name).join(' and ')} both serve ${sessionId}`);
    }
  }

  #checkIdle(): void {
    const { accuse } = this.#stage;
    for (const { isEnded } of this.#runtimes) if (!isEnded) accuse('I5', 'a runtime does not end');
  }

  #result(): SimulationResult {
    const { world, witness, dice } = this.#stage;
    const scenario = this.#scenario;
    const { seed } = scenario;
    const header: HistoryHeader = {
      type: 'history.began',
      version: historyVersion,
      source: 'soak sim',
      runId: `sim-${seed.toString(16)}`,
      time: 'virtual',
      seed,
      about: { scenario },
    };
    const history = { header, records: witness.records };
    const verdict = check(history, checkOptions);
    const names = this.#runtimes.map(({ name }) => name);
    return {
      scenario,
      traceHash: world.trace.digest,
      findings: [...this.#findings, ...judge(history, verdict, names)],
      verdict,
      events: world.events,
      virtualMs: world.nowMs,
      calls: witness.calls.size,
      faults: dice.counts,
      history,
    };
  }
}

/** What one runtime owes by itself, and no two of them together: they share no ledger. */
const ownInvariants: ReadonlySet<string> = new Set(['I1', 'I2', 'I8', 'I10']);

/**
 * What the verdict says. Of runtimes that compete, the next holder of a lease may start once more what the
 * last one had in hand; so each is held by itself to what its own ledger promises.
 */
function judge(history: History, verdict: Verdict, names: readonly string[]): readonly Finding[] {
  const found = findingsOf(history, verdict);
  if (names.length === 1) return found;
  const shared = found.filter(({ invariant }) => !ownInvariants.has(invariant));
  const own = names.flatMap((name) => {
    const seen = history.records
      .filter(({ event }) => !('runtime' in event) || event.runtime?.startsWith(`${name}.`))
      .filter(({ event }) => !('ledger' in event) || event.ledger === `ledger of ${name}`)
      .map((record, index) => ({ ...record, seq: index + 1 }));
    const ownHistory = { header: history.header, records: seen };
    const own = findingsOf(ownHistory, check(ownHistory, checkOptions));
    return own.filter(({ invariant }) => ownInvariants.has(invariant));
  });
  return [...shared, ...own];
}

/**
 * A call that a runtime refuses before its handler starts is answered even if the ledger cannot be written:
 * nothing is lost with it.
 */
function withoutRefused({ records }: History, { violations }: Verdict): Verdict['violations'] {
  if (!violations.some(({ invariant }) => invariant === 'I8')) return violations;
  const started = new Set<string>();
  const refused = new Set<string>();
  const excused = new Set<Violation>();
  let next = 0;
  for (const { event, at } of records) {
    for (let found = violations[next]; found && found.at < at; found = violations[(next += 1)]) {
      if (found.call && refused.has(historyCallKey(found.call))) excused.add(found);
    }
    if (event.type === 'world.handler.started') {
      started.add(`${event.runtime} ${historyCallKey(event)}`);
    } else if (event.type === 'mesh' && event.event.type === 'call.answered') {
      const key = historyCallKey(event.event);
      if (started.has(`${event.runtime} ${key}`)) refused.delete(key);
      else refused.add(key);
    }
  }
  for (const found of violations.slice(next)) {
    if (found.call && refused.has(historyCallKey(found.call))) excused.add(found);
  }
  return violations.filter((found) => found.invariant !== 'I8' || !excused.has(found));
}

function findingsOf(history: History, verdict: Verdict): readonly Finding[] {
  return withoutRefused(history, verdict).map(({ invariant, message, call, at }) => {
    const which = call ? ` (${call.sessionId} ${call.callId} ${call.requestId})` : '';
    return { invariant, what: `${message}${which} at ${Math.round(at)} ms` };
  });
}

/**
 * Runs a scenario in simulated time, and resolves with what became of it. Rejects only if the simulation itself
 * is broken.
 */
export function simulate(
  scenario: Scenario,
  watch: FailureWatch = watchNothing,
): Promise<SimulationResult> {
  return new Simulation(scenario).run(watch);
}
