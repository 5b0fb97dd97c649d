/**
 * The tools of a runtime under test. Each start leaves a line in a file that is only ever appended to,
 * and a record in the history, before anything else happens.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Env } from '../../env.ts';
import type { Tool, ToolCall } from '../../tools/contract.ts';
import { tool } from '../../tools/index.ts';
import { isRecord } from '../../tools/json.ts';
import { hashOf, parseCanary, type Witness } from './witness.ts';

const schema = {
  type: 'object',
  properties: {
    canary: { type: 'string' },
    ms: { type: 'number' },
    act: { type: 'string' },
  },
  required: ['canary', 'ms'],
  additionalProperties: false,
} as const;

/** What the tools need. */
export interface SoakToolsOptions {
  /** The life of the runtime. */
  readonly runtime: string;
  readonly startsPath: string;
  readonly witness: Witness;
  readonly env: Env;
}

/** Tools for the sessions of one runtime. */
export class SoakTools {
  readonly #options: SoakToolsOptions;
  readonly #starts: number;

  constructor(options: SoakToolsOptions) {
    this.#options = options;
    this.#starts = openSync(options.startsPath, 'a', 0o600);
  }

  /** The tools of one session. `bound` is filled in with its id as soon as that is known. */
  of(bound: { sessionId: string | null }): readonly Tool[] {
    return [this.#tool('work', bound), this.#tool('again', bound)];
  }

  close(): void {
    closeSync(this.#starts);
  }

  #tool(name: 'work' | 'again', bound: { sessionId: string | null }): Tool {
    const effects = name === 'again' ? 'repeatable' : 'at-most-once';
    return tool({
      name,
      description: `Does ${name}.`,
      input: schema,
      effects,
      execute: (input: unknown, call: ToolCall) => this.#run(input, call, bound),
    });
  }

  #run(input: unknown, call: ToolCall, bound: { sessionId: string | null }): unknown {
    const { canary, ms, act } = isRecord(input) ? input : {};
    if (typeof canary !== 'string' || typeof ms !== 'number') throw new TypeError('no canary');
    writeSync(this.#starts, `${canary}\n`);
    const { witness, runtime, env } = this.#options;
    const { epoch, requestId } = parseCanary(canary) ?? { epoch: '', requestId: -1 };
    const { sessionId, turnId, callId, tool: name } = call;
    const ids = { epoch, sessionId, turnId, callId, requestId, tool: name };
    witness.write({
      type: 'world.handler.started',
      runtime,
      boundTo: bound.sessionId ?? sessionId,
      ...ids,
      argumentsHash: hashOf(call.arguments),
      repeatable: name === 'again',
    });
    const end = (as: 'returned' | 'threw' | 'aborted', result: string | null) => {
      const resultHash = result === null ? null : hashOf(result);
      witness.write({ type: 'world.handler.ended', runtime, ...ids, as, resultHash });
    };
    if (act === 'hang') return this.#hang(call, () => end('aborted', null));
    const finish = () => {
      if (act === 'throw') {
        end('threw', null);
        throw new Error('a handler broke');
      }
      const result = `done ${canary}`;
      end('returned', result);
      return result;
    };
    if (ms === 0) return finish();
    return new Promise<void>((resolve) => env.clock.setTimeout(resolve, ms)).then(finish);
  }

  /** Ends only when it is made to. */
  #hang({ signal }: ToolCall, onEnd: () => void): Promise<never> {
    return new Promise((_, reject) => {
      const onAbort = () => {
        onEnd();
        reject(signal.reason);
      };
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
