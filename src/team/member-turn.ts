/**
 * One turn of one member, as the board remembers it. Its invariants:
 * - a call that comes again is given the same answer and changes nothing;
 * - a call of a turn that is over changes nothing, however late it comes.
 *
 * The id of a turn is learnt from its first call, because a session tells it at the end only.
 */
import { ToolError } from '../tools/contract.ts';
import type { BoardAnswer, BoardCommand, CallKey } from './command.ts';

interface MemberTurnOptions {
  /** 1 for the member's first turn. */
  readonly number: number;
  /** When the turn is interrupted at the latest, in milliseconds since the Unix epoch. */
  readonly deadline: number;
  readonly callsMax: number;
  /** Whether a turn with this id ended before. */
  readonly isOver: (turnId: string) => boolean;
}

export class MemberTurn {
  readonly number: number;
  readonly deadline: number;
  /** Artifacts that were on the board when the member last looked at it in this turn. */
  artifactsSeen = 0;
  /** Tasks that the member queued in this turn. */
  handOffs = 0;
  /** Whether anything came of the turn so far. */
  changed = false;
  /** The task that the member finished last in this turn. */
  finishedTask: string | null = null;

  readonly #options: MemberTurnOptions;
  /** By call id and command: models use an id twice, and then it is another call. */
  readonly #answers = new Map<string, BoardAnswer>();
  #turnId: string | null = null;
  #over = false;

  constructor(options: MemberTurnOptions) {
    this.number = options.number;
    this.deadline = options.deadline;
    this.#options = options;
  }

  /** The id of the turn, or null before its first call. */
  get turnId(): string | null {
    return this.#turnId;
  }

  /** Whether the turn has ended. */
  get over(): boolean {
    return this.#over;
  }

  /** No call is taken any more; what was answered is still answered again. */
  end(): void {
    this.#over = true;
  }

  /**
   * The answer to `call`: of `run`, or the one given before to the same command.
   * @throws ToolError when the turn is over, or its calls are used up.
   */
  answer(call: CallKey, command: BoardCommand, run: () => BoardAnswer): BoardAnswer {
    const { callsMax, isOver } = this.#options;
    const key = `${call.callId} ${JSON.stringify(command)}`;
    const known = call.turnId === this.#turnId ? this.#answers.get(key) : undefined;
    if (known !== undefined) return known;
    const foreign = this.#turnId !== null && this.#turnId !== call.turnId;
    if (this.#over || foreign || isOver(call.turnId)) {
      throw new ToolError('The turn of this call is over. Nothing was changed.');
    }
    if (this.#answers.size >= callsMax) {
      throw new ToolError(`No more than ${callsMax} team calls fit into one turn. End it now.`);
    }
    this.#turnId = call.turnId;
    const answer = run();
    this.#answers.set(key, answer);
    return answer;
  }
}
