/**
 * A run on real processes: meshes, a service, a Codex, links that are hurt, and a history of it all that is
 * checked while it goes on.
 *
 * Chaos: faults happen. Quiet: none do any more, and everything must go on. Idle: no turn is begun any
 * more, and every level must be back. Then everybody ends.
 */
import { writeFile } from 'node:fs/promises';
import { sleep, type Env } from '../../env.ts';
import { plannedFaults } from '../fault-plan.ts';
import { detectionMsOf } from '../check/run-facts.ts';
import { handlerTimeoutMs, patientLimits, type Cast } from './cast.ts';
import { lives } from './fault-driver.ts';
import type { RealOptions, RealPhase, RealResult } from './real-options.ts';
import { stage, type Crew } from './stage.ts';

/** How often levels are looked at, and progress is told. */
const gaugesMs = 2_000;
const progressMs = 500;
const livesMs = 100;

/** The part of the run before anything is measured, and how long turns go on without faults. */
const warmUpMs = 1_000;
const quietMs = 3_000;

/** A run without a single call for this long is stuck. */
const stuckMs = 60_000;

/** How long chaos goes on for planned faults that did not happen yet. */
const lateFaultsMs = 30_000;

/** How long a process may wait for a machine that is busy otherwise. */
const busyMs = 2_000;

/** What is alive in the heap of one process never comes near this, however long a run goes on. */
const heapBytesMax = 256 * 1024 * 1024;

/** How long everybody may take to come to rest. */
const restMs = 60_000;

/**
 * Runs once; resolves with the verdict when everybody has ended.
 * @throws SessionMeshError `host_start_failed`, `history_open_failed`; the reason of `signal`
 */
export function runReal(options: RealOptions = {}): Promise<RealResult> {
  return stage(options, (crew) => playWithFaults(crew));
}

/** What happens in the middle of a run; it is over when this resolves. */
export type Act = (crew: Crew) => Promise<void>;

/** The faults of the plan, until there were enough calls. */
async function injectFaults(crew: Crew): Promise<void> {
  const { desk, driver, plan } = crew;
  for (const [fault] of plannedFaults(plan))
    await desk.note({ type: 'world.fault.planned', fault });
  driver.start();
  await untilEnough(crew);
  await untilAllHappened(crew);
}

/** The phases of a run. */
export async function playWithFaults(crew: Crew, act: Act = injectFaults): Promise<void> {
  const { desk, cast, driver, env, options } = crew;
  const over = new AbortController();
  const phase: { now: RealPhase } = { now: 'starting' };
  const watching = Promise.all([
    repeat(env, progressMs, over.signal, () => tellProgress(crew, phase.now)),
    repeat(env, livesMs, over.signal, () => noteDeadCodex(crew)),
    repeat(env, gaugesMs, over.signal, () => askGauges(cast)),
  ]);
  const enter = async (next: 'warm-up' | 'chaos' | 'quiet' | 'idle') => {
    phase.now = next;
    await desk.note({ type: 'world.phase.began', phase: next });
  };
  try {
    await declare(crew);
    await cast.begin();
    await enter('warm-up');
    await sleep(env.clock, warmUpMs, options.signal);
    await enter('chaos');
    await act(crew);
    await writeFile(cast.calmPath, '');
    await driver.stop();
    await enter('quiet');
    await sleep(env.clock, quietMs, options.signal);
    for (const { life } of cast.runtimes) life?.tell({ type: 'rest' });
    await untilRested(crew);
    await enter('idle');
    askGauges(cast);
    await sleep(env.clock, gaugesMs);
    phase.now = 'ending';
  } finally {
    over.abort();
    await watching;
    await driver.stop();
    await cast.end();
    await desk.note({ type: 'world.searched', place: 'log', texts: crew.tally.logTexts });
    await desk.drained();
    tellProgress(crew, 'ending');
  }
}

/** What holds of the times, tools and levels of this run. */
async function declare({ desk }: Crew): Promise<void> {
  const detectionMs = detectionMsOf(patientLimits.heartbeatMs) + busyMs;
  const bounds = { detectionMs, deadlineSlackMs: busyMs };
  await desk.note({ type: 'world.promised', bounds, rivals: [] });
  for (const [tool, repeatable] of [
    ['work', false],
    ['again', true],
  ] as const) {
    await desk.note({
      type: 'world.tool.declared',
      tool,
      repeatable,
      ordered: true,
      timeoutMs: handlerTimeoutMs,
    });
  }
  for (const gauge of ['running', 'waiting', 'unconfirmed']) {
    await desk.note({ type: 'world.bound', gauge, max: null, idleMax: 0, perCallMax: null });
  }
  const heap = { max: heapBytesMax, idleMax: null, perCallMax: null };
  await desk.note({ type: 'world.bound', gauge: 'heap.bytes', ...heap });
}

async function repeat(env: Env, ms: number, signal: AbortSignal, deed: () => void): Promise<void> {
  while (!signal.aborted) {
    deed();
    await sleep(env.clock, ms, signal).catch(() => {});
  }
}

function tellProgress({ options, env, tally, checker, startedMs }: Crew, phase: RealPhase): void {
  const elapsedMs = Math.round(env.clock.monotonic() - startedMs);
  const { calls, answered, faults } = tally;
  const isOver = phase === 'quiet' || phase === 'idle' || phase === 'ending';
  const part = isOver ? 1 : partOf(options, calls, elapsedMs);
  const { violations } = checker;
  options.onProgress?.({
    phase,
    elapsedMs,
    calls,
    answered,
    part,
    faults: { ...faults },
    violations,
  });
}

/** How much of a run is done; its time counts from the beginning of its chaos. */
function partOf(options: RealOptions, calls: number, chaosMs: number): number {
  const { durationMs } = options;
  const wanted = options.calls ?? (durationMs === undefined ? 1_000 : Infinity);
  return Math.min(1, Math.max(calls / wanted, durationMs ? chaosMs / durationMs : 0));
}

/** A fault that was asked for and never happens makes a run worthless: it goes on for a while. */
async function untilAllHappened({ plan, tally, env, options }: Crew): Promise<void> {
  const deadline = env.clock.monotonic() + lateFaultsMs;
  const isMissing = () => plannedFaults(plan).some(([fault]) => !tally.faults[fault]);
  while (isMissing() && env.clock.monotonic() < deadline) {
    await sleep(env.clock, 50, options.signal);
  }
}

/** Until the calls are made or the time is over. */
async function untilEnough({ options, env, tally }: Crew): Promise<void> {
  const startedMs = env.clock.monotonic();
  let seen = { calls: 0, atMs: env.clock.monotonic() };
  while (partOf(options, tally.calls, env.clock.monotonic() - startedMs) < 1) {
    await sleep(env.clock, 50, options.signal);
    const nowMs = env.clock.monotonic();
    if (tally.calls > seen.calls) seen = { calls: tally.calls, atMs: nowMs };
    // Nothing moves any more: the checker will say what does not.
    else if (nowMs - seen.atMs > stuckMs) return;
  }
}

async function untilRested({ cast, env, options }: Crew): Promise<void> {
  const deadline = env.clock.monotonic() + restMs;
  while (cast.runtimes.some(({ hasRested }) => !hasRested)) {
    // What does not come to rest is for the checker to name.
    if (env.clock.monotonic() > deadline) return;
    await sleep(env.clock, 20, options.signal);
  }
}

function askGauges(cast: Cast): void {
  for (const { life, isPaused } of cast.parts) if (!isPaused) life?.tell({ type: 'gauges' });
}

/** A Codex process ends in many ways, and not all of them are ours. */
function noteDeadCodex({ tally, desk }: Crew): void {
  for (const epoch of tally.codexLives) {
    if (lives(epoch)) continue;
    tally.codexLives.delete(epoch);
    void desk.note({ type: 'world.process.ended', process: epoch, as: 'killed' });
  }
}
