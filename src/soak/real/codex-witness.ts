/**
 * Testifies for the real Codex, which does not do so itself: its model is a script of ours, and what it
 * says to the runtimes passes our proxies.
 */
import type { WorldCall } from '../../history/record.ts';
import type { Script, ScriptResult, ScriptStep } from '../../hosts/simulated/script.ts';
import { isRecord, parseRecord } from '../../tools/json.ts';
import type { Mind } from './model-mind.ts';
import { findCanary, formatCanary, hashOf, parseCanary, type Testify } from './witness.ts';

/** Stands for the epoch in canaries: which process will ask is not known when the model is asked. */
const unknownEpoch = 'real';

/** Calls that are remembered; the oldest is forgotten. */
const callsMax = 100_000;

/** What Codex itself says in place of a result. */
const noAnswer = /^aborted|was cancelled before receiving a response|^unsupported call/;

type Ids = Pick<WorldCall, 'epoch' | 'requestId'>;

interface KnownCall {
  readonly call: WorldCall;
  isAnswered: boolean;
}

export class CodexWitness {
  readonly #mind: Pick<Mind, 'step'>;
  readonly #testify: Testify;
  readonly #epoch: () => string;
  /** By the number in the canary. */
  readonly #calls = new Map<number, KnownCall>();
  readonly #endedTurns = new Set<string>();
  #asked = 0;

  /** @param epoch names the process that runs now */
  constructor(mind: Pick<Mind, 'step'>, testify: Testify, epoch: () => string) {
    this.#mind = mind;
    this.#testify = testify;
    this.#epoch = epoch;
  }

  /** What the model does. */
  readonly script: Script = (step) => {
    for (const result of step.results) this.#onResult(result);
    const next = this.#mind.step(step.results.length);
    if (!next) return { text: 'all calls are answered' };
    this.#tellOddities(step, next.oddities);
    return {
      calls: next.calls.map(({ tool, act, ms }) => {
        const number = (this.#asked += 1);
        const canary = formatCanary({ epoch: unknownEpoch, requestId: number, number: 'x' });
        const given = act === 'misfit' ? { canary, ms: 'soon' } : { canary, ms, act };
        return { tool, callId: `call_${number}`, arguments: given };
      }),
    };
  };

  /** Something that Codex says to a runtime. */
  onFrame(text: string): void {
    if (!text.includes('item/tool/call') && !text.includes('turn')) return;
    const { method, id, params, result } = parseRecord(text) ?? {};
    if (method === 'item/tool/call' && typeof id === 'number' && isRecord(params)) {
      this.#onCall(id, params);
    }
    if (method === 'turn/completed' && isRecord(params)) {
      this.#onTurn(params.threadId, params.turn);
    }
    const page = isRecord(result) ? result.initialTurnsPage : undefined;
    const thread = isRecord(result) && isRecord(result.thread) ? result.thread.id : undefined;
    if (!isRecord(page) || !Array.isArray(page.data)) return;
    for (const turn of page.data) this.#onTurn(thread, turn);
  }

  /** Who really asked for a call, by what its canary says; null for the canary of somebody else. */
  idsOf({ epoch, requestId }: Ids): Ids | null {
    if (epoch !== unknownEpoch || typeof requestId !== 'number') return null;
    return this.#calls.get(requestId)?.call ?? null;
  }

  #onCall(requestId: number, params: Readonly<Record<string, unknown>>): void {
    const { threadId: sessionId, turnId, callId, tool, arguments: given } = params;
    const canary = isRecord(given) && typeof given.canary === 'string' ? given.canary : null;
    const number = canary === null ? undefined : parseCanary(canary)?.requestId;
    if (canary === null || number === undefined || this.#calls.has(number)) return;
    const epoch = this.#epoch();
    if (typeof sessionId !== 'string' || typeof turnId !== 'string') return;
    if (typeof callId !== 'string' || typeof tool !== 'string') return;
    const call: WorldCall = { epoch, sessionId, turnId, callId, requestId, tool };
    this.#calls.set(number, { call, isAnswered: false });
    const [oldest] = this.#calls.keys();
    if (this.#calls.size > callsMax && oldest !== undefined) this.#calls.delete(oldest);
    this.#testify({ type: 'world.call.issued', ...call, argumentsHash: hashOf(given), canary });
  }

  #onResult({ callId, output }: ScriptResult): void {
    const known = this.#calls.get(Number(callId.replace('call_', '')));
    if (!known || known.isAnswered || noAnswer.test(output)) return;
    known.isAnswered = true;
    const computedFor = findCanary(output);
    this.#testify({
      type: 'world.answer.taken',
      runtime: null,
      ...known.call,
      success: computedFor !== null,
      answerHash: hashOf(output),
      computedFor,
    });
  }

  #onTurn(sessionId: unknown, turn: unknown): void {
    if (typeof sessionId !== 'string' || !isRecord(turn)) return;
    const { id: turnId, status } = turn;
    if (typeof turnId !== 'string' || typeof status !== 'string' || status === 'inProgress') return;
    const key = `${sessionId} ${turnId}`;
    if (this.#endedTurns.has(key)) return;
    this.#endedTurns.add(key);
    const epoch = this.#epoch();
    this.#testify({ type: 'world.turn.ended', epoch, sessionId, turnId, status });
  }

  #tellOddities({ sessionId }: ScriptStep, oddities: readonly string[]): void {
    for (const fault of new Set(oddities)) {
      const faultId = `${fault} ${this.#asked}`;
      const target = `session ${sessionId}`;
      this.#testify({
        type: 'world.fault.began',
        fault,
        faultId,
        target,
        lasts: false,
        detail: null,
      });
    }
  }
}
