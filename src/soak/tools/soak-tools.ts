/**
 * Soaks a person's own tools: each of them is called again and again on a simulated host whose link drops,
 * whose calls come twice and whose turns are interrupted. The handlers really run.
 */
import { sleep, type Env } from '../../env.ts';
import { simulatedHost } from '../../hosts/simulated/host.ts';
import type { ScriptCall } from '../../hosts/simulated/script.ts';
import { defaultLimits, type Limits } from '../../limits.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import type { Session } from '../../mesh/session.ts';
import { startMesh } from '../../mesh/start-mesh.ts';
import type { CatalogPart } from '../../tools/catalog.ts';
import type { Tool } from '../../tools/contract.ts';
import { displayName } from '../../tools/name.ts';
import { seededRandom, type Random } from '../random.ts';
import { heapBytes } from './heap.ts';
import { looksOf, steadyGrowth, type HeapMark } from './heap-growth.ts';
import { emptyObservation, probe, type Observation } from './probe.ts';
import { sampleOf } from './sample.ts';
import { cause, type FaultCounts } from './turmoil.ts';

/** A tool, and the namespace that it is a member of. */
export interface SoakedTool {
  readonly namespace: string | null;
  readonly tool: Tool;
}

/** How tools are soaked. */
export interface ToolsSoakOptions {
  readonly tools: readonly SoakedTool[];
  /** Calls of each tool. */
  readonly calls: number;
  /** How long one tool is soaked at most, in milliseconds. */
  readonly durationMs: number;
  /** How long a handler may take, where its tool does not say; in milliseconds. */
  readonly timeoutMs: number;
  /** How long a handler may go on once its signal has aborted, in milliseconds. */
  readonly abortGraceMs: number;
  readonly seed: number;
  /** Arguments to call a tool with, by its shown name, instead of made-up ones. */
  readonly arguments: ReadonlyMap<string, readonly unknown[]>;
  readonly env: Env;
  readonly signal: AbortSignal;
  /** Told of each tool's calls as they end. */
  readonly onProgress?: (name: string, calls: number) => void;
}

/** What became of one tool. */
export interface ToolRun {
  /** Its name, with the namespace where there is one. */
  readonly name: string;
  readonly repeatable: boolean;
  readonly calls: number;
  readonly observation: Observation;
  /** Answers by kind: `ok`, or the code of the failure. */
  readonly answers: ReadonlyMap<string, number>;
  /** Calls that came again and were recognised. */
  readonly repeats: number;
  /** Handlers that were still running when everything was over. */
  readonly stuck: number;
  /** Growth of the heap that goes on, in bytes for 1,000 calls, or 0; null for too few calls. */
  readonly growthBytes: number | null;
  readonly faults: FaultCounts;
  /** Why it could not be called, or null. */
  readonly obstacle: string | null;
}

const sessionCount = 4;
const callsAtOnceMax = 3;
const interruptChance = 0.08;
/** How long an interruption waits for a handler that it could hit, in milliseconds. */
const interruptWithinMs = 20;
/** The wait after a turn that could not begin, in milliseconds. */
const retryMs = 5;
/** Tries at arguments that the tool's own check accepts. */
const sampleTriesMax = 40;

async function argumentsFor(
  { tool }: SoakedTool,
  given: readonly unknown[] | undefined,
  random: Random,
): Promise<readonly unknown[]> {
  if (given) return given;
  const fitting: unknown[] = [];
  for (let attempt = 0; attempt < sampleTriesMax; attempt += 1) {
    const candidate = sampleOf(tool.inputSchema, () => random.next());
    if ((await tool.validate(candidate)).ok) fitting.push(candidate);
  }
  return fitting;
}

function partOf({ namespace, tool }: SoakedTool, watched: Tool): CatalogPart {
  if (namespace === null) return watched;
  return { kind: 'namespace', name: namespace, description: tool.description, tools: [watched] };
}

/** Everything that one tool's run shares. */
interface Run {
  readonly options: ToolsSoakOptions;
  readonly mesh: Mesh;
  readonly random: Random;
  readonly samples: readonly unknown[];
  readonly soaked: SoakedTool;
  readonly seen: Observation;
  readonly signal: AbortSignal;
  /** Calls that have been asked for. */
  asked: number;
}

/** Waits until a handler runs, or long enough. */
async function untilBusy(seen: Observation, { env: { clock } }: ToolsSoakOptions): Promise<void> {
  const endMs = clock.monotonic() + interruptWithinMs;
  while (seen.running === 0 && clock.monotonic() < endMs) await sleep(clock, 1);
}

/** Turns of one session until all calls have been asked for. */
async function converse(run: Run, session: Session): Promise<void> {
  const { options, random, signal } = run;
  const { clock } = options.env;
  while (run.asked < options.calls && !signal.aborted) {
    const turn = session
      .sendAndHandle('call', { timeoutMs: options.timeoutMs * 2, signal })
      // A turn that a restart took, or that was interrupted, is what this is about.
      .catch(() => sleep(clock, retryMs));
    if (random.chance(interruptChance)) {
      await untilBusy(run.seen, options);
      await session.interrupt().catch(() => {});
    }
    await turn;
  }
}

/** A script that asks for calls of the tool, and for no more than there are to be. */
function scripted(run: () => Run) {
  return ({ results }: { readonly results: readonly unknown[] }) => {
    if (results.length > 0) return { text: 'done' };
    const { options, random, samples, soaked } = run();
    const wanted = Math.min(random.between(1, callsAtOnceMax), options.calls - run().asked);
    run().asked += Math.max(0, wanted);
    const { namespace, tool } = soaked;
    const calls = Array.from({ length: Math.max(0, wanted) }, (): ScriptCall => ({
      tool: tool.name,
      ...(namespace === null ? {} : { namespace }),
      arguments: samples[random.between(0, samples.length - 1)],
    }));
    return calls.length > 0 ? { calls } : { text: 'enough' };
  };
}

/** A small memory, so that the runtime's own soon stops growing. */
function limitsOf({ timeoutMs }: ToolsSoakOptions): Partial<Limits> {
  const { sessionWaitingMax } = defaultLimits;
  return {
    handlerTimeoutMs: timeoutMs,
    ledgerCallsMax: 64,
    ledgerSessionCallsMin: 8,
    sessionWaitingMax,
  };
}

/** What is written down while a tool is soaked. */
interface Recording {
  readonly observation: Observation;
  readonly answers: Map<string, number>;
  readonly faults: FaultCounts;
  repeats: number;
  settled: number;
  /** The heap as it was seen, and after how many calls to look at it again. */
  readonly heap: HeapMark[];
  readonly looks: readonly number[];
  onSettled(): void;
}

function startRecording(onProgress: (calls: number) => void, calls: number): Recording {
  const recording: Recording = {
    observation: emptyObservation(),
    answers: new Map(),
    faults: { drop: 0, duplicate: 0, restart: 0 },
    repeats: 0,
    settled: 0,
    heap: [],
    looks: looksOf(calls),
    onSettled() {
      recording.settled += 1;
      onProgress(recording.settled);
      const { settled, heap, looks } = recording;
      if (settled === looks[heap.length]) heap.push({ calls: settled, bytes: heapBytes() });
    },
  };
  return recording;
}

/** Counts what the mesh tells, and agrees to every call that asks. */
function watch(mesh: Mesh, recording: Recording): void {
  const { answers } = recording;
  mesh.events$.subscribe((event) => {
    if (event.type === 'call.repeated') recording.repeats += 1;
    if (event.type === 'approval.requested') {
      const { sessionId, approvalId } = event;
      queueMicrotask(() => mesh.session(sessionId)?.decideApproval(approvalId, true));
    }
    if (event.type !== 'call.settled') return;
    const kind = event.success ? 'ok' : (event.code ?? event.outcome);
    answers.set(kind, (answers.get(kind) ?? 0) + 1);
    recording.onSettled();
  });
}

/** Waits until no handler runs any more, or none has come back for the time they are given. */
async function settle(seen: Observation, { env, abortGraceMs }: ToolsSoakOptions): Promise<void> {
  const endMs = env.clock.monotonic() + abortGraceMs;
  while (seen.running > 0 && env.clock.monotonic() < endMs) await sleep(env.clock, 10);
}

/** Calls the tool until there were enough calls, time is up or `options.signal` aborts. */
async function callUntilDone(run: Omit<Run, 'mesh' | 'signal'>, record: Recording): Promise<void> {
  const { options, random, soaked } = run;
  const { env, abortGraceMs } = options;
  const late = new AbortController();
  const signal = AbortSignal.any([late.signal, options.signal]);
  const host = simulatedHost(
    scripted(() => whole),
    { latencyMs: 1, asyncAnswers: true },
  );
  const mesh = await startMesh({ host, env, limits: limitsOf(options) });
  const whole: Run = Object.assign(run, { mesh, signal });
  watch(mesh, record);
  const tools = [partOf(soaked, probe(soaked.tool, record.observation, options))];
  const sessions = await Promise.all(
    Array.from({ length: sessionCount }, () => mesh.createSession({ tools })),
  );
  const timer = env.clock.setTimeout(() => late.abort(), options.durationMs);
  const calm = new AbortController();
  const sessionIds = sessions.map(({ id }) => id);
  const faults = { host, sessionIds, env, random: random.fork('faults'), counts: record.faults };
  const turmoil = cause(faults, calm.signal);
  await Promise.all(sessions.map((session) => converse(whole, session)));
  env.clock.clearTimeout(timer);
  calm.abort();
  await turmoil;
  await mesh.close({ graceMs: abortGraceMs });
  await settle(record.observation, options);
}

async function soakOne(soaked: SoakedTool, options: ToolsSoakOptions): Promise<ToolRun> {
  const name = displayName(soaked.namespace, soaked.tool.name);
  const random = seededRandom(options.seed).fork(name);
  const samples = await argumentsFor(soaked, options.arguments.get(name), random.fork('arguments'));
  const record = startRecording((calls) => options.onProgress?.(name, calls), options.calls);
  if (samples.length > 0) {
    const seen = record.observation;
    await callUntilDone({ options, random, samples, soaked, seen, asked: 0 }, record);
  }
  const { observation, answers, repeats, settled, faults, heap, looks } = record;
  return {
    name,
    repeatable: soaked.tool.policy.effects === 'repeatable',
    calls: settled,
    observation,
    answers,
    repeats,
    stuck: observation.running,
    // A run that was cut short has not seen enough.
    growthBytes: heap.length === 0 || heap.length < looks.length ? null : steadyGrowth(heap),
    faults,
    obstacle: samples.length > 0 ? null : 'no made-up arguments pass its own check',
  };
}

/** Soaks each tool for itself, one after the other, so that what is seen is that tool's doing. */
export async function soakTools(options: ToolsSoakOptions): Promise<readonly ToolRun[]> {
  const runs: ToolRun[] = [];
  for (const soaked of options.tools) {
    if (options.signal.aborted) break;
    runs.push(await soakOne(soaked, options));
  }
  return runs;
}
