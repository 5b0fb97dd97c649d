/** Sees everything that happens in a simulation from outside of the runtimes, and writes the history of it. */
import type { HistoryEvent, HistoryRecord, WorldCall } from '../../history/record.ts';
import { hashText } from '../random.ts';
import type { World } from './world.ts';

/** A call that the model asked for, as the world knows it. */
export interface IssuedCall extends WorldCall {
  /** Stands in its arguments and in its result, and nowhere else. */
  readonly canary: string;
  readonly argumentsHash: string;
}

/** A short hash of a text, for histories. */
export const hashOf = (text: string): string => hashText(text).toString(16).padStart(8, '0');

/** The hash of an answer, as Codex took it or as a ledger holds it. */
export const hashAnswer = (success: boolean, text: string): string => hashOf(`${success} ${text}`);

/** The history of one world, in memory. */
export class Witness {
  readonly #world: World;
  readonly records: HistoryRecord[] = [];
  /** Every call that was ever asked for, by its canary. */
  readonly calls = new Map<string, IssuedCall>();
  /** Texts of logs that were searched for canaries. */
  searched = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Writes down what happened just now. */
  note(event: HistoryEvent): void {
    this.#world.trace.text(event.type === 'mesh' ? event.event.type : event.type);
    this.records.push({ seq: this.records.length + 1, at: this.#world.nowMs, event });
  }

  /** A call was asked for, for the first time; or something else was, under its key. */
  issued(call: IssuedCall): void {
    if (!this.calls.has(call.canary)) this.calls.set(call.canary, call);
    const { canary, argumentsHash } = call;
    this.note({ type: 'world.call.issued', ...worldCall(call), argumentsHash, canary });
  }
}

/** What a history says of a call. */
export function worldCall(call: WorldCall): WorldCall {
  const { epoch, sessionId, turnId, callId, requestId, tool } = call;
  return { epoch, sessionId, turnId, callId, requestId, tool };
}

/** The canary that a text carries, or null. */
export function canaryIn(text: string): string | null {
  return /canary-[\w-]+/.exec(text)?.[0] ?? null;
}
