/**
 * The far side of the simulated host: threads and their turns, behaving as `codex app-server` does, with
 * a script in the place of the model. It knows nothing of links: what happens is told to one listener,
 * and whether that reaches anybody is decided there.
 *
 * - R1 Request ids count from 0 in each epoch and are shared by all threads.
 * - R2 Threads, their tools and their count of turns outlive an epoch; turns and calls end with it.
 */
import { SessionMeshError } from '../../errors.ts';
import type { ToolOutput } from '../../tools/contract.ts';
import type { AnswerVerdict, HostCall, HostTool } from '../host.ts';
import type { Script } from './script.ts';
import { toolNames, type ToolNames } from './tool-names.ts';
import { SimulatedTurn, type Surroundings } from './turn.ts';

interface Thread {
  readonly id: string;
  readonly instructions: string;
  readonly tools: ToolNames;
  turnsEnded: number;
  turn: SimulatedTurn | null;
}

export class SimulatedServer {
  readonly #script: Script;
  readonly #threads = new Map<string, Thread>();
  #surroundings: Surroundings | null = null;
  #epoch = '';
  #requestsMade = 0;

  constructor(script: Script) {
    this.#script = script;
  }

  /** The present epoch, or the last one while the server is down. */
  get epoch(): string {
    return this.#epoch;
  }

  get isUp(): boolean {
    return this.#surroundings !== null;
  }

  /** Begins an epoch. */
  boot(surroundings: Surroundings): void {
    this.#surroundings = surroundings;
    this.#epoch = surroundings.env.id();
    this.#requestsMade = 0;
  }

  /** Ends the epoch: every turn is interrupted, every call withdrawn, for good (R2). */
  shutDown(): void {
    for (const { turn } of this.#threads.values()) turn?.end({ status: 'interrupted' });
    this.#surroundings = null;
  }

  /** Begins a thread and returns its id. */
  open(instructions: string, tools: readonly HostTool[]): string {
    return this.#keep({ instructions, tools: toolNames(tools), turnsEnded: 0 });
  }

  /** Begins a thread with the tools and the history of another, and returns its id. */
  fork(sessionId: string): string {
    const { instructions, tools, turnsEnded } = this.#thread(sessionId);
    return this.#keep({ instructions, tools, turnsEnded });
  }

  has(sessionId: string): boolean {
    return this.#threads.has(sessionId);
  }

  /** The active turn of a thread, or null. */
  activeTurn(sessionId: string): string | null {
    return this.#thread(sessionId).turn?.id ?? null;
  }

  /** Ends the thread's turn and forgets the thread. */
  remove(sessionId: string): void {
    this.#threads.get(sessionId)?.turn?.end({ status: 'interrupted' });
    this.#threads.delete(sessionId);
  }

  /** Begins a turn and returns its id; while one is active its text is added to that one, as in Codex. */
  startTurn(sessionId: string, text: string): string {
    const thread = this.#thread(sessionId);
    if (thread.turn) {
      thread.turn.steer(text);
      return thread.turn.id;
    }
    const turn = new SimulatedTurn(
      {
        ...this.#up(),
        script: this.#script,
        epoch: this.#epoch,
        sessionId,
        instructions: thread.instructions,
        tools: thread.tools,
        number: thread.turnsEnded,
        nextRequestId: () => this.#requestsMade++,
        onOver: () => {
          thread.turn = null;
          thread.turnsEnded += 1;
        },
      },
      text,
    );
    thread.turn = turn;
    void turn.run();
    return turn.id;
  }

  steer(sessionId: string, turnId: string, text: string): void {
    this.#active(sessionId, turnId).steer(text);
  }

  /** Ends the turn at once. */
  interrupt(sessionId: string, turnId: string): void {
    this.#active(sessionId, turnId).end({ status: 'interrupted' });
  }

  /** The calls of this thread that nobody answered yet, oldest first. */
  pendingCalls(sessionId: string): HostCall[] {
    return this.#thread(sessionId).turn?.pendingCalls() ?? [];
  }

  /** Hands an answer to the turn that waits for it. */
  answer(call: HostCall, output: ToolOutput): AnswerVerdict {
    if (call.epoch !== this.#epoch) return { type: 'abandoned', reason: 'its epoch is over' };
    const isTaken = this.#threads.get(call.sessionId)?.turn?.answer(call, output) ?? false;
    return isTaken
      ? { type: 'answered' }
      : { type: 'abandoned', reason: 'nobody waits for this call' };
  }

  #up(): Surroundings {
    if (this.#surroundings) return this.#surroundings;
    throw new SessionMeshError('stream_closed', { found: 'a server that is down' });
  }

  #thread(sessionId: string): Thread {
    const thread = this.#threads.get(sessionId);
    if (thread) return thread;
    throw new SessionMeshError('session_unknown', { sessionId });
  }

  #active(sessionId: string, turnId: string): SimulatedTurn {
    const { turn } = this.#thread(sessionId);
    if (turn?.id === turnId) return turn;
    throw new SessionMeshError('turn_none', {
      expected: turn ? `the active turn ${turn.id}` : 'an active turn',
      found: turnId,
      sessionId,
    });
  }

  #keep(thread: Pick<Thread, 'instructions' | 'tools' | 'turnsEnded'>): string {
    const { env, limits } = this.#up();
    if (this.#threads.size >= limits.sessionsMax) throw new SessionMeshError('sessions_full');
    const id = env.id();
    this.#threads.set(id, { ...thread, id, turn: null });
    return id;
  }
}
