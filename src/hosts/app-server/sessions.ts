/**
 * What is known of the threads: which are attached, which turn runs in each, which calls are open.
 * Whoever learns something, from the stream or from an answer, says it here; what is news is emitted,
 * once. So a turn ends once, however many ways tell of it, and its open calls end before it.
 */
import type { SessionMeshError } from '../../errors.ts';
import type { HostCall, HostSignal, SessionSettings, TurnStatus } from '../host.ts';
import { AttachedSession } from './attached-session.ts';
import { OpenCalls, type OpenCall } from './calls.ts';
import type { Link } from './link.ts';
import type { Turn } from './protocol.ts';

/** How a turn ended. */
export interface TurnEnd {
  readonly id: string;
  readonly status: TurnStatus;
  readonly error: string | null;
  readonly reply: string | null;
}

const hasEnded = (turn: Turn): turn is Turn & TurnEnd => turn.status !== 'inProgress';

const isBusy = ({ activeTurnId }: AttachedSession): number => Number(activeTurnId !== null);

/** The threads of one host. */
export class Sessions {
  readonly #emit: (signal: HostSignal) => void;
  readonly #turnsKeptMax: number;
  readonly #attached = new Map<string, AttachedSession>();
  readonly #calls = new OpenCalls();

  constructor(emit: (signal: HostSignal) => void, turnsKeptMax: number) {
    this.#emit = emit;
    this.#turnsKeptMax = turnsKeptMax;
  }

  /** Holds a thread from now on. The one that is held already is replaced. */
  attach(id: string, settings: SessionSettings): AttachedSession {
    const session = new AttachedSession({ id, settings, turnsKeptMax: this.#turnsKeptMax });
    this.#attached.set(id, session);
    return session;
  }

  /** Lets a thread go, with its calls. Returns it if it was held. */
  detach(id: string): AttachedSession | undefined {
    const session = this.#attached.get(id);
    this.#attached.delete(id);
    for (const call of this.#ofSession(id)) this.#calls.delete(call);
    return session;
  }

  get(id: string): AttachedSession | undefined {
    return this.#attached.get(id);
  }

  /** Those in which somebody waits come first. */
  all(): readonly AttachedSession[] {
    return [...this.#attached.values()].toSorted((one, other) => isBusy(other) - isBusy(one));
  }

  /** The server asks for a call; maybe not for the first time. */
  requestCall(call: OpenCall): void {
    const displaced = this.#calls.add(call);
    if (displaced) {
      const reason = 'its host process has ended';
      this.#emit({ type: 'call.withdrawn', call: displaced, reason });
    }
    this.#emit({ type: 'call.requested', call });
  }

  /** Exactly this call as it came last, or undefined if the server does not wait for it. */
  find(call: HostCall): OpenCall | undefined {
    return this.#calls.find(call);
  }

  /**
   * Whether an answer over `link` reaches whoever asked: the call came over it, or its thread was found
   * to be the same after it was made.
   */
  isReachable(open: OpenCall, link: Link): boolean {
    return open.link === link || this.#attached.get(open.sessionId)?.link === link;
  }

  openCalls(sessionId: string): readonly HostCall[] {
    return this.#ofSession(sessionId);
  }

  /** The server has the answer. */
  settleCall(call: HostCall): void {
    this.#calls.delete(call);
  }

  beginTurn(sessionId: string, turnId: string): void {
    if (this.#attached.get(sessionId)?.beginTurn(turnId)) {
      this.#emit({ type: 'turn.started', sessionId, turnId });
    }
  }

  endTurn(sessionId: string, end: TurnEnd): void {
    const calls = this.#calls.filter(
      (call) => call.sessionId === sessionId && call.turnId === end.id,
    );
    this.#withdraw(calls, `its turn is over: ${end.status}`);
    if (!this.#attached.get(sessionId)?.endTurn(end.id)) return;
    const { id: turnId, status, error, reply } = end;
    this.#emit({ type: 'turn.ended', sessionId, turnId, status, error, reply });
  }

  /** Takes in one turn as the server describes it. */
  observeTurn(sessionId: string, turn: Turn): void {
    if (hasEnded(turn)) this.endTurn(sessionId, turn);
    else this.beginTurn(sessionId, turn.id);
  }

  /**
   * Takes in the newest turns of a thread, newest first: the turn that was active has ended, if it did,
   * and the one that runs now begins. A turn that is not among them left no trace and never will.
   */
  observe({ id, activeTurnId }: AttachedSession, turns: readonly Turn[]): void {
    if (activeTurnId !== null) {
      const seen = turns.find((turn) => turn.id === activeTurnId);
      const error = 'the host lost all trace of the turn';
      if (seen) this.observeTurn(id, seen);
      else this.endTurn(id, { id: activeTurnId, status: 'interrupted', error, reply: null });
    }
    const [newest] = turns;
    if (newest?.status === 'inProgress') this.beginTurn(id, newest.id);
  }

  /** The thread is over for us. Says so if it was attached. */
  lose(sessionId: string, cause: SessionMeshError): void {
    this.#withdraw(this.#ofSession(sessionId), 'its session is gone');
    if (!this.#attached.delete(sessionId)) return;
    this.#emit({ type: 'session.gone', sessionId, cause });
  }

  /** Calls of other epochs than this one can never be answered any more. */
  withdrawEarlier(epoch: string | null, reason: string): void {
    this.#withdraw(
      this.#calls.filter((call) => call.epoch !== epoch),
      reason,
    );
  }

  /** Calls of threads that are not attached end with the link that brought them: nobody resumes those. */
  withdrawStrays(reason: string): void {
    this.#withdraw(
      this.#calls.filter((call) => !this.#attached.has(call.sessionId)),
      reason,
    );
  }

  clear(): void {
    this.#attached.clear();
    this.#calls.clear();
  }

  #ofSession(sessionId: string): readonly HostCall[] {
    return this.#calls.filter((call) => call.sessionId === sessionId);
  }

  #withdraw(calls: readonly HostCall[], reason: string): void {
    for (const call of calls) {
      this.#calls.delete(call);
      this.#emit({ type: 'call.withdrawn', call, reason });
    }
  }
}
