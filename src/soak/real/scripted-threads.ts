/**
 * The threads of a scripted app-server: turns that ask for tools and wait for the answers, as Codex does.
 *
 * - Request ids are integers from 0 in each process, shared by all threads. An open request keeps its id
 *   when it is sent again, and is sent again after each `thread/resume`, in this process only.
 * - The first answer to an id counts, whoever sends it; another one is ignored without a word.
 * - Nothing here times out.
 */
import type { Env } from '../../env.ts';
import { isRecord } from '../../tools/json.ts';
import type { Mind } from './model-mind.ts';
import { ThreadStore, wireTurn, type StoredStatus } from './thread-store.ts';
import { findCanary, formatCanary, hashOf, type Testify } from './witness.ts';

/** Who hears of a thread. */
export interface Listener {
  send(message: object): void;
}

interface OpenRequest {
  readonly id: number;
  readonly thread: Thread;
  readonly params: {
    readonly threadId: string;
    readonly turnId: string;
    readonly callId: string;
    readonly namespace: null;
    readonly tool: string;
    readonly arguments: unknown;
  };
}

interface ActiveTurn {
  readonly id: string;
  made: number;
  readonly open: Set<OpenRequest>;
}

interface Thread {
  readonly id: string;
  readonly listeners: Set<Listener>;
  isResumable: boolean;
  turn: ActiveTurn | null;
}

/** What the threads need. */
export interface ScriptedThreadsOptions {
  /** Names the life of the process, in canaries and histories. */
  readonly epoch: string;
  readonly storePath: string;
  readonly mind: Pick<Mind, 'step'>;
  readonly env: Env;
  readonly testify: Testify;
}

export class ScriptedThreads {
  readonly #options: ScriptedThreadsOptions;
  readonly #store: ThreadStore;
  /** Threads that this process has loaded. */
  readonly #loaded = new Map<string, Thread>();
  readonly #requests = new Map<number, OpenRequest>();
  #nextId = 0;

  constructor(options: ScriptedThreadsOptions) {
    this.#options = options;
    this.#store = new ThreadStore(options.storePath);
  }

  get stats() {
    return { threads: this.#loaded.size, open: this.#requests.size, issued: this.#nextId };
  }

  create(listener: Listener): string {
    const id = this.#options.env.id();
    this.#load(id, false).listeners.add(listener);
    return id;
  }

  /** Something of it is written, so it can be resumed. */
  keep(id: string): void {
    const thread = this.#loaded.get(id);
    if (!thread || thread.isResumable) return;
    thread.isResumable = true;
    this.#store.note({ thread: id, turn: null, status: 'completed', clientId: null });
  }

  /** The newest turns, newest first, or null for a thread that cannot be resumed. */
  resume(id: string, listener: Listener): readonly object[] | null {
    const isKnown = this.#loaded.get(id)?.isResumable ?? this.#store.threads.has(id);
    if (!isKnown) return null;
    this.#load(id, true).listeners.add(listener);
    return this.turns(id);
  }

  /** Sends the open requests of a thread again: what follows the answer to `thread/resume`. */
  repeat(id: string, listener: Listener): void {
    for (const request of this.#loaded.get(id)?.turn?.open ?? []) this.#ask(request, [listener]);
  }

  turns(id: string): readonly object[] {
    return (this.#store.threads.get(id) ?? []).toReversed().map(wireTurn);
  }

  /** The user messages of one turn. */
  messages(id: string, turnId: string): readonly object[] {
    const turn = this.#store.threads.get(id)?.find((one) => one.id === turnId);
    return (turn?.clientIds ?? []).map((clientId) => ({
      turnId,
      item: { type: 'userMessage', clientId, content: [] },
    }));
  }

  isLoaded(id: string): boolean {
    return this.#loaded.has(id);
  }

  activeTurn(id: string): string | null {
    return this.#loaded.get(id)?.turn?.id ?? null;
  }

  /** Begins a turn, or adds to the one that is active. Resolves to its id; null if it is not loaded. */
  startTurn(id: string, clientId: string | null): string | null {
    const thread = this.#loaded.get(id);
    if (!thread) return null;
    thread.isResumable = true;
    const turnId = thread.turn?.id ?? this.#options.env.id();
    this.#store.note({ thread: id, turn: turnId, status: 'inProgress', clientId });
    if (thread.turn) return turnId;
    thread.turn = { id: turnId, made: 0, open: new Set() };
    this.#testifyTurn('world.turn.began', thread, turnId, null);
    // The answer to the request comes before the turn's own words.
    afterAnswers(() => this.#begin(thread, turnId));
    return turnId;
  }

  interrupt(id: string): void {
    const thread = this.#loaded.get(id);
    if (thread) this.#end(thread, 'interrupted');
  }

  unsubscribe(id: string, listener: Listener): boolean {
    return this.#loaded.get(id)?.listeners.delete(listener) ?? false;
  }

  /** A connection is gone. Its threads go on. */
  forget(listener: Listener): void {
    for (const { listeners } of this.#loaded.values()) listeners.delete(listener);
  }

  /** The thread is archived or deleted: its turn is interrupted. */
  unload(id: string): void {
    this.interrupt(id);
    this.#loaded.delete(id);
  }

  /** An answer. */
  answer(id: unknown, result: unknown, isError: boolean): void {
    // An id of another type is dropped, as an unparseable message is.
    if (typeof id !== 'number') return;
    const request = this.#requests.get(id);
    const text = textOf(result);
    const computedFor = text === null ? null : findCanary(text);
    const answerHash = hashOf(result);
    const { testify, epoch } = this.#options;
    if (!request) {
      testify({
        type: 'world.answer.stray',
        runtime: null,
        epoch,
        requestId: id,
        answerHash,
        computedFor,
      });
      return;
    }
    const success = !isError && isRecord(result) && result.success === true;
    this.#requests.delete(id);
    const { thread } = request;
    thread.turn?.open.delete(request);
    testify({
      type: 'world.answer.taken',
      runtime: null,
      ...this.#callOf(request),
      success,
      answerHash,
      computedFor,
    });
    if (thread.turn?.open.size === 0) this.#step(thread, thread.turn);
  }

  close(): void {
    this.#store.close();
  }

  #load(id: string, isResumable: boolean): Thread {
    const known = this.#loaded.get(id);
    if (known) return known;
    const thread: Thread = { id, listeners: new Set(), isResumable, turn: null };
    this.#loaded.set(id, thread);
    return thread;
  }

  #begin(thread: Thread, turnId: string): void {
    if (thread.turn?.id !== turnId) return;
    const turn = { id: turnId, status: 'inProgress', error: null, items: [] };
    this.#tell(thread, 'turn/started', { threadId: thread.id, turn });
    this.#step(thread, thread.turn);
  }

  #step(thread: Thread, turn: ActiveTurn): void {
    const step = this.#options.mind.step(turn.made);
    if (!step) {
      this.#end(thread, 'completed');
      return;
    }
    const { testify, epoch } = this.#options;
    for (const fault of new Set(step.oddities)) {
      const faultId = `${fault} ${epoch} ${this.#nextId}`;
      const target = `session ${thread.id}`;
      testify({ type: 'world.fault.began', fault, faultId, target, lasts: false, detail: null });
    }
    const requests = step.calls.map(({ tool, act, ms }) => {
      const id = this.#nextId;
      this.#nextId += 1;
      turn.made += 1;
      const canary = formatCanary({ epoch, requestId: id, number: `${turn.made}` });
      const given = act === 'misfit' ? { canary, ms: 'soon' } : { canary, ms, act };
      const callId = `call_${turn.made}`;
      const ids = { threadId: thread.id, turnId: turn.id, callId, namespace: null };
      const request = { id, thread, params: { ...ids, tool, arguments: given } };
      this.#requests.set(id, request);
      turn.open.add(request);
      const argumentsHash = hashOf(given);
      const call = this.#callOf(request);
      testify({ type: 'world.call.issued', ...call, argumentsHash, canary });
      return request;
    });
    for (const request of requests) this.#ask(request, thread.listeners);
  }

  #ask({ id, params }: OpenRequest, listeners: Iterable<Listener>): void {
    for (const listener of listeners) listener.send({ method: 'item/tool/call', id, params });
  }

  #end(thread: Thread, status: Exclude<StoredStatus, 'inProgress'>): void {
    const { turn } = thread;
    if (!turn) return;
    thread.turn = null;
    for (const { id } of turn.open) this.#requests.delete(id);
    this.#store.note({ thread: thread.id, turn: turn.id, status, clientId: null });
    this.#testifyTurn('world.turn.ended', thread, turn.id, status);
    const stored = this.#store.threads.get(thread.id)?.find(({ id }) => id === turn.id);
    if (stored) {
      this.#tell(thread, 'turn/completed', { threadId: thread.id, turn: wireTurn(stored) });
    }
  }

  #tell({ listeners }: Thread, method: string, params: object): void {
    for (const listener of listeners) listener.send({ method, params });
  }

  #callOf({ id, params }: OpenRequest) {
    const { threadId: sessionId, turnId, callId, tool } = params;
    return { epoch: this.#options.epoch, sessionId, turnId, callId, requestId: id, tool };
  }

  #testifyTurn(
    type: 'world.turn.began' | 'world.turn.ended',
    { id: sessionId }: Thread,
    turnId: string,
    status: string | null,
  ): void {
    const { testify, epoch } = this.#options;
    testify({ type, epoch, sessionId, turnId, status });
  }
}

/** The text of a tool result, or null if it has none. */
function textOf(result: unknown): string | null {
  if (!isRecord(result) || !Array.isArray(result.contentItems)) return null;
  const texts = result.contentItems.flatMap((item: unknown) =>
    isRecord(item) && typeof item.text === 'string' ? item.text : [],
  );
  return texts.length > 0 ? texts.join('\n') : null;
}

/** After what was read so far is answered. */
function afterAnswers(work: () => void): void {
  queueMicrotask(() => queueMicrotask(work));
}
