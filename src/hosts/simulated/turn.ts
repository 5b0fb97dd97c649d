/**
 * One turn on the simulated server, from the user's text to its end.
 *
 * - T1 The calls of one reply are made at once; the next step begins when all their results are there.
 *   A call of an unknown tool never leaves Codex and is a barrier: calls after it wait for those before.
 * - T2 The first answer to a call wins.
 * - T3 `end` takes effect at once, wherever the turn is; nothing is told of it afterwards.
 */
import { sleep, type Env } from '../../env.ts';
import type { Limits } from '../../limits.ts';
import type { ToolOutput } from '../../tools/contract.ts';
import type { HostCall, HostSignal, TurnStatus } from '../host.ts';
import { askScript, type PlayedCall } from './reply.ts';
import type { Script, ScriptResult } from './script.ts';
import { toolKey, type ToolNames } from './tool-names.ts';

/** What happens on a thread, in the order it happens. */
export type ThreadSignal = Extract<
  HostSignal,
  { type: 'turn.started' | 'turn.ended' | 'call.requested' | 'call.withdrawn' }
>;

/** What the server needs for one epoch. */
export interface Surroundings {
  readonly env: Env;
  readonly limits: Limits;
  /** How long the reply that accepts a turn is under way; nothing of the turn is told before. */
  readonly latencyMs: number;
  /** How long the model thinks before each step. */
  readonly stepMs: number;
  tell(signal: ThreadSignal): void;
}

/** Where a turn takes place. */
export interface TurnPlace extends Surroundings {
  readonly script: Script;
  readonly epoch: string;
  readonly sessionId: string;
  readonly instructions: string;
  readonly tools: ToolNames;
  /** How many turns of the session ended before this one. */
  readonly number: number;
  nextRequestId(): number;
  /** Called once, before the end is told. */
  onOver(): void;
}

/** How a turn ends. */
export interface TurnEnd {
  readonly status: TurnStatus;
  readonly error?: string | null;
  readonly reply?: string | null;
}

/** One call of a reply, and what came of it. */
interface Slot {
  readonly played: PlayedCall;
  output: string | null;
}

/** Calls made at once, until all their results are there. */
interface OpenStep {
  missing: number;
  readonly complete: PromiseWithResolvers<void>;
}

interface PendingCall {
  readonly call: HostCall;
  readonly slot: Slot;
}

/** What Codex shows the model for a call that it cancelled itself. */
const cancelledText = 'dynamic tool call was cancelled before receiving a response';

export class SimulatedTurn {
  readonly id: string;
  readonly #place: TurnPlace;
  readonly #text: string;
  readonly #steers: string[] = [];
  readonly #results: ScriptResult[] = [];
  readonly #pending = new Map<HostCall['requestId'], PendingCall>();
  readonly #over = new AbortController();
  #steersShown = 0;
  #step: OpenStep | null = null;
  #isTold = false;

  constructor(place: TurnPlace, text: string) {
    this.id = place.env.id();
    this.#place = place;
    this.#text = text;
  }

  /** Plays the turn to its end. Rejects only with what `tell` throws. */
  async run(): Promise<void> {
    const { latencyMs, stepMs } = this.#place;
    // One hop more than the reply that accepts the turn, which goes first.
    await Promise.resolve();
    if (!(await this.#pause(latencyMs))) return;
    this.#tellStarted();
    while (await this.#pause(stepMs)) await this.#playStep();
  }

  /** Adds to what the user said. The model sees it in its next step, once the open calls are answered. */
  steer(text: string): void {
    this.#steers.push(text);
  }

  /** The calls that nobody answered yet, oldest first. */
  pendingCalls(): HostCall[] {
    return [...this.#pending.values()].map(({ call }) => call);
  }

  /** Takes an answer (T2). Returns whether anybody waited for it. */
  answer(call: HostCall, output: ToolOutput): boolean {
    const pending = this.#pending.get(call.requestId);
    if (!pending) return false;
    this.#settle(pending, outputText(output));
    return true;
  }

  /** Ends the turn (T3): calls that are still open are withdrawn. Does nothing the second time. */
  end({ status, error = null, reply = null }: TurnEnd): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#place.onOver();
    this.#step?.complete.resolve();
    this.#tellStarted();
    const open = this.pendingCalls();
    // Whoever answers when told finds nothing that waits.
    this.#pending.clear();
    for (const call of open) {
      this.#place.tell({ type: 'call.withdrawn', call, reason: `the turn was ${status}` });
    }
    const { sessionId } = this.#place;
    this.#place.tell({ type: 'turn.ended', sessionId, turnId: this.id, status, error, reply });
  }

  async #playStep(): Promise<void> {
    const { script, limits } = this.#place;
    this.#steersShown = this.#steers.length;
    const step = {
      sessionId: this.#place.sessionId,
      instructions: this.#place.instructions,
      text: this.#text,
      steers: [...this.#steers],
      turn: this.#place.number,
      results: [...this.#results],
      tools: this.#place.tools.offered,
    };
    const reply = await askScript(script, step, this.#over.signal, limits.scriptCallsMax);
    if (this.#over.signal.aborted) return;
    if (reply.type === 'calls' && reply.calls.length > 0) await this.#makeCalls(reply.calls);
    else if (reply.type === 'fail') this.end({ status: 'failed', error: reply.reason });
    else if (this.#steersShown === this.#steers.length) {
      // Codex does not count an empty text as a message.
      this.end({ status: 'completed', reply: (reply.type === 'text' && reply.text) || null });
    }
  }

  /** Resolves to whether the turn still runs. */
  async #pause(ms: number): Promise<boolean> {
    const { signal } = this.#over;
    // It rejects with the end of the turn only.
    if (ms > 0) await sleep(this.#place.env.clock, ms, signal).catch(() => {});
    else await Promise.resolve();
    return !signal.aborted;
  }

  async #makeCalls(calls: readonly PlayedCall[]): Promise<void> {
    const { callable } = this.#place.tools;
    let batch: PlayedCall[] = [];
    for (const played of calls) {
      if (callable.has(toolKey(played.namespace, played.tool))) {
        batch.push(played);
      } else {
        await this.#makeBatch(batch);
        batch = [];
        this.#results.push(toResult({ played, output: `unsupported call: ${played.tool}` }));
      }
    }
    await this.#makeBatch(batch);
  }

  /** Makes calls at once and resolves when all are answered, or the turn is over. */
  async #makeBatch(calls: readonly PlayedCall[]): Promise<void> {
    if (calls.length === 0) return;
    const slots = calls.map((played): Slot => ({ played, output: null }));
    const step = { missing: slots.length, complete: Promise.withResolvers<void>() };
    this.#step = step;
    const made = new Map<string, PendingCall>();
    for (const slot of slots) {
      if (this.#over.signal.aborted) return;
      const twin = made.get(slot.played.callId);
      if (twin) this.#cancel(twin);
      made.set(slot.played.callId, this.#makeCall(slot));
    }
    await step.complete.promise;
    this.#results.push(...slots.map(toResult));
  }

  #makeCall(slot: Slot): PendingCall {
    const { epoch, sessionId } = this.#place;
    const requestId = this.#place.nextRequestId();
    const call: HostCall = { epoch, sessionId, turnId: this.id, requestId, ...slot.played };
    const pending = { call, slot };
    this.#pending.set(requestId, pending);
    this.#place.tell({ type: 'call.requested', call });
    return pending;
  }

  /** Codex cancels the first of two calls of one reply that share a call id, unless it was answered. */
  #cancel(pending: PendingCall): void {
    const { call } = pending;
    if (!this.#pending.has(call.requestId)) return;
    this.#settle(pending, cancelledText);
    this.#place.tell({
      type: 'call.withdrawn',
      call,
      reason: 'another call came with its call id',
    });
  }

  #settle({ call, slot }: PendingCall, output: string): void {
    this.#pending.delete(call.requestId);
    slot.output = output;
    if (!this.#step) return;
    this.#step.missing -= 1;
    if (this.#step.missing === 0) this.#step.complete.resolve();
  }

  #tellStarted(): void {
    if (this.#isTold) return;
    this.#isTold = true;
    const { sessionId } = this.#place;
    this.#place.tell({ type: 'turn.started', sessionId, turnId: this.id });
  }
}

function toResult({ played: { callId, tool, namespace }, output }: Slot): ScriptResult {
  return { callId, tool, namespace, output: output ?? '' };
}

/** An answer as the script reads it. */
function outputText({ contentItems }: ToolOutput): string {
  return contentItems
    .map((item) => {
      switch (item.type) {
        case 'inputText':
          return item.text;
        case 'inputImage':
          return item.imageUrl;
        case 'inputAudio':
          return item.audioUrl;
      }
    })
    .join('\n');
}
