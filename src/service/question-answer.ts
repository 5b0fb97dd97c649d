/** What Codex asks besides tool calls, in words, and what a client's decision is in the words of Codex. */
import { isRecord } from '../tools/json.ts';

/** What a client decides. */
export interface Decision {
  readonly decision: 'accept' | 'decline' | 'cancel';
  /** For how long an approval holds. */
  readonly scope: 'turn' | 'session';
}

type Json = Readonly<Record<string, unknown>>;

interface QuestionKind {
  /** Approvals are granted; input is given. */
  readonly kind: 'approval' | 'input';
  readonly summary: (params: Json) => string;
  readonly answer: (decision: Decision, params: Json) => unknown;
}

function choose({ decision, scope }: Decision): unknown {
  const isLasting = decision === 'accept' && scope === 'session';
  return { decision: isLasting ? 'acceptForSession' : decision };
}

function grant({ decision, scope }: Decision, { permissions }: Json): unknown {
  if (decision !== 'accept') return { permissions: {}, scope: 'turn' };
  const asked = Object.entries(isRecord(permissions) ? permissions : {});
  // What was not asked for comes as null, and null cannot be granted.
  return { permissions: Object.fromEntries(asked.filter(([, value]) => value !== null)), scope };
}

function review({ decision, scope }: Decision): unknown {
  if (decision === 'cancel') return { decision: 'abort' };
  if (decision === 'decline')
    return { decision: { denied: { rejection: 'Nobody approved this.' } } };
  return { decision: scope === 'session' ? 'approved_for_session' : 'approved' };
}

function commandOf({ command }: Json): string {
  const words = Array.isArray(command) ? command.map(String).join(' ') : command;
  return typeof words === 'string' ? `: ${words}` : '';
}

const reasonOf = ({ reason }: Json): string => (typeof reason === 'string' ? `: ${reason}` : '');

const kinds: ReadonlyMap<string, QuestionKind> = new Map<string, QuestionKind>([
  [
    'item/commandExecution/requestApproval',
    {
      kind: 'approval',
      summary: (params) => `Command approval requested${commandOf(params)}`,
      answer: choose,
    },
  ],
  [
    'item/fileChange/requestApproval',
    {
      kind: 'approval',
      summary: (params) => `File change approval requested${reasonOf(params)}`,
      answer: choose,
    },
  ],
  [
    'item/permissions/requestApproval',
    {
      kind: 'approval',
      summary: (params) => `Permissions requested${reasonOf(params)}`,
      answer: grant,
    },
  ],
  [
    'execCommandApproval',
    {
      kind: 'approval',
      summary: (params) => `Command approval requested${commandOf(params)}`,
      answer: review,
    },
  ],
  [
    'applyPatchApproval',
    {
      kind: 'approval',
      summary: (params) => `File change approval requested${reasonOf(params)}`,
      answer: review,
    },
  ],
  [
    'item/tool/requestUserInput',
    { kind: 'input', summary: () => 'User input requested', answer: () => ({ answers: {} }) },
  ],
]);

/** How a question is shown to clients, or undefined for one that is none of theirs. */
export function questionKind(method: string): QuestionKind | undefined {
  return kinds.get(method);
}
