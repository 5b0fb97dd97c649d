/**
 * Everything that a soak run can break, as data: one table for both tiers. Each fault names the rows of the
 * catalogue it comes from, the invariants it puts to the test and the tiers that inject it; a row that a
 * tier cannot inject says where it is covered instead.
 */

/** Where faults are injected: into the simulation, or into real processes. */
export type Tier = 'sim' | 'real';

/** The rows of the fault catalogue. */
export const catalogueRows: readonly string[] = [
  ...Array.from({ length: 31 }, (_, index) => `F${index + 1}`),
  'F17b',
];

/** What must hold, by the names of the catalogue. */
export const invariants = {
  I1: 'effects: the handler of a call starts at most once',
  I2: 'one outcome: each accepted call ends in exactly one',
  I3: 'right call: an answer reaches only the call it was computed for',
  I4: 'right session: nothing of one session is seen in another',
  I5: 'bounded: queues, timers and sockets stay within bounds and return to idle',
  I6: 'recovery: after a fault everything goes on within a bound',
  I7: 'isolation: other sessions are not slowed',
  I8: 'honest log: the ledger loses no more than its mode allows',
  I9: 'no leak: nothing of arguments and results stands in logs',
  I10: 'order: calls of one session start in the order they came',
} as const;

/** The name of an invariant. */
export type InvariantName = keyof typeof invariants;

/**
 * What the number of a fault means: how likely it is for each thing it can hit, the mean time between two
 * of it, or how long it lasts at most.
 */
export type FaultParameter = 'probability' | 'period' | 'duration';

/** One kind of fault. */
export interface FaultKind {
  readonly name: string;
  readonly rows: readonly string[];
  readonly invariants: readonly InvariantName[];
  readonly tiers: readonly Tier[];
  readonly parameter: FaultParameter;
  readonly description: string;
}

const both: readonly Tier[] = ['sim', 'real'];

/** Every fault that can be asked for by name. */
export const faultKinds = [
  {
    name: 'drop',
    rows: ['F1'],
    invariants: ['I2', 'I6'],
    tiers: both,
    parameter: 'probability',
    description: 'a frame of the stream to the runtime is lost',
  },
  {
    name: 'lose-reply',
    rows: ['F2'],
    invariants: ['I1', 'I2', 'I3'],
    tiers: both,
    parameter: 'probability',
    description: 'a request, or the reply to one that took effect, is lost',
  },
  {
    name: 'delay',
    rows: ['F3'],
    invariants: ['I1', 'I2', 'I7'],
    tiers: both,
    parameter: 'duration',
    description: 'frames and replies are late by up to this long, a few of them much',
  },
  {
    name: 'duplicate',
    rows: ['F4'],
    invariants: ['I1', 'I3'],
    tiers: both,
    parameter: 'probability',
    description: 'a frame arrives twice, at once or much later',
  },
  {
    name: 'reorder',
    rows: ['F5'],
    invariants: ['I2', 'I10'],
    tiers: both,
    parameter: 'probability',
    description: 'a frame overtakes those before it',
  },
  {
    name: 'slice',
    rows: ['F6'],
    invariants: ['I5'],
    tiers: ['real'],
    parameter: 'probability',
    description: 'frames arrive in pieces, cut anywhere',
  },
  {
    name: 'truncate',
    rows: ['F7'],
    invariants: ['I2', 'I6'],
    tiers: both,
    parameter: 'probability',
    description: 'a frame arrives cut off, and the connection closes',
  },
  {
    name: 'cut',
    rows: ['F2', 'F4', 'F8'],
    invariants: ['I1', 'I2', 'I6'],
    tiers: both,
    parameter: 'period',
    description: 'a connection is reset with what is under way on it',
  },
  {
    name: 'half-open',
    rows: ['F8'],
    invariants: ['I2', 'I6'],
    tiers: both,
    parameter: 'period',
    description: 'a connection carries nothing any more and does not say so',
  },
  {
    name: 'slow-reader',
    rows: ['F9'],
    invariants: ['I1', 'I2', 'I5'],
    tiers: both,
    parameter: 'period',
    description: 'a side stops reading for a while; the other side may lose patience',
  },
  {
    name: 'burst',
    rows: ['F10'],
    invariants: ['I2', 'I5', 'I7'],
    tiers: both,
    parameter: 'probability',
    description: 'a step of the model asks for far more calls than usual, all at once',
  },
  {
    name: 'overload',
    rows: ['F10', 'F25'],
    invariants: ['I2', 'I6'],
    tiers: both,
    parameter: 'probability',
    description: 'a request is refused because too much is waiting',
  },
  {
    name: 'restart',
    rows: ['F11', 'F12'],
    invariants: ['I1', 'I2', 'I3', 'I6'],
    tiers: both,
    parameter: 'period',
    description: 'Codex, or the control service with its Codex, is killed and started anew',
  },
  {
    name: 'slow-start',
    rows: ['F12'],
    invariants: ['I6'],
    tiers: both,
    parameter: 'duration',
    description: 'what was restarted cannot be reached for up to this long',
  },
  {
    name: 'crash',
    rows: ['F13'],
    invariants: ['I1', 'I2', 'I8'],
    tiers: both,
    parameter: 'period',
    description: 'a runtime is killed outright and started again on its ledger',
  },
  {
    name: 'crash-point',
    rows: ['F13'],
    invariants: ['I1', 'I2', 'I8'],
    tiers: ['sim'],
    parameter: 'probability',
    description: 'a runtime is killed right before or after a ledger write, a start or an answer',
  },
  {
    name: 'split-brain',
    rows: ['F14'],
    invariants: ['I1', 'I2', 'I3'],
    tiers: ['sim'],
    parameter: 'period',
    description: 'the holder of the leases stands still or is cut off until another one takes over',
  },
  {
    name: 'clock-jump',
    rows: ['F15'],
    invariants: ['I2', 'I5'],
    tiers: ['sim'],
    parameter: 'period',
    description: 'the wall clock of a runtime jumps by up to an hour, either way',
  },
  {
    name: 'suspend',
    rows: ['F15', 'F31'],
    invariants: ['I1', 'I2', 'I6'],
    tiers: both,
    parameter: 'period',
    description: 'a runtime stands still for up to a minute',
  },
  {
    name: 'disk-fail',
    rows: ['F16'],
    invariants: ['I1', 'I2', 'I8'],
    tiers: ['sim'],
    parameter: 'period',
    description: 'the disk is full or broken for a while: nothing can be written',
  },
  {
    name: 'disk-slow',
    rows: ['F16'],
    invariants: ['I2', 'I6'],
    tiers: ['sim'],
    parameter: 'duration',
    description: 'a write to the disk takes up to this long',
  },
  {
    name: 'power-loss',
    rows: ['F13', 'F16'],
    invariants: ['I1', 'I2', 'I8'],
    tiers: ['sim'],
    parameter: 'period',
    description: 'the machine of a runtime dies: what was not flushed to the disk may be gone',
  },
  {
    name: 'garbage',
    rows: ['F17'],
    invariants: ['I2', 'I5'],
    tiers: both,
    parameter: 'probability',
    description: 'a frame that means nothing comes in between',
  },
  {
    name: 'oversize',
    rows: ['F18'],
    invariants: ['I5', 'I7'],
    tiers: ['real'],
    parameter: 'period',
    description: 'a frame beyond the bound, or one that never ends',
  },
  {
    name: 'token',
    rows: ['F20'],
    invariants: ['I2', 'I6'],
    tiers: both,
    parameter: 'period',
    description: 'the access token is replaced, and the old one refused',
  },
  {
    name: 'handler-throw',
    rows: ['F22'],
    invariants: ['I2', 'I5'],
    tiers: both,
    parameter: 'probability',
    description: 'a handler throws, or rejects, with an error or with something else',
  },
  {
    name: 'handler-hang',
    rows: ['F22'],
    invariants: ['I2', 'I5', 'I7'],
    tiers: both,
    parameter: 'probability',
    description: 'a handler never settles, or long after its deadline',
  },
  {
    name: 'poison',
    rows: ['F23'],
    invariants: ['I2', 'I7'],
    tiers: ['sim'],
    parameter: 'probability',
    description: 'somebody who watches the events of a mesh throws',
  },
  {
    name: 'drain',
    rows: ['F24'],
    invariants: ['I1', 'I2'],
    tiers: both,
    parameter: 'period',
    description: 'a user reads the pending calls by hand while signals bring them',
  },
  {
    name: 'refuse',
    rows: ['F25'],
    invariants: ['I1', 'I2', 'I3'],
    tiers: ['sim'],
    parameter: 'probability',
    description: 'an answer meets 409, 500, 503, 429 or a reply that means nothing',
  },
  {
    name: 'interrupt',
    rows: ['F26'],
    invariants: ['I2', 'I3', 'I10'],
    tiers: both,
    parameter: 'period',
    description: 'a turn is interrupted while its calls run',
  },
  {
    name: 'stranger',
    rows: ['F27'],
    invariants: ['I2'],
    tiers: both,
    parameter: 'probability',
    description: 'the model calls a tool that does not exist, or with arguments that do not fit',
  },
  {
    name: 'churn',
    rows: ['F28'],
    invariants: ['I2', 'I5'],
    tiers: both,
    parameter: 'period',
    description: 'a session is closed, and another one opened in its place',
  },
  {
    name: 'herd',
    rows: ['F29'],
    invariants: ['I6'],
    tiers: both,
    parameter: 'period',
    description: 'all connections break in the same instant',
  },
  {
    name: 'stop',
    rows: ['F30'],
    invariants: ['I1', 'I2', 'I5', 'I8'],
    tiers: both,
    parameter: 'period',
    description: 'a runtime is asked to end under load, and is started again',
  },
  {
    name: 'stall',
    rows: ['F31'],
    invariants: ['I2', 'I6'],
    tiers: both,
    parameter: 'period',
    description: 'a process gets no time to run for two seconds',
  },
  {
    name: 'reuse',
    rows: ['F4'],
    invariants: ['I1', 'I3'],
    tiers: ['sim'],
    parameter: 'probability',
    description: 'a call comes under the key of one that was answered, and asks for something else',
  },
  {
    name: 'hog',
    rows: ['F22'],
    invariants: ['I2', 'I7'],
    tiers: ['sim'],
    parameter: 'period',
    description: 'for a while every handler of one session hangs or is slow',
  },
] as const satisfies readonly FaultKind[];

/** The name of a fault. */
export type FaultName = (typeof faultKinds)[number]['name'];

/** Rows that a tier does not inject, and what covers them there. */
export const coveredElsewhere: readonly {
  readonly row: string;
  readonly tier: Tier;
  readonly by: string;
}[] = [
  { row: 'F6', tier: 'sim', by: 'frames have no bytes there; test/rpc slices them, tier 2 too' },
  { row: 'F17b', tier: 'sim', by: 'test/rpc: what the encoder never sends' },
  { row: 'F17b', tier: 'real', by: 'test/rpc: what the encoder never sends' },
  { row: 'F18', tier: 'sim', by: 'tier 2, and test/rpc for the bounds of frames' },
  { row: 'F19', tier: 'sim', by: 'test/service: raw sockets against the bounds of streams' },
  { row: 'F19', tier: 'real', by: 'test/service: raw sockets against the bounds of streams' },
  { row: 'F21', tier: 'sim', by: 'test/service: foreign origins, hosts and simple posts' },
  { row: 'F21', tier: 'real', by: 'test/service: foreign origins, hosts and simple posts' },
  {
    row: 'F14',
    tier: 'real',
    by: 'the simulation, and test/hosts/control-service: two holders at a real service',
  },
  { row: 'F15', tier: 'real', by: 'the simulation: a wall clock that jumps; `suspend` here' },
  { row: 'F16', tier: 'real', by: 'the simulation, and test/ledger/sqlite on a real file' },
  { row: 'F23', tier: 'real', by: 'the simulation, and test/mesh for actors that crash' },
];

const byName: ReadonlyMap<string, FaultKind> = new Map(faultKinds.map((kind) => [kind.name, kind]));

/** Whether there is a fault of this name. */
export function isFaultName(name: string): name is FaultName {
  return byName.has(name);
}

/** What is known of a fault. */
export function faultKind(name: FaultName): FaultKind {
  const kind = byName.get(name);
  if (!kind) throw new RangeError(`no fault ${name}`);
  return kind;
}
