/** What waits for a person, as the feed lists it. */
import type { PendingApproval } from '../../mesh/approvals.ts';
import type { PendingQuestion } from '../pending-question.ts';
import type { WaitingRow } from './frame.ts';

/** A question of a service. */
export function listedQuestion(question: PendingQuestion): WaitingRow {
  const { id, kind, sessionId, turnId, method, summary, params, createdAt } = question;
  return {
    id,
    kind,
    sessionId,
    turnId,
    method,
    summary,
    details: params ?? null,
    createdAt,
    deadline: null,
  };
}

/** What is known of an approval; of a recorded one that is not everything. */
type KnownApproval = Partial<PendingApproval> &
  Omit<PendingApproval, 'namespace' | 'arguments' | 'deadline'>;

/** A call of a mesh that waits for somebody to agree. */
export function listedApproval(approval: KnownApproval): WaitingRow {
  const { id, sessionId, turnId, callId, tool, namespace, requestedAt, deadline = null } = approval;
  return {
    id,
    kind: 'approval',
    sessionId,
    turnId,
    method: 'item/tool/call',
    summary: `Tool approval requested: ${tool}`,
    details: { callId, tool, namespace, arguments: approval.arguments },
    createdAt: requestedAt,
    deadline,
  };
}
