/** What the runtimes of a simulation talk to, whatever it is. */
import type { ProcessKind } from '../../history/record.ts';
import type { HostFactory } from '../../hosts/host.ts';
import type { Limits } from '../../limits.ts';
import type { Connection } from './connection.ts';
import type { Dice } from './dice.ts';
import { Mind, type Library, type WaitingCall } from './mind.ts';
import type { SimProcess } from './process.ts';
import type { Scenario } from './scenario.ts';
import type { IssuedCall, Witness } from './witness.ts';
import type { World } from './world.ts';

/** What every part of one simulation shares. */
export interface Stage {
  readonly world: World;
  readonly scenario: Scenario;
  readonly limits: Limits;
  readonly dice: Dice;
  readonly witness: Witness;
  readonly library: Library;
  /** Something is wrong that no history would show. */
  readonly accuse: (invariant: string, what: string) => void;
  /** Whether the answer to a call is on a disk, where there is one. */
  readonly isRecorded: (call: IssuedCall) => boolean;
}

/** Codex, near or far. */
export interface Place {
  /** The host of a runtime that was just started. */
  hostFor(runtime: SimProcess): HostFactory;
  /** Connections that carry something. */
  connections(): readonly Connection[];
  /** Kills what the runtimes talk to; it comes back. False if there is nothing to kill now. */
  restart(): boolean;
  /** Somebody deletes a session that nobody serves any more. */
  forsake(sessionId: string): void;
  /** Takes note of a new access token. */
  renewToken(): void;
  /** Every call that waits. */
  waiting(): readonly WaitingCall[];
  /** Levels that must be back to zero in the end. */
  gauges(): Readonly<Record<string, number>>;
}

/** The mind of a process that was just started. */
export function wakeMind(
  { world, scenario, dice, witness, library, accuse, isRecorded }: Stage,
  process: SimProcess,
  naming: { readonly epoch: string; readonly requestIdOf: (number: number) => string | number },
): Mind {
  return new Mind({
    world,
    process,
    library,
    dice,
    witness,
    callsMax: scenario.calls,
    accuse,
    isRecorded,
    ...naming,
  });
}

/** How a process is written down. */
export interface ProcessNote {
  /** Its name in the history, where that is not its own. */
  readonly name?: string;
  readonly kind: ProcessKind;
  /** The ledger that it writes, and how. */
  readonly ledger?: string | null;
  readonly journal?: 'sync' | 'async' | null;
}

/** Writes down that a process began, and when it ends. */
export function watchProcess({ witness }: Stage, process: SimProcess, note: ProcessNote): void {
  const { name = process.name, kind, ledger = null, journal = null } = note;
  witness.note({ type: 'world.process.began', process: name, kind, ledger, journal });
  process.onStillness = (isStill) => {
    const type = isStill ? 'world.process.paused' : 'world.process.resumed';
    witness.note({ type, process: name });
  };
  process.whenDead((as) => witness.note({ type: 'world.process.ended', process: name, as }));
}
