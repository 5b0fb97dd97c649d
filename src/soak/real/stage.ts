/** Sets a run on real processes up, and takes it down: its folder, its pipe, its cast, its checker. */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemEnv, type Env } from '../../env.ts';
import { openFileSink } from '../../history/file-sink.ts';
import { historyVersion, type HistoryHeader } from '../../history/record.ts';
import { HistoryWriter } from '../../history/writer.ts';
import { defaultLimits } from '../../limits.ts';
import { locateCodex } from '../../hosts/app-server/locate.ts';
import { SessionMeshError } from '../../errors.ts';
import { silentLogger } from '../../logger.ts';
import { scriptedCodexHome } from '../../testing/scripted-codex-home.ts';
import { startScriptedModel } from '../../testing/scripted-model.ts';
import { UndoStack } from '../../undo-stack.ts';
import { createChecker, type Checker } from '../check/checker.ts';
import { formatFaults, plannedFaults, type FaultPlan } from '../fault-plan.ts';
import type { FaultName } from '../fault.ts';
import type { ProxyFault } from '../proxy/proxy.ts';
import { seededRandom } from '../random.ts';
import { calmableMind, watchCalm } from './calm.ts';
import { Cast } from './cast.ts';
import { CodexWitness } from './codex-witness.ts';
import { Desk } from './desk.ts';
import { FaultDriver } from './fault-driver.ts';
import { oddsIn } from './model-mind.ts';
import { isInjected, type RealOptions, type RealResult } from './real-options.ts';
import { RequestNames } from './request-names.ts';
import { Tally } from './tally.ts';
import { faultOfToxic } from './toxic-fault.ts';
import { findCanary } from './witness.ts';

const lineFeed = 0x0a;

/** Deaths that are told of. */
const deathsMax = 20;

/** Everybody who takes part in a run. */
export interface Crew {
  readonly options: RealOptions;
  readonly plan: FaultPlan;
  readonly env: Env;
  readonly desk: Desk;
  readonly cast: Cast;
  readonly tally: Tally;
  readonly checker: Checker;
  readonly driver: FaultDriver;
  /** When it began, by the monotonic clock. */
  readonly startedMs: number;
}

/** Splits a plan into what this kind of run injects and what it does not. */
function splitPlan(options: RealOptions): { plan: FaultPlan; skipped: readonly FaultName[] } {
  const planned = plannedFaults(options.faults ?? {});
  const injected = planned.filter(([name]) => isInjected(name, options));
  const skipped = planned.filter(([name]) => !isInjected(name, options)).map(([name]) => name);
  return { plan: Object.fromEntries(injected), skipped };
}

function headerOf(options: RealOptions, plan: FaultPlan, env: Env): HistoryHeader {
  const { topology = 'app-server', codex = 'scripted', sessions = 20, ledger = 'sync' } = options;
  return {
    type: 'history.began',
    version: historyVersion,
    source: 'soak real',
    runId: env.id(),
    time: 'wall',
    seed: options.seed ?? 1,
    about: { topology, codex, sessions, ledger, faults: formatFaults(plan) },
  };
}

/** What is known of a run before anybody takes part in it. */
interface Setting {
  readonly options: RealOptions;
  readonly plan: FaultPlan;
  readonly env: Env;
  readonly folder: string;
  readonly tally: Tally;
  readonly checker: Checker;
  readonly writer: HistoryWriter | null;
  readonly deaths: string[];
}

async function openWriter(
  { history }: RealOptions,
  header: HistoryHeader,
  env: Env,
): Promise<HistoryWriter | null> {
  if (history === undefined) return null;
  const sink = await openFileSink(env.files.promises, history);
  const { clock } = env;
  return new HistoryWriter({ sink, header, clock, limits: defaultLimits, logger: silentLogger });
}

/** The real Codex, and who testifies for it. */
interface RealCodex {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly witness: CodexWitness;
  close(): Promise<void>;
}

/** Where the testimony for the real Codex goes, once that is there. */
interface RealPlace {
  desk: Desk | null;
  cast: Cast | null;
}

/** A Codex of its own home, whose model is a script. */
async function hireCodex(
  { options, plan, env, folder }: Setting,
  place: RealPlace,
): Promise<RealCodex> {
  if (options.topology === 'service') {
    const expected = "the topology 'app-server' for the real Codex";
    throw new SessionMeshError('option_invalid', { expected, found: 'service' });
  }
  const mind = calmableMind(
    {
      callsPerTurn: 8,
      callsPerStep: 4,
      ...oddsIn(plan),
    },
    { isCalm: watchCalm(join(folder, 'calm'), env), seed: options.seed ?? 1, name: 'mind' },
  );
  const witness = new CodexWitness(
    mind,
    (event) => void place.desk?.note(event),
    () => place.cast?.codexEpoch ?? '',
  );
  const model = await startScriptedModel(witness.script);
  const home = await scriptedCodexHome(model);
  const { command } = locateCodex({});
  return {
    command,
    env: { ...home.env, HOME: home.path },
    witness,
    async close() {
      await home.remove();
      await model.close();
    },
  };
}

function openDesk(setting: Setting, real: RealCodex | null): Promise<Desk> {
  const { options, env, folder, tally, checker, writer } = setting;
  const names = new RequestNames(options.topology === 'service', (ids) =>
    real ? real.witness.idsOf(ids) : null,
  );
  return Desk.open({
    path: join(folder, 'witness'),
    env,
    onRecord: (given) => {
      const record = names.translate(given);
      checker.push(record);
      tally.push(record);
      writer?.write(record.event, record.at);
    },
    settle: () => writer?.flush() ?? Promise.resolve(),
  });
}

/** The processes, and who hurts them. */
function assemble(
  setting: Setting,
  desk: Desk,
  real: RealCodex | null,
): { cast: Cast; driver: FaultDriver } {
  const { options, plan, env, folder, tally, deaths } = setting;
  const counted = { count: 0 };
  const cast: Cast = new Cast({
    folder,
    desk,
    env,
    real: options,
    faults: plan,
    codex: real,
    onCodexFrame: real && ((text) => real.witness.onFrame(text)),
    onProxyFault: (fault) => {
      driver.onProxyFault(fault);
      void noteProxyFault(desk, fault, counted);
    },
    onGauges: (process, values) => {
      tally.sample(process, env.clock.now(), values);
      void desk.note({ type: 'world.gauges', process, values });
    },
    onLog: (text) => {
      tally.logTexts += 1;
      const canary = findCanary(text);
      if (canary !== null) void desk.note({ type: 'world.leak', canary, place: 'log' });
    },
    onDeath: (name, { code, signal, said }) => {
      if (deaths.length >= deathsMax) return;
      deaths.push(`${name} ended with ${signal ?? `code ${code}`}: ${said.slice(0, 500)}`);
    },
  });
  const driver: FaultDriver = new FaultDriver({
    cast,
    plan,
    desk,
    env,
    random: seededRandom(options.seed ?? 1).fork('faults').next,
    logger: silentLogger,
    codexLives: () => tally.codexLives,
  });
  return { cast, driver };
}

/**
 * Sets a run up, has `play` play it and resolves with what came of it, when everybody has ended.
 * @throws SessionMeshError `host_start_failed`, `history_open_failed`; what `play` throws
 */
export async function stage(
  options: RealOptions,
  play: (crew: Crew) => Promise<void>,
): Promise<RealResult> {
  const env = systemEnv;
  const { plan, skipped } = splitPlan(options);
  const startedMs = env.clock.monotonic();
  const folder = await mkdtemp(join(tmpdir(), 'sessionmesh-soak-'));
  await using undo = new UndoStack();
  undo.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  const header = headerOf(options, plan, env);
  const writer = await openWriter(options, header, env);
  undo.defer(async () => void (await writer?.close()));
  const checker = createChecker(header);
  const tally = new Tally();
  const deaths: string[] = [];
  const setting: Setting = { options, plan, env, folder, tally, checker, writer, deaths };
  const place: RealPlace = { desk: null, cast: null };
  const real = options.codex === 'real' ? await hireCodex(setting, place) : null;
  undo.defer(async () => {
    await real?.close();
  });
  const desk = await openDesk(setting, real);
  undo.defer(() => desk.close());
  const { cast, driver } = assemble(setting, desk, real);
  Object.assign(place, { desk, cast });
  undo.defer(() => cast.end());
  await play({ options, plan, env, desk, cast, tally, checker, driver, startedMs });
  await writer?.close();
  return {
    verdict: checker.verdict(),
    durationMs: Math.round(env.clock.monotonic() - startedMs),
    calls: tally.calls,
    answered: tally.answered,
    starts: { lines: await countLines(cast.startsPath), told: tally.starts },
    skipped,
    recovery: tally.recovery,
    memory: tally.memory,
    deaths,
  };
}

async function noteProxyFault(
  desk: Desk,
  { proxy, type, detail }: ProxyFault,
  counted: { count: number },
): Promise<void> {
  const fault = faultOfToxic[type];
  if (fault === null) return;
  const faultId = `${proxy} ${type} ${(counted.count += 1)}`;
  const target = `link ${proxy}`;
  await desk.note({ type: 'world.fault.began', fault, faultId, target, lasts: false, detail });
}

/** How many lines handlers left in the file of starts. */
async function countLines(path: string): Promise<number> {
  let lines = 0;
  try {
    for await (const chunk of createReadStream(path)) {
      if (!Buffer.isBuffer(chunk)) continue;
      for (const byte of chunk) if (byte === lineFeed) lines += 1;
    }
  } catch {
    // No handler was ever started.
  }
  return lines;
}
