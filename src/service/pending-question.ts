/**
 * What waits for somebody to decide: approvals and questions of Codex, and tools of this process that ask
 * before they run. Whoever waits does so within a bound of its own; then nothing is granted.
 */
import type { Clock } from '../env.ts';
import type { HostQuestion } from '../hosts/host.ts';
import type { Limits } from '../limits.ts';
import type { MeshEvent } from '../mesh/event.ts';
import type { PendingApproval } from '../mesh/approvals.ts';
import { isRecord } from '../tools/json.ts';
import type { Frame } from './frame.ts';
import { signalFrame } from './frame.ts';
import { questionKind, type Decision } from './question-answer.ts';

/** A question as clients know it. */
export interface PendingQuestion {
  readonly id: string;
  readonly kind: 'approval' | 'input';
  readonly method: string;
  readonly sessionId: string;
  readonly turnId: string | null;
  readonly itemId: string | null;
  readonly summary: string;
  readonly params: unknown;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
}

/** How a question ended. Without a decision nobody decided in time. */
export interface QuestionEnd {
  readonly status: 'resolved' | 'expired';
  readonly decision: Decision | null;
}

/** What the questions need, and who is told of them. */
export interface PendingQuestionsOptions {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly newRequestId: () => string;
  /** The approvals of a session that the mesh waits for. */
  readonly toolApprovals: (sessionId: string) => readonly PendingApproval[];
  readonly decideTool: (sessionId: string, approvalId: string, isApproved: boolean) => void;
  readonly onAsked: (question: PendingQuestion) => void;
  readonly onEnded: (question: PendingQuestion, end: QuestionEnd) => void;
}

interface Entry {
  readonly question: PendingQuestion;
  /** Passes on what was decided; `result` is what a client wants said word for word. */
  readonly decide: (decision: Decision, result: unknown) => void;
}

const toolMethod = 'item/tool/call';

/** The questions of one service that wait. */
export class PendingQuestions {
  readonly #options: PendingQuestionsOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: PendingQuestionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The policy of a host: the decision of a client, or undefined for what is not shown to clients. */
  readonly policy = (asked: HostQuestion, signal: AbortSignal): unknown => {
    const { method, sessionId, turnId, params } = asked;
    const shown = questionKind(method);
    const isFull = this.#entries.size >= this.#options.limits.remoteCallsMax;
    if (!shown || sessionId === null || isFull || signal.aborted) return undefined;
    const json = isRecord(params) ? params : {};
    const question: PendingQuestion = {
      id: this.#options.newRequestId(),
      kind: shown.kind,
      method,
      sessionId,
      turnId,
      itemId: typeof json.itemId === 'string' ? json.itemId : null,
      summary: shown.summary(json),
      params,
      createdAt: this.#options.clock.now(),
    };
    return new Promise((resolve) => {
      const onAbort = () => {
        this.#end(question.id, { status: 'expired', decision: null });
        resolve(undefined);
      };
      const decide: Entry['decide'] = (decision, result) => {
        signal.removeEventListener('abort', onAbort);
        resolve(result ?? shown.answer(decision, json));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#add({ question, decide });
    });
  };

  /** Follows what the mesh tells of approvals for tools of this process. */
  onMeshEvent(event: MeshEvent): void {
    if (event.type === 'approval.requested') this.#askForTool(event.sessionId, event.approvalId);
    else if (event.type === 'approval.decided') {
      const decision = event.approved ? 'accept' : 'decline';
      this.#end(event.approvalId, { status: 'resolved', decision: { decision, scope: 'turn' } });
    } else if (event.type === 'call.settled') {
      const { sessionId, turnId, callId } = event;
      for (const { question } of this.#entries.values()) {
        const isMeant =
          question.method === toolMethod &&
          question.sessionId === sessionId &&
          question.turnId === turnId &&
          question.itemId === callId;
        if (isMeant) this.#end(question.id, { status: 'expired', decision: null });
      }
    }
  }

  /** What waits in a session, oldest first. */
  list(kind: PendingQuestion['kind'], sessionId: string): readonly PendingQuestion[] {
    return this.all().filter((one) => one.kind === kind && one.sessionId === sessionId);
  }

  /** All that waits, oldest first. */
  all(): readonly PendingQuestion[] {
    return [...this.#entries.values()].map(({ question }) => question);
  }

  /** A question that has not ended, or undefined. */
  find(kind: PendingQuestion['kind'], id: string): PendingQuestion | undefined {
    const question = this.#entries.get(id)?.question;
    return question?.kind === kind ? question : undefined;
  }

  /** Whether it still waits. */
  isOpen(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Decides a question. `result` goes to Codex as it is. */
  decide(id: string, decision: Decision, result?: object): void {
    const entry = this.#entries.get(id);
    entry?.decide(decision, result);
    // A tool's approval ends by its own event.
    this.#end(id, { status: 'resolved', decision });
  }

  #askForTool(sessionId: string, approvalId: string): void {
    const approvals = this.#options.toolApprovals(sessionId);
    const approval = approvals.find(({ id }) => id === approvalId);
    if (!approval) return;
    const { turnId, callId, tool, namespace, requestedAt } = approval;
    const question: PendingQuestion = {
      id: approvalId,
      kind: 'approval',
      method: toolMethod,
      sessionId,
      turnId,
      itemId: callId,
      summary: `Tool approval requested: ${tool}`,
      params: {
        threadId: sessionId,
        turnId,
        callId,
        namespace,
        tool,
        arguments: approval.arguments,
      },
      createdAt: requestedAt,
    };
    const decide: Entry['decide'] = ({ decision }) =>
      this.#options.decideTool(sessionId, approvalId, decision === 'accept');
    this.#add({ question, decide });
  }

  #add(entry: Entry): void {
    this.#entries.set(entry.question.id, entry);
    this.#options.onAsked(entry.question);
  }

  #end(id: string, end: QuestionEnd): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    this.#options.onEnded(entry.question, end);
  }
}

/** The name that a kind of question has for its id, and on the stream. */
const words = {
  approval: { id: 'approvalId', asked: 'approval', ended: 'approval_resolved' },
  input: {
    id: 'requestId',
    asked: 'tool_user_input_requested',
    ended: 'tool_user_input_resolved',
  },
} as const;

/** A question as it stands in lists and on the stream. */
export function questionRow(question: PendingQuestion): object {
  const { id, kind, method, sessionId, turnId, itemId, summary, params, createdAt } = question;
  return {
    [words[kind].id]: id,
    method,
    threadId: sessionId,
    turnId,
    itemId,
    summary,
    details: params ?? null,
    createdAt: new Date(createdAt).toISOString(),
    status: 'pending',
  };
}

/** What a question is told by: the request as such, then its row. */
export function questionFrames(question: PendingQuestion, title: string | null): readonly Frame[] {
  const { id, kind, method, sessionId, turnId, params, createdAt } = question;
  const row = { type: words[kind].asked, threadId: sessionId, payload: questionRow(question) };
  // A tool that asks before it runs is no request of Codex.
  if (method === toolMethod) return [row];
  const signal = signalFrame({
    signalType: 'request',
    method,
    params,
    session: { id: sessionId, title },
    turnId,
    receivedAt: createdAt,
    requestId: id,
  });
  return [signal, row];
}

/** What the end of a question is told by. */
export function questionEndFrame(
  { id, kind, sessionId }: PendingQuestion,
  end: QuestionEnd,
): Frame {
  const payload = { [words[kind].id]: id, status: end.status, ...end.decision };
  return { type: words[kind].ended, threadId: sessionId, payload };
}
