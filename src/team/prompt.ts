/** What members are told: once when their session opens, and at the start of each turn. */
import type { TeamMember } from './definition.ts';
import type { TurnCause } from './event.ts';

/** The developer instructions of a member's session. */
export function memberInstructions(member: TeamMember, names: readonly string[]): string {
  const { name, role, steps, instructions } = member;
  return [
    `You are "${name}", a member of a team of coding agents: ${names.join(', ')}.`,
    `Your role: ${role}`,
    '',
    'The team shares a board. Take work, hand it on and report results through the team_* tools ' +
      'only; what you merely write in a reply reaches nobody. Make at least one tool call before ' +
      'you answer.',
    ...(instructions === undefined ? [] : ['', instructions]),
    '',
    'In each turn:',
    ...steps.map((step, index) => `${index + 1}. ${step}`),
    '',
    'If a tool call is refused, the answer says why: act on that, and do not repeat the call ' +
      'unchanged. End your turn with one line that says what you did.',
  ].join('\n');
}

/** What a member is told when a turn starts. */
export interface TurnBriefing {
  readonly member: string;
  readonly cause: TurnCause;
  /** Tasks in its queue. */
  readonly queueDepth: number;
  /** What the team lacks to be complete, one line a point. */
  readonly missing: readonly string[];
}

function reasonLine({ cause, queueDepth }: TurnBriefing): string {
  const queue =
    queueDepth === 0 ? 'Your queue is empty.' : `${queueDepth} in your queue; start by pulling.`;
  switch (cause) {
    case 'work':
      return `There is work for you: ${queue}`;
    case 'retry':
      return (
        `Your last turn was cut short, and the task you held went back to your queue. ${queue} ` +
        'Read the board for what you did before, and do only what is still to be done.'
      );
    case 'nudge':
      return `The team has come to a stop and needs you. ${queue}`;
  }
}

/** The text that starts a turn. Its first word names the member. */
export function turnText(briefing: TurnBriefing): string {
  const { member, cause, missing } = briefing;
  const lines = [`${member}: ${reasonLine(briefing)}`];
  if (cause !== 'work' && missing.length > 0) {
    lines.push('The team still lacks:', ...missing.map((point) => `- ${point}`));
  }
  lines.push('Follow your steps, with the team_* tools only; call at least one before you answer.');
  return lines.join('\n');
}
