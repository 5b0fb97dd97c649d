/**
 * The actor of one session, and what the mesh keeps of its last snapshot so that a call can consult it
 * without stepping it. A root actor: it can crash alone, and is then started anew within a bound.
 */
import { createActor, type Actor } from 'xstate';
import {
  acceptsCalls,
  dispatchModeOf,
  isLinkLost,
  sessionMachine,
  type CallSource,
  type DispatchMode,
  type SessionEvent,
  type SessionInput,
  type SessionSnapshot,
} from '../../machines/session.ts';
import type { Clock } from '../env.ts';
import { messageOf } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';

/** The top-level state of a session. */
export type SessionPhase = 'draft' | 'opening' | 'running' | 'closing' | 'closed' | 'failed';

export interface SessionActorContext {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly logger: Logger;
}

function phaseOf({ value }: SessionSnapshot): SessionPhase {
  if (typeof value === 'string') return value;
  return 'running' in value ? 'running' : 'closing';
}

export class SessionActor {
  readonly #context: SessionActorContext;
  readonly #input: SessionInput;
  #actor: Actor<typeof sessionMachine>;
  #snapshot: SessionSnapshot;
  #crashesMs: number[] = [];
  /** Told after every step that changed something. */
  listener: (() => void) | undefined;

  phase: SessionPhase = 'draft';
  dispatchMode: DispatchMode = 'neutral';
  acceptsSignal = false;
  acceptsPolling = false;

  constructor(context: SessionActorContext, input: SessionInput) {
    this.#context = context;
    this.#input = input;
    this.#actor = this.#start();
    this.#snapshot = this.#actor.getSnapshot();
  }

  /** The state value, for charts. */
  get state(): SessionSnapshot['value'] {
    return this.#snapshot.value;
  }
  get turnId(): string | null {
    return this.#snapshot.context.turnId;
  }
  /** The code of the error that ended the session, or null. */
  get failure(): string | null {
    return this.#snapshot.context.failure;
  }
  get isLinked(): boolean {
    return !isLinkLost(this.#snapshot);
  }
  get isTurnIdle(): boolean {
    return this.#snapshot.matches({ running: { turn: 'idle' } });
  }
  get isReleasing(): boolean {
    return this.#snapshot.matches({ closing: 'releasing' });
  }
  get isOver(): boolean {
    return this.phase === 'closed' || this.phase === 'failed';
  }

  accepts(source: CallSource): boolean {
    return source === 'signal' ? this.acceptsSignal : this.acceptsPolling;
  }

  /** Steps the machine. A session that is over takes no events. */
  send(event: SessionEvent): void {
    if (!this.isOver) this.#actor.send(event);
  }

  /** Stops the actor and its timers. Idempotent. */
  stop(): void {
    this.#actor.stop();
  }

  #start(): Actor<typeof sessionMachine> {
    const actor = createActor(sessionMachine, { input: this.#input, clock: this.#context.clock });
    actor.subscribe({
      next: (snapshot) => this.#onSnapshot(snapshot),
      error: (thrown) => this.#onCrash(thrown),
    });
    return actor.start();
  }

  #onSnapshot(snapshot: SessionSnapshot): void {
    if (snapshot === this.#snapshot) return;
    this.#snapshot = snapshot;
    this.phase = phaseOf(snapshot);
    this.dispatchMode = dispatchModeOf(snapshot);
    this.acceptsSignal = acceptsCalls(snapshot, 'signal');
    this.acceptsPolling = acceptsCalls(snapshot, 'polling');
    this.listener?.();
  }

  /** A fresh actor takes the place of the crashed one, in the same place of its life. */
  #onCrash(thrown: unknown): void {
    const { clock, limits, logger } = this.#context;
    logger.error({ error: messageOf(thrown) }, 'a session actor crashed');
    const nowMs = clock.monotonic();
    this.#crashesMs = this.#crashesMs.filter((atMs) => nowMs - atMs < limits.restartWindowMs);
    this.#crashesMs.push(nowMs);
    const { phase, turnId, isLinked } = this;
    this.#actor = this.#start();
    for (const event of [{ type: 'open' }, { type: 'opened' }] as const) this.send(event);
    if (this.#crashesMs.length > limits.sessionRestartsMax || phase !== 'running') {
      this.send({ type: 'link.gone', code: 'session_failed' });
      return;
    }
    if (turnId !== null) this.send({ type: 'turn.started', turnId });
    if (!isLinked) this.send({ type: 'link.lost' });
  }
}
