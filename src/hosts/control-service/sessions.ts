/**
 * What is known of the sessions: which are attached, which turn runs in each, which calls are open. Whoever
 * learns something, from the stream or from a read, says it here; what is news is emitted, once. So a turn
 * ends once, however many ways tell of it, and its open calls end before it.
 */
import type { Limits } from '../../limits.ts';
import type { SessionMeshError } from '../../errors.ts';
import type { Clock } from '../../env.ts';
import type { HostCall, HostSignal } from '../host.ts';
import { endingOf, replyOf, turnsOf } from './session-view.ts';
import {
  isSameCall,
  openCall,
  TrackedSession,
  type OpenCall,
  type TurnEnd,
} from './tracked-session.ts';

/** Who is told, and what else the sessions need to know. */
export interface SessionsOptions {
  readonly limits: Limits;
  readonly emit: (signal: HostSignal) => void;
  readonly clock: Clock;
  /** The number of the stream in use. */
  readonly connections: () => number;
  /** A turn has begun or ended. */
  readonly onTurn: (session: TrackedSession) => void;
}

const callsUnderWay = ({ calls }: TrackedSession, turnId: string): readonly OpenCall[] =>
  [...calls.values()].filter(({ call, conclude }) => conclude !== null && call.turnId === turnId);

const isBusy = ({ activeTurnId }: TrackedSession): number => Number(activeTurnId !== null);

/** The sessions of one host. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #attached = new Map<string, TrackedSession>();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Holds a session from now on. */
  attach(id: string): TrackedSession {
    const session = new TrackedSession(id, this.#options.limits.turnsListedMax);
    this.#attached.set(id, session);
    return session;
  }

  /** Lets a session go, with its calls. Returns it if it was held. */
  detach(id: string): TrackedSession | undefined {
    const session = this.#attached.get(id);
    if (!session) return undefined;
    this.#attached.delete(id);
    session.unfollow();
    session.calls.clear();
    if (session.ending) this.#options.clock.clearTimeout(session.ending.timer);
    session.ending = undefined;
    return session;
  }

  get(id: string): TrackedSession | undefined {
    return this.#attached.get(id);
  }

  /** Those in which somebody waits come first. */
  all(): readonly TrackedSession[] {
    return [...this.#attached.values()].toSorted((one, other) => isBusy(other) - isBusy(one));
  }

  /**
   * The service is seen to wait for a call. Returns its entry, and whether it was not known to be open. A
   * request id that comes again for another call means that the first one is over.
   */
  seeCall(session: TrackedSession, call: HostCall): { open: OpenCall; isNew: boolean } {
    const key = String(call.requestId);
    const before = session.calls.get(key);
    const seenDuring = this.#options.connections();
    if (before && isSameCall(before.call, call)) {
      before.seenDuring = seenDuring;
      return { open: before, isNew: false };
    }
    if (before) this.withdraw(session, before.call, 'its request id was given to another call');
    const open = openCall(call, seenDuring);
    session.calls.set(key, open);
    return { open, isNew: true };
  }

  /** Nobody waits for this call any more. */
  withdraw(session: TrackedSession, call: HostCall, reason: string): void {
    session.calls.delete(String(call.requestId));
    this.#options.emit({ type: 'call.withdrawn', call, reason });
  }

  beginTurn(session: TrackedSession, turnId: string): void {
    if (session.ending && session.ending.end.id !== turnId) this.#finishTurn(session);
    if (!session.beginTurn(turnId, this.#options.clock.monotonic())) return;
    this.#options.emit({ type: 'turn.started', sessionId: session.id, turnId });
    this.#options.onTurn(session);
  }

  /**
   * A turn is over. The stream may say so before the reply to the answer that made it end is here, which is
   * waited for, within `answerGraceMs`: the answer did arrive.
   */
  endTurn(session: TrackedSession, end: TurnEnd): void {
    if (session.hasEnded(end.id) || session.ending?.end.id === end.id) return;
    if (session.ending) this.#finishTurn(session);
    for (const { call, conclude } of session.calls.values()) {
      const isOver = call.turnId === end.id && !conclude;
      if (isOver) this.withdraw(session, call, `its turn is over: ${end.status}`);
    }
    const { clock, limits } = this.#options;
    const finish = () => this.#finishTurn(session);
    const timer = clock.setTimeout(finish, limits.answerGraceMs);
    session.ending = { end, timer };
    this.settle(session, 'now');
  }

  /** An answer is under way no longer: a turn that waited for it ends, once its verdict is through. */
  settle(session: TrackedSession, when: 'now' | 'soon' = 'soon'): void {
    const { ending } = session;
    if (!ending || callsUnderWay(session, ending.end.id).length > 0) return;
    if (when === 'now') {
      this.#finishTurn(session);
      return;
    }
    const { clock } = this.#options;
    clock.clearTimeout(ending.timer);
    ending.timer = clock.setTimeout(() => this.#finishTurn(session), 0);
  }

  #finishTurn(session: TrackedSession): void {
    const { ending } = session;
    if (!ending) return;
    const { id: turnId, status, error, reply } = ending.end;
    const { clock, emit, onTurn } = this.#options;
    clock.clearTimeout(ending.timer);
    const underWay = callsUnderWay(session, turnId);
    const arrived = underWay.filter(({ isResolved }) => isResolved);
    if (arrived.length > 0) {
      // The stream has said so; only the reply is missing.
      for (const { conclude } of arrived) conclude?.();
      ending.timer = clock.setTimeout(() => this.#finishTurn(session), 0);
      return;
    }
    for (const { call } of underWay) {
      this.withdraw(session, call, `its turn is over: ${status}`);
    }
    session.ending = undefined;
    if (!session.endTurn(turnId)) return;
    emit({ type: 'turn.ended', sessionId: session.id, turnId, status, error, reply });
    onTurn(session);
  }

  /**
   * Takes in a read of the whole session that was asked for at `askedAtMs`: the turn that was active has
   * ended, if it did, and the one that runs now begins. A turn that began well before and is not in it left
   * no trace and never will.
   */
  observe(session: TrackedSession, detail: unknown, askedAtMs: number): void {
    const { turnsListedMax, turnLandingMs } = this.#options.limits;
    const turns = turnsOf(detail, turnsListedMax);
    for (const { id } of turns) session.noteTurn(id);
    const { activeTurnId } = session;
    const seen = turns.find(({ id }) => id === activeTurnId);
    const status = endingOf(seen?.status ?? null);
    if (seen && status) {
      const reply = replyOf(detail, seen.id);
      this.endTurn(session, { id: seen.id, status, error: seen.error, reply });
    } else if (
      activeTurnId !== null &&
      !seen &&
      askedAtMs - session.activeSinceMs > turnLandingMs
    ) {
      const error = 'the service lost all trace of the turn';
      this.endTurn(session, { id: activeTurnId, status: 'interrupted', error, reply: null });
    }
    const newest = turns.at(-1);
    if (newest?.status === 'inProgress') this.beginTurn(session, newest.id);
  }

  /** The session is over for us. Says so if it was attached. */
  lose(id: string, cause: SessionMeshError): void {
    const session = this.#attached.get(id);
    if (!session) return;
    for (const { call } of session.calls.values()) {
      this.withdraw(session, call, 'its session is gone');
    }
    this.detach(id);
    this.#options.emit({ type: 'session.gone', sessionId: id, cause });
    this.#options.onTurn(session);
  }

  clear(): void {
    for (const id of this.#attached.keys()) this.detach(id);
  }
}
