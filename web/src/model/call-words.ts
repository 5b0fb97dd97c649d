/** The steps of a call in words: what happened, and why. */
import type { CallStep, CallView } from '../../../src/history/view.ts';

/** How a step is to be taken. */
export type Tone = 'plain' | 'good' | 'bad' | 'warn';

/** A step for people. */
export interface StepWords {
  readonly name: string;
  readonly reason: string;
  readonly tone: Tone;
}

const sources: Readonly<Record<string, string>> = {
  signal: 'the stream pushed it',
  polling: 'it stood in the list of pending calls',
};

const outcomes: Readonly<Record<string, string>> = {
  answered: 'the host has confirmed the answer',
  refused: 'the host will never take the answer',
  expired: 'it passed its deadline; the model was told',
  cancelled: 'its turn or its session was over first',
  abandoned: 'the host no longer knows the call',
  unknown: 'a crash hid whether its handler finished, so it does not run again',
};

function settled({ detail }: CallStep, { submissions }: CallView): StepWords {
  const [outcome = '', code] = (detail ?? '').split(': ');
  const again =
    submissions > 1 ? ` The answer was handed over ${submissions} times until then.` : '';
  const why = outcomes[outcome] ?? '';
  const reason = `${why}${code && outcome !== 'answered' ? ` (${code})` : ''}.${again}`;
  return { name: outcome, reason, tone: outcome === 'answered' ? 'good' : 'bad' };
}

/** What a step says to a person. */
export function stepWords(step: CallStep, call: CallView): StepWords {
  const { type, detail } = step;
  const source = sources[detail ?? ''] ?? '';
  switch (type) {
    case 'call.claimed':
      return { name: 'Claimed', reason: source, tone: 'plain' };
    case 'call.started':
      return { name: 'Handler started', reason: 'there was a free slot for it', tone: 'plain' };
    case 'call.answered':
      return detail === null
        ? { name: 'Answer recorded', reason: 'before it was handed over', tone: 'good' }
        : { name: 'Failure recorded', reason: `${detail}; the model is told`, tone: 'bad' };
    case 'call.settled':
      return settled(step, call);
    case 'call.repeated': {
      const how = source === '' ? (detail ?? '') : `${source} once more`;
      const reason = `${how}: a duplicate. The ledger has its key, so its handler does not run again.`;
      return { name: 'Came again', reason, tone: 'warn' };
    }
    case 'call.declined':
      return { name: 'Not taken', reason: detail ?? '', tone: 'warn' };
    case 'call.late':
      return { name: 'Late result dropped', reason: 'the call was over by then', tone: 'warn' };
    case 'approval.requested':
      return { name: 'Waits for a person', reason: 'its tool asks before it runs', tone: 'warn' };
    case 'approval.decided': {
      const isApproved = detail === 'approved';
      const reason = isApproved ? '' : (detail ?? '').replace(/^denied: /, '');
      return {
        name: isApproved ? 'Approved' : 'Denied',
        reason,
        tone: isApproved ? 'good' : 'bad',
      };
    }
    case 'world.call.issued':
      return { name: 'Codex asked', reason: 'seen from outside', tone: 'plain' };
    case 'world.handler.started':
      return { name: 'Handler says it began', reason: `in ${detail ?? '?'}`, tone: 'plain' };
    case 'world.handler.ended':
      return { name: 'Handler says it ended', reason: detail ?? '', tone: 'plain' };
    case 'world.answer.taken':
      return { name: 'Codex has the answer', reason: detail ?? '', tone: 'good' };
    case 'world.answer.refused':
      return { name: 'Codex refused the answer', reason: '', tone: 'bad' };
    case 'world.ledger.call':
      return { name: 'In the ledger', reason: detail ?? '', tone: 'plain' };
    case 'world.process.ended':
      return { name: 'Its runtime went', reason: detail ?? '', tone: 'bad' };
    default:
      return { name: type, reason: detail ?? '', tone: 'plain' };
  }
}

/** The state of the call machine that fits where a call is. */
export function chartState({ state, code }: CallView): string {
  switch (state) {
    case 'issued':
    case 'approval':
      return 'waiting';
    case 'lost':
      return 'unknown';
    case 'submitting':
      return code === 'handler_timeout' ? 'expiring' : 'submitting';
    default:
      return state;
  }
}
