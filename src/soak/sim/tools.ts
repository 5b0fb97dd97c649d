/** The tools of a simulated runtime: handlers that say when they start, and then do as they are told. */
import { ToolError, type JsonSchema, type Tool, type ToolCall } from '../../tools/contract.ts';
import { tool } from '../../tools/index.ts';
import { argumentsSchema, readArguments, type CallArguments } from './call-arguments.ts';
import type { Stage } from './place.ts';
import type { SimProcess } from './process.ts';
import { hashOf, worldCall } from './witness.ts';

type Ending = 'returned' | 'threw' | 'aborted';

/** Something that a handler threw on purpose. */
const reasons: readonly [unknown, ...unknown[]] = [
  new Error('a handler broke'),
  'a text that was thrown',
  undefined,
];

/** The session that tools were made for; known once it is open. */
export interface ToolOwner {
  sessionId: string;
}

/** One call of one tool. */
interface Job {
  readonly call: ToolCall;
  readonly asked: CallArguments;
  readonly isRepeatable: boolean;
  readonly owner: ToolOwner;
}

/** The work of one call. */
class Work {
  readonly #stage: Stage;
  readonly #process: SimProcess;
  readonly #call: ToolCall;
  readonly #asked: CallArguments;
  readonly #isRepeatable: boolean;
  readonly #owner: ToolOwner;

  constructor(stage: Stage, process: SimProcess, { call, asked, isRepeatable, owner }: Job) {
    this.#stage = stage;
    this.#process = process;
    this.#call = call;
    this.#asked = asked;
    this.#isRepeatable = isRepeatable;
    this.#owner = owner;
  }

  run(): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    if (!this.#process.isAlive) return promise;
    const number = this.#noteStart();
    if (this.#dies('at a start')) return promise;
    const { act, ms } = this.#asked;
    const finish = () => {
      if (act === 'throw') {
        this.#noteEnd('threw', null);
        reject(this.#reason());
        return;
      }
      const text = this.#result(number);
      this.#noteEnd('returned', text);
      if (!this.#dies('at an end')) resolve(text);
    };
    const signal = act === 'abort' ? this.#call.signal : null;
    if (signal) {
      signal.addEventListener('abort', () => {
        this.#noteEnd('aborted', null);
        reject(signal.reason);
      });
    } else if (act !== 'hang') this.#process.after(act === 'late' ? ms + 60_000 : ms, finish);
    return promise;
  }

  #reason(): unknown {
    const { random } = this.#stage.dice;
    return random.chance(0.5) ? new ToolError('it cannot be done') : random.pick(reasons);
  }

  #result(number: number): string {
    const { canary, act } = this.#asked;
    const text = `done ${canary} by ${this.#process.name}, start ${number}`;
    return act === 'huge' ? `${text} ${'x'.repeat(300_000)}` : text;
  }

  #noteStart(): number {
    const { witness, accuse } = this.#stage;
    const { canary } = this.#asked;
    const issued = witness.calls.get(canary);
    if (!issued) {
      accuse('I3', `a handler was given ${canary}, which no call had`);
      return 0;
    }
    witness.note({
      type: 'world.handler.started',
      ...worldCall(issued),
      runtime: this.#process.name,
      boundTo: this.#owner.sessionId,
      argumentsHash: hashOf(JSON.stringify(this.#call.arguments)),
      repeatable: this.#isRepeatable,
    });
    return this.#call.attempt;
  }

  #noteEnd(as: Ending, text: string | null): void {
    const { witness } = this.#stage;
    const issued = witness.calls.get(this.#asked.canary);
    if (!issued || !this.#process.isAlive) return;
    const resultHash = text === null ? null : hashOf(text);
    const runtime = this.#process.name;
    witness.note({ type: 'world.handler.ended', ...worldCall(issued), runtime, as, resultHash });
  }

  #dies(where: string): boolean {
    if (!this.#stage.dice.hits('crash-point', `${this.#process.name} ${where}`)) return false;
    this.#process.end();
    return true;
  }
}

/** Says what the tools of a simulation promise. */
export function declareTools({ witness, limits }: Stage): void {
  const note = (tool: string, timeoutMs: number, repeatable = false) =>
    witness.note({ type: 'world.tool.declared', tool, repeatable, ordered: true, timeoutMs });
  note('work', limits.handlerTimeoutMs);
  note('again', limits.handlerTimeoutMs, true);
  note('line', limits.handlerTimeoutMs);
  note('quick', quickTimeoutMs);
}

const quickTimeoutMs = 1_000;

/** The schema of every tool: from the first one on as a tool has read it, which is not read again. */
let inputSchema: JsonSchema = argumentsSchema;

/** The tools of one session. `again` may run twice, `line` runs one at a time, `quick` has a short deadline. */
export function simTools(stage: Stage, process: SimProcess, owner: ToolOwner): readonly Tool[] {
  const make = (name: string, policy: object, isRepeatable = false): Tool => {
    const made = tool({
      name,
      description: `The tool ${name} of a simulation.`,
      input: inputSchema,
      ...policy,
      execute: (input: unknown, call: ToolCall) =>
        new Work(stage, process, { call, asked: readArguments(input), isRepeatable, owner }).run(),
    });
    inputSchema = made.inputSchema;
    return made;
  };
  return [
    make('work', {}),
    make('again', { effects: 'repeatable' }, true),
    make('line', { serial: true }),
    make('quick', { timeoutMs: quickTimeoutMs }),
  ];
}
