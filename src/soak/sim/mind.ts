/**
 * The simulated Codex and its model, whatever way it is reached by: threads, turns, and calls that wait.
 *
 * - A request id is a counter of the process: it begins at 0 in each life.
 * - A call waits until it is answered or its turn is over; nothing here ever times out.
 * - The end of the process interrupts every turn; threads outlive it, what was just begun may not.
 */
import { failureText } from '../../tools/failure.ts';
import type { Dice } from './dice.ts';
import { canaryOf, type CallArguments } from './call-arguments.ts';
import type { SimProcess } from './process.ts';
import type { Random } from '../random.ts';
import type { World } from './world.ts';
import {
  canaryIn,
  hashAnswer,
  hashOf,
  worldCall,
  type IssuedCall,
  type Witness,
} from './witness.ts';

/** A turn, as it is kept with its thread. */
export interface SimTurn {
  readonly id: string;
  status: 'inProgress' | 'completed' | 'failed' | 'interrupted';
  error: string | null;
  reply: string | null;
  /** What the user said, with the id that the client gave to it. */
  readonly said: { readonly clientId: string | null; readonly text: string }[];
  readonly startedAtMs: number;
  steps: number;
  /** Calls of the current step that wait. */
  waiting: number;
}

/** A thread. It outlives the process. */
export interface SimThread {
  readonly id: string;
  readonly tools: readonly string[];
  title: string | null;
  readonly turns: SimTurn[];
  /** Whether anything of it is on the disk, so that it can be resumed. */
  isWritten: boolean;
  /** Calls that its model may still make. */
  callsLeft: number;
  /** The process that has it open; nobody else may. */
  writer: SimProcess | null;
  /** Every handler of it hangs or is slow. */
  isHogged: boolean;
}

/** What is left of Codex between its lives. */
export interface Library {
  readonly threads: Map<string, SimThread>;
  readonly deleted: Set<string>;
  names: number;
}

/** A call that waits for an answer. */
export interface WaitingCall {
  readonly number: number;
  readonly thread: SimThread;
  readonly turn: SimTurn;
  readonly issued: IssuedCall;
  readonly arguments: unknown;
}

/** Who carries what the mind says to the clients. */
export interface MindListener {
  onCall(call: WaitingCall): void;
  onTurnStarted(thread: SimThread, turn: SimTurn): void;
  onTurnEnded(thread: SimThread, turn: SimTurn): void;
  /** It is answered, or nobody waits for it any more. */
  onOver(call: WaitingCall, isAnswered: boolean, success: boolean): void;
}

/** An answer, and who sent it. */
export interface GivenAnswer {
  readonly runtime: string;
  readonly success: boolean;
  readonly text: string;
}

/** What a mind is made of. */
export interface MindOptions {
  readonly world: World;
  readonly process: SimProcess;
  readonly library: Library;
  readonly dice: Dice;
  readonly witness: Witness;
  readonly callsMax: number;
  /** The request id as clients are told it. */
  readonly requestIdOf: (number: number) => string | number;
  /** The epoch as runtimes name it. */
  readonly epoch: string;
  /** Something is wrong that no history would show. */
  readonly accuse: (invariant: string, what: string) => void;
  /** Whether the answer to a call is on a disk, where there is one. */
  readonly isRecorded: (call: IssuedCall) => boolean;
}

/** What a model is told of a call that came under the key of another. */
const keyReused = failureText({ kind: 'key_reused' });

/** How long a handler of a session takes that is slow for a while. */
const hoggedMs = 4_000;

/** One life of one Codex. */
export class Mind {
  readonly #options: MindOptions;
  readonly #random: Random;
  readonly waiting = new Map<number, WaitingCall>();
  /** The answers that came, by the number of their call. */
  readonly #answers = new Map<number, string>();
  /** The numbers under which something else was asked for once more. */
  readonly #reused = new Set<number>();
  listener: MindListener | null = null;
  #requests = 0;

  constructor(options: MindOptions) {
    this.#options = options;
    this.#random = options.process.random.fork('model');
    options.process.whenDead(() => this.#die());
  }

  thread(id: string): SimThread | undefined {
    return this.#options.library.threads.get(id);
  }

  createThread(tools: readonly string[]): SimThread {
    const { library, process, callsMax } = this.#options;
    library.names += 1;
    const thread: SimThread = {
      id: `thread-${library.names}`,
      tools,
      title: null,
      turns: [],
      isWritten: false,
      callsLeft: callsMax,
      writer: process,
      isHogged: false,
    };
    library.threads.set(thread.id, thread);
    return thread;
  }

  deleteThread(thread: SimThread): void {
    const { library } = this.#options;
    const active = activeTurn(thread);
    if (active) this.endTurn(thread, active, 'interrupted', null);
    library.threads.delete(thread.id);
    library.deleted.add(thread.id);
  }

  /** Begins a turn, or adds to the one that runs. */
  say(thread: SimThread, text: string, clientId: string | null): SimTurn {
    const active = activeTurn(thread);
    if (active) {
      active.said.push({ clientId, text });
      return active;
    }
    const { library, world } = this.#options;
    library.names += 1;
    const turn: SimTurn = {
      id: `turn-${library.names}`,
      status: 'inProgress',
      error: null,
      reply: null,
      said: [{ clientId, text }],
      startedAtMs: world.nowMs,
      steps: this.#random.between(1, 3),
      waiting: 0,
    };
    thread.turns.push(turn);
    this.#noteTurn('world.turn.began', thread, turn);
    // The answer to whoever began it comes first.
    this.#options.process.after(1, () => {
      if (turn.status === 'inProgress') this.listener?.onTurnStarted(thread, turn);
    });
    this.#think(thread, turn);
    return turn;
  }

  interrupt(thread: SimThread, turn: SimTurn): void {
    if (turn.status === 'inProgress') this.endTurn(thread, turn, 'interrupted', null);
  }

  /** Takes an answer. False if nobody waits for it. */
  answer(number: number, { runtime, success, text }: GivenAnswer): boolean {
    // It is said of the other call, for which nobody waits.
    if (text === keyReused && this.#reused.has(number)) return false;
    const call = this.waiting.get(number);
    const { witness, epoch, requestIdOf, accuse, isRecorded } = this.#options;
    const answerHash = hashAnswer(success, text);
    const computedFor = canaryIn(text);
    const before = this.#answers.get(number);
    if (before !== undefined && before !== answerHash) {
      accuse('I3', `call ${number} of ${epoch} was given two different answers: ${text}`);
    }
    this.#answers.set(number, answerHash);
    if (text === keyReused) accuse('I1', `call ${number} of ${epoch} was taken for another one`);
    if (!call) {
      const requestId = requestIdOf(number);
      const given = { runtime, answerHash, computedFor };
      witness.note({ type: 'world.answer.stray', epoch, requestId, ...given });
      return false;
    }
    this.waiting.delete(number);
    const { thread, turn, issued } = call;
    if (computedFor !== null && !isRecorded(issued)) {
      accuse('I8', `${computedFor} was answered before its answer was recorded`);
    }
    const which = worldCall(issued);
    const given = { runtime, success, answerHash, computedFor };
    witness.note({ type: 'world.answer.taken', ...which, ...given });
    this.listener?.onOver(call, true, success);
    turn.waiting -= 1;
    if (turn.waiting === 0) this.#think(thread, turn);
    return true;
  }

  /** Now and then a call that was answered is followed by another one under its key. */
  reuse({ turn, issued, ...call }: WaitingCall): WaitingCall | null {
    const { dice, witness } = this.#options;
    if (turn.status !== 'inProgress' || !dice.hits('reuse', `session ${issued.sessionId}`))
      return null;
    this.#reused.add(call.number);
    const other: CallArguments = { canary: issued.canary, ms: -1, act: 'return' };
    witness.issued({ ...issued, argumentsHash: hashOf(JSON.stringify(other)) });
    return { ...call, turn, issued, arguments: other };
  }

  /** The calls of a thread that wait, oldest first. */
  waitingIn(threadId: string): readonly WaitingCall[] {
    return [...this.waiting.values()].filter(({ thread }) => thread.id === threadId);
  }

  endTurn(
    thread: SimThread,
    turn: SimTurn,
    status: 'completed' | 'failed' | 'interrupted',
    reply: string | null,
  ): void {
    turn.status = status;
    turn.reply = reply;
    if (status === 'failed') turn.error = 'the model went away';
    thread.isWritten = true;
    for (const [number, call] of this.waiting) {
      if (call.turn !== turn) continue;
      this.waiting.delete(number);
      this.listener?.onOver(call, false, false);
    }
    this.#noteTurn('world.turn.ended', thread, turn);
    this.listener?.onTurnEnded(thread, turn);
  }

  #think(thread: SimThread, turn: SimTurn): void {
    this.#options.process.after(this.#random.between(20, 400), () => {
      if (turn.status === 'inProgress' && turn.waiting === 0) this.#step(thread, turn);
    });
  }

  /** One step of the model: some calls, or the end of the turn. */
  #step(thread: SimThread, turn: SimTurn): void {
    const { dice } = this.#options;
    turn.steps -= 1;
    if (turn.steps < 0 || thread.callsLeft <= 0) {
      const isFailed = this.#random.chance(0.03);
      this.endTurn(thread, turn, isFailed ? 'failed' : 'completed', isFailed ? null : 'done');
      return;
    }
    const isBurst = dice.hits('burst', `session ${thread.id}`);
    const wanted = isBurst ? this.#random.between(12, 100) : this.#random.between(1, 3);
    // A burst may go beyond the budget: it is there to fill queues.
    const count = isBurst ? wanted : Math.min(wanted, thread.callsLeft);
    thread.callsLeft -= count;
    turn.waiting = count;
    const callIds: string[] = [];
    for (let index = 0; index < count; index += 1) {
      // A model whose stream broke may ask again under the same call id.
      const again = callIds.length > 0 && this.#random.chance(0.02) ? callIds[0] : undefined;
      const callId = again ?? `call_${this.#requests}_${turn.id}`;
      callIds.push(callId);
      this.#ask(thread, turn, callId);
    }
  }

  #ask(thread: SimThread, turn: SimTurn, callId: string): void {
    const { dice, witness, epoch, requestIdOf } = this.#options;
    const number = this.#requests;
    this.#requests += 1;
    const canary = canaryOf(this.#options.world, witness.calls.size);
    const isStranger = dice.hits('stranger', `session ${thread.id}`);
    const { tool, args } = isStranger
      ? this.#strangeCall(canary)
      : { tool: this.#pickTool(thread), args: this.#arguments(canary, thread) };
    const issued: IssuedCall = {
      epoch,
      sessionId: thread.id,
      turnId: turn.id,
      callId,
      requestId: requestIdOf(number),
      tool,
      canary,
      argumentsHash: hashOf(JSON.stringify(args)),
    };
    const call: WaitingCall = { number, thread, turn, issued, arguments: args };
    this.waiting.set(number, call);
    witness.issued(issued);
    this.listener?.onCall(call);
  }

  #pickTool(thread: SimThread): string {
    const [first = 'work', ...others] = thread.tools;
    return this.#random.chance(0.6) ? first : this.#random.pick([first, ...others]);
  }

  #strangeCall(canary: string): { tool: string; args: unknown } {
    return this.#random.pick<{ tool: string; args: unknown }>([
      { tool: 'no_such_tool', args: { canary } },
      { tool: 'work', args: { canary, ms: 'soon', act: 'return' } },
      { tool: 'work', args: [canary] },
      { tool: 'again', args: null },
    ]);
  }

  #arguments(canary: string, { id, isHogged }: SimThread): CallArguments {
    const { dice } = this.#options;
    const target = `session ${id}`;
    const ms = this.#random.chance(0.1)
      ? this.#random.between(0, 3_000)
      : this.#random.between(0, 80);
    if (isHogged)
      return { canary, ms: hoggedMs, act: this.#requests % 2 === 0 ? 'hang' : 'return' };
    if (dice.hits('handler-throw', target)) return { canary, ms, act: 'throw' };
    if (dice.hits('handler-hang', target)) {
      return { canary, ms, act: this.#random.pick(['hang', 'late', 'huge', 'abort']) };
    }
    return { canary, ms, act: 'return' };
  }

  #noteTurn(type: 'world.turn.began' | 'world.turn.ended', thread: SimThread, turn: SimTurn): void {
    const { witness, epoch } = this.#options;
    const status = turn.status === 'inProgress' ? null : turn.status;
    witness.note({ type, epoch, sessionId: thread.id, turnId: turn.id, status });
  }

  #die(): void {
    const { library, process, world } = this.#options;
    this.listener = null;
    for (const thread of library.threads.values()) {
      if (thread.writer !== process) continue;
      thread.writer = null;
      const active = activeTurn(thread);
      if (active) {
        active.status = 'interrupted';
        this.#noteTurn('world.turn.ended', thread, active);
        // What was begun just before was not on the disk yet.
        const isYoung = world.nowMs - active.startedAtMs < 300;
        if (isYoung && this.#random.chance(0.3)) thread.turns.pop();
      }
      if (!thread.isWritten) library.threads.delete(thread.id);
    }
    this.waiting.clear();
  }
}

/** The turn of a thread that runs, or undefined. */
export function activeTurn(thread: SimThread): SimTurn | undefined {
  return thread.turns.findLast(({ status }) => status === 'inProgress');
}
