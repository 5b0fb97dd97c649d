/** What a scripted model asks for: drawn from a seed, at the rate and with the oddities of a plan. */
import type { FaultPlan } from '../fault-plan.ts';

/** How the model behaves; parts are from 0 to 1. */
export interface MindOptions {
  /** Calls of one turn. */
  readonly callsPerTurn: number;
  /** Calls of one step, side by side, at most. */
  readonly callsPerStep: number;
  /** Steps that ask for far more calls than usual. */
  readonly burst: number;
  readonly handlerThrow: number;
  readonly handlerHang: number;
  /** Calls of tools that do not exist, or with arguments that do not fit. */
  readonly stranger: number;
}

/** How odd a plan of faults wants the model to be. */
export function oddsIn(plan: FaultPlan): Omit<MindOptions, 'callsPerTurn' | 'callsPerStep'> {
  return {
    burst: plan.burst ?? 0,
    handlerThrow: plan['handler-throw'] ?? 0,
    handlerHang: plan['handler-hang'] ?? 0,
    stranger: plan.stranger ?? 0,
  };
}

/** One call of a step, without its canary. */
export interface MindCall {
  readonly tool: string;
  readonly act: 'return' | 'throw' | 'hang' | 'misfit';
  /** How long the handler works, in milliseconds; 0 answers at once. */
  readonly ms: number;
}

/** Calls of a burst: few enough that none is refused as too many. */
const burstCalls = 48;

/** What a step asks for, and which oddities it holds. */
export interface MindStep {
  readonly calls: readonly MindCall[];
  readonly oddities: readonly ('burst' | 'handler-throw' | 'handler-hang' | 'stranger')[];
}

export class Mind {
  readonly #options: MindOptions;
  readonly #random: () => number;

  constructor(options: MindOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  /** The next step of a turn that made `made` calls so far; null when it is over. */
  step(made: number): MindStep | null {
    const { callsPerTurn, callsPerStep, burst } = this.#options;
    const left = callsPerTurn - made;
    if (left <= 0) return null;
    const isBurst = this.#hits(burst);
    const usual = 1 + Math.floor(this.#random() * callsPerStep);
    const count = isBurst ? burstCalls : Math.min(left, usual);
    const calls = Array.from({ length: count }, () => this.#call());
    const oddities = calls.flatMap(({ act, tool }) => {
      if (act === 'throw') return ['handler-throw' as const];
      if (act === 'hang') return ['handler-hang' as const];
      return act === 'misfit' || tool === 'nonsense' ? ['stranger' as const] : [];
    });
    return { calls, oddities: isBurst ? ['burst', ...oddities] : oddities };
  }

  #call(): MindCall {
    const { handlerThrow, handlerHang, stranger } = this.#options;
    const tool = this.#hits(0.2) ? 'again' : 'work';
    const ms = this.#hits(0.3) ? Math.floor(this.#random() * 8) : 0;
    if (this.#hits(stranger)) {
      return this.#hits(0.5)
        ? { tool: 'nonsense', act: 'return', ms }
        : { tool, act: 'misfit', ms };
    }
    if (this.#hits(handlerThrow)) return { tool, act: 'throw', ms };
    return { tool, act: this.#hits(handlerHang) ? 'hang' : 'return', ms };
  }

  #hits(part: number): boolean {
    return part > 0 && this.#random() < part;
  }
}
