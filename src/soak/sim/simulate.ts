/**
 * Runs one scenario: first everything goes wrong and nothing may break; then nothing goes wrong any more,
 * and everything has to finish within a bound; in the end nothing may be left.
 */
import { historyVersion, type History, type HistoryHeader } from '../../history/record.ts';
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
import { declareBounds, declarePromise } from './levels.ts';
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
  /** What was broken: the violations of the verdict, as text. */
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
      accuse: (invariant, what) => witness.note({ type: 'world.broken', invariant, what }),
    };
    this.#stage = stage;
    const names = Array.from({ length: scenario.runtimes }, (_, index) => `runtime-${index + 1}`);
    declarePromise(stage, names);
    declareTools(stage);
    const isService = scenario.topology === 'service' || scenario.topology === 'manager';
    this.#place = isService ? new ServicePlace(stage) : new CodexPlace(stage);
    declareBounds(witness, stage.limits, Object.keys(this.#place.gauges()));
    witness.note({ type: 'world.phase.began', phase: 'chaos' });
    this.#runtimes = names.map((name, index) => {
      const directory = this.#directory;
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
    const verdict = check(history);
    return {
      scenario,
      traceHash: world.trace.digest,
      findings: verdict.violations.map(findingOf),
      verdict,
      events: world.events,
      virtualMs: world.nowMs,
      calls: witness.calls.size,
      faults: dice.counts,
      history,
    };
  }
}

function findingOf({ invariant, message, call, at }: Violation): Finding {
  const which = call ? ` (${call.sessionId} ${call.callId} ${call.requestId})` : '';
  return { invariant, what: `${message}${which} at ${Math.round(at)} ms` };
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
