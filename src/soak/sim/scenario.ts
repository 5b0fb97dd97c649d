/** What is simulated: how many sessions, calls and runtimes, for how long, on what, and what goes wrong. */
import { SessionMeshError } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import { plannedFaults, type FaultPlan } from '../fault-plan.ts';
import { faultKind, type FaultName } from '../fault.ts';
import { seededRandom, type Random } from '../random.ts';

/**
 * What the runtimes talk to: a Codex of their own as a child process; one behind a socket; a control service
 * that names its starts; one that numbers its requests anew each time it starts.
 */
export const topologies = ['child', 'socket', 'service', 'manager'] as const;

/** One of {@link topologies}. */
export type Topology = (typeof topologies)[number];

const ledgerKinds = ['none', 'sync', 'async'] as const;

/** Where claims and outcomes are kept. */
export type LedgerKind = (typeof ledgerKinds)[number];

/** One simulation. Plain JSON: what a regression case consists of. */
export interface Scenario {
  /** A whole number of at most 32 bits. */
  readonly seed: number;
  readonly topology: Topology;
  readonly ledger: LedgerKind;
  /** More than one compete for the same sessions, by leases; only where there are leases. */
  readonly runtimes: number;
  readonly sessions: number;
  /** Tool calls of each session, at most. */
  readonly calls: number;
  /** How long things go wrong, in simulated milliseconds. */
  readonly durationMs: number;
  readonly faults: FaultPlan;
  /** Bounds that differ from those of a simulation: small ones are reached. */
  readonly limits: Partial<Limits>;
}

/** What a person says; the rest is drawn from the seed. */
export interface ScenarioWishes extends Partial<Omit<Scenario, 'seed' | 'faults'>> {
  readonly faults?: FaultPlan;
  /** Inject every fault of the plan, not a draw of them. */
  readonly isWhole?: boolean;
}

const serviceOnly: ReadonlySet<FaultName> = new Set<FaultName>([
  'drop',
  'lose-reply',
  'reorder',
  'refuse',
  'token',
]);
const needsLedger: ReadonlySet<FaultName> = new Set<FaultName>([
  'crash',
  'crash-point',
  'power-loss',
  'disk-fail',
  'disk-slow',
  'stop',
]);

/** Whether a fault can happen in such a world at all. */
function isPossible(
  fault: FaultName,
  { topology, ledger, runtimes }: Pick<Scenario, 'topology' | 'ledger' | 'runtimes'>,
): boolean {
  const isService = topology === 'service' || topology === 'manager';
  if (serviceOnly.has(fault)) return isService;
  // Who competes has not seen what the other one answered.
  if (fault === 'reuse') return runtimes === 1;
  if (fault === 'split-brain') return topology === 'service' && runtimes > 1;
  // A child process and its pipes never fall silent, and its reader is this process itself.
  if (fault === 'half-open') return topology !== 'child';
  if (fault === 'power-loss') return ledger === 'sync';
  return !needsLedger.has(fault) || ledger !== 'none';
}

/** Whether there is a seed for which a fault can happen, given what a person wishes. */
export function isSimulated(fault: FaultName, wishes: ScenarioWishes = {}): boolean {
  if (!faultKind(fault).tiers.includes('sim')) return false;
  const places = wishes.topology === undefined ? topologies : [wishes.topology];
  const ledgers = wishes.ledger === undefined ? ledgerKinds : [wishes.ledger];
  const counts = wishes.runtimes === undefined ? [1, 2] : [wishes.runtimes];
  return places.some((topology) =>
    ledgers.some((ledger) =>
      counts.some((runtimes) => isPossible(fault, { topology, ledger, runtimes })),
    ),
  );
}

/**
 * The scenario that follows from a seed and what a person wishes.
 * @throws SessionMeshError `option_invalid` for wishes that contradict each other
 */
export function drawScenario(seed: number, wishes: ScenarioWishes = {}): Scenario {
  const random = seededRandom(seed).fork('scenario');
  const plan = wishes.faults ?? {};
  const isSplit = plan['split-brain'] !== undefined && random.chance(0.4);
  const needsLeases = isSplit || (wishes.runtimes ?? 1) > 1;
  const topology = wishes.topology ?? (needsLeases ? 'service' : random.pick(topologies));
  const runtimes = wishes.runtimes ?? (isSplit && topology === 'service' ? 2 : 1);
  if (runtimes > 1 && topology !== 'service') {
    const found = `${runtimes} runtimes on ${topology}`;
    throw new SessionMeshError('option_invalid', { expected: 'leases: topology service', found });
  }
  const ledger = wishes.ledger ?? random.pick(['sync', 'sync', 'async', 'none']);
  const sort = { topology, ledger, runtimes };
  const possible = plannedFaults(plan).filter(([name]) => isPossible(name, sort));
  // Some faults hide others: half of them at a time finds more than all of them always.
  const drawn = possible.filter(([name]) =>
    latecomers.has(name)
      ? random.fork(name).chance(isWithinSessions(plan) ? 1 : latecomerChance)
      : random.chance(0.6) || name === 'split-brain',
  );
  const isQuiet =
    drawn.some(([name]) => name === 'hog') && random.fork('neighbours').chance(neighboursChance);
  const seen = isQuiet ? drawn.filter(([name]) => inSessions.has(name)) : drawn;
  const faults = Object.fromEntries(wishes.isWhole ? possible : seen);
  return {
    seed,
    ...sort,
    sessions: wishes.sessions ?? random.between(1, 4),
    calls: wishes.calls ?? random.between(4, 32),
    durationMs: wishes.durationMs ?? random.between(10, 90) * 1_000,
    faults,
    limits: wishes.limits ?? drawLimits(random, faults),
  };
}

/** Faults under which a call may come again that a small ledger rightly knows no more. */
const forgetting: readonly FaultName[] = ['burst', 'duplicate', 'delay', 'slow-reader', 'reuse'];

/** Faults that came later than others: each has a stream of its own, so that earlier seeds draw what they drew. */
const latecomers: ReadonlySet<FaultName> = new Set<FaultName>(['reuse', 'hog']);
/** How often one of them is drawn, but from a plan of nothing but faults within sessions. */
const latecomerChance = 0.3;

/** Faults that concern one session each: what they do to the others can be seen where there are no other faults. */
const inSessions: ReadonlySet<string> = new Set<FaultName>([
  'hog',
  'handler-hang',
  'handler-throw',
  'burst',
  'stranger',
  'interrupt',
  'churn',
  'drain',
  'reuse',
  'delay',
]);
/** Of the scenarios with a hog so many have nothing else. */
const neighboursChance = 0.3;

/** Whether nothing goes wrong but within sessions, and late. */
export function isWithinSessions(faults: FaultPlan): boolean {
  return plannedFaults(faults).every(([name]) => inSessions.has(name));
}

/** Heartbeats of links: that of the real world, and shorter ones. */
const pulsesMs = [1_000, 4_000, 15_000] as const;

/** Now and then bounds so small that they are reached. */
function drawLimits(random: Random, faults: FaultPlan): Partial<Limits> {
  const queues = random.chance(0.2) ? { sessionConcurrencyMax: 2, sessionWaitingMax: 6 } : {};
  // What was forgotten may run again, so only where calls neither come by the hundred nor again late.
  const isSmall = random.chance(0.2) && forgetting.every((name) => faults[name] === undefined);
  const memory = isSmall ? { ledgerCallsMax: 48, ledgerSessionCallsMin: 12 } : {};
  // A silent link is found out while things still go wrong, or only just.
  const isSilent = faults['half-open'] !== undefined;
  const pulse = isSilent ? { heartbeatMs: random.fork('pulse').pick(pulsesMs) } : {};
  return { ...queues, ...memory, ...pulse };
}
