/**
 * Tells the turns of a session apart. Codex sends the model the whole conversation with every request
 * and never says where a turn begins, so what was seen of each session is remembered here.
 */
import type { ScriptResult, ScriptStep } from '../hosts/simulated/script.ts';
import type { ModelInput, ModelRequest } from './model-request.ts';

/** What is known of the turn that a session is in. */
interface KnownTurn {
  readonly id: string;
  /** How many turns came before it. */
  readonly number: number;
  readonly text: string;
  /** Where the item that began it stands in the conversation. */
  readonly start: number;
  /** How long the conversation was at its last request. */
  readonly length: number;
}

export class ModelTurns {
  readonly #sessionsMax: number;
  /** In the order in which the sessions were last seen. */
  readonly #turns = new Map<string, KnownTurn>();

  /** Remembers `sessionsMax` sessions; the turns of one that was forgotten are counted from its history. */
  constructor(sessionsMax: number) {
    this.#sessionsMax = sessionsMax;
  }

  /** The step that a request asks for. */
  step(request: ModelRequest): ScriptStep {
    const { sessionId, instructions, tools, input } = request;
    const turn = this.#turnOf(request);
    this.#remember(sessionId, turn);
    const since = input.slice(turn.start + 1);
    return {
      sessionId,
      instructions,
      text: turn.text,
      steers: since.flatMap((item) => (item.type === 'user' ? [item.text] : [])),
      turn: turn.number,
      results: resultsOf(since),
      tools,
    };
  }

  /** The conversation of this session is about to be rewritten, so places in it mean nothing any more. */
  compact(sessionId: string): void {
    const known = this.#turns.get(sessionId);
    if (known) this.#turns.set(sessionId, { ...known, length: Infinity });
  }

  #turnOf({ sessionId, turnId, input }: ModelRequest): KnownTurn {
    const known = this.#turns.get(sessionId);
    const { length } = input;
    if (known?.id === turnId) return { ...known, length };
    const start = known ? findNext(input, known) : findFirst(input);
    const number = known ? known.number + 1 : countTurns(input.slice(0, start));
    return { id: turnId, number, text: textAt(input, start), start, length };
  }

  #remember(sessionId: string, turn: KnownTurn): void {
    this.#turns.delete(sessionId);
    this.#turns.set(sessionId, turn);
    const [oldest] = this.#turns.keys();
    if (this.#turns.size > this.#sessionsMax && oldest !== undefined) this.#turns.delete(oldest);
  }
}

const isUser = ({ type }: ModelInput): boolean => type === 'user';
const isOfModel = ({ type }: ModelInput): boolean => type !== 'user' && type !== 'context';

/** What the user said next; in a conversation that was shortened (compacted), what was said last. */
function findNext(input: readonly ModelInput[], known: KnownTurn): number {
  const next = input.findIndex((item, index) => index >= known.length && isUser(item));
  return next >= 0 ? next : input.findLastIndex(isUser);
}

/** In a session never seen before: what the user said first since the model's last word. */
function findFirst(input: readonly ModelInput[]): number {
  const lastOfModel = input.findLastIndex(isOfModel);
  const first = input.findIndex((item, index) => index > lastOfModel && isUser(item));
  return first >= 0 ? first : input.findLastIndex(isUser);
}

/** What a user says after a tool's result is a steer; anything else begins a turn. */
function countTurns(history: readonly ModelInput[]): number {
  return history.filter((item, index) => isUser(item) && history[index - 1]?.type !== 'result')
    .length;
}

function textAt(input: readonly ModelInput[], index: number): string {
  const item = input[index];
  return item?.type === 'user' ? item.text : '';
}

function resultsOf(items: readonly ModelInput[]): ScriptResult[] {
  const calls = new Map<string, Extract<ModelInput, { type: 'call' }>>();
  return items.flatMap((item) => {
    if (item.type === 'call') calls.set(item.callId, item);
    if (item.type !== 'result') return [];
    const { callId, output } = item;
    const { tool = '', namespace = null } = calls.get(callId) ?? {};
    return [{ callId, tool, namespace, output }];
  });
}
