/** What every record must look like when it comes from outside: one table, complete by its type. */
import { callOutcomes } from '../../machines/call-outcome.ts';
import type { HistoryEvent, HistoryEventOf } from './record.ts';

/**
 * What a field holds. A `?` also allows null; `id` is a text or a number, `ids` a list of texts, `json`
 * anything, an array one of the texts in it, an object a value with these fields.
 */
export type Kind =
  | 'text'
  | 'text?'
  | 'number'
  | 'number?'
  | 'flag'
  | 'flag?'
  | 'id'
  | 'texts'
  | 'textMap'
  | 'numberMap'
  | 'json'
  | readonly (string | null)[]
  | Shape;

/** The fields that must be there. Others may be there too. */
export interface Shape {
  readonly [field: string]: Kind;
}

/** One shape for each type of event, naming each of its fields. */
type Shapes<Event extends { readonly type: string }> = {
  readonly [Type in Event['type']]: {
    readonly [Field in Exclude<keyof HistoryEventOf<Type, Event>, 'type'>]: Kind;
  };
};

type MeshOccurrence = Extract<HistoryEvent, { type: 'mesh' }>['event'];
type TeamOccurrence = Extract<HistoryEvent, { type: 'team' }>['event'];

const fault = { code: 'text', message: 'text' } as const;
const ids = { sessionId: 'text', turnId: 'text', callId: 'text', requestId: 'id' } as const;
const call = { ...ids, tool: 'text', namespace: 'text?' } as const;
const worldId = { epoch: 'text', ...ids } as const;
const worldCall = { ...worldId, tool: 'text' } as const;
const sources = ['signal', 'polling'] as const;

export const meshShapes: Shapes<MeshOccurrence> = {
  'mesh.started': { host: 'text', codex: 'text?' },
  'mesh.closed': {},
  'host.online': { epoch: 'text' },
  'host.lost': { epoch: 'text', fault },
  'host.failed': { fault },
  'host.notice': { sessionId: 'text?', level: ['info', 'warn', 'error'], message: 'text' },
  'question.answered': {
    sessionId: 'text?',
    method: 'text',
    answer: ['declined', 'answered'],
  },
  'session.opened': { sessionId: 'text', title: 'text?', tools: 'texts', resumed: 'flag' },
  'session.changed': {
    sessionId: 'text',
    state: 'json',
    dispatchMode: ['neutral', 'signal', 'polling'],
  },
  'session.closed': { sessionId: 'text' },
  'session.failed': { sessionId: 'text', fault },
  'turn.started': { sessionId: 'text', turnId: 'text' },
  'turn.ended': {
    sessionId: 'text',
    turnId: 'text',
    status: ['completed', 'failed', 'interrupted'],
    error: 'text?',
    reply: 'text?',
    durationMs: 'number',
    calls: 'number',
  },
  'call.claimed': { ...call, source: sources },
  'approval.requested': { ...call, approvalId: 'text' },
  'approval.decided': { ...call, approvalId: 'text', approved: 'flag', reason: 'text?' },
  'call.started': call,
  'call.answered': { ...call, success: 'flag', code: 'text?', durationMs: 'number' },
  'call.settled': {
    ...call,
    outcome: callOutcomes,
    success: 'flag?',
    code: 'text?',
    durationMs: 'number',
    submissions: 'number',
  },
  'call.repeated': { ...call, source: sources },
  'call.declined': { ...call, source: sources, code: 'text' },
  'call.late': call,
};

const teamEvent = { at: 'number', runId: 'text', sequence: 'number' } as const;
const memberEvent = { ...teamEvent, member: 'text' } as const;
const runEvent = { ...teamEvent, member: [null] } as const;
const taskEvent = { ...memberEvent, taskId: 'text' } as const;
const lease = { turnId: 'text', deadline: 'number' } as const;
const task = {
  id: 'text',
  text: 'text',
  owner: 'text',
  sender: 'text',
  cause: 'text?',
  state: ['queued', 'claimed', 'done', 'failed'],
  attempts: 'number',
  reason: 'text?',
  createdAt: 'number',
  claimedAt: 'number?',
  finishedAt: 'number?',
  lease: 'json',
} as const;
const artifact = {
  id: 'text',
  kind: 'text',
  summary: 'text',
  member: 'text',
  taskId: 'text?',
  turnId: 'text',
  version: 'number',
  basis: 'number',
  publishedAt: 'number',
} as const;

export const teamShapes: Shapes<TeamOccurrence> = {
  'team.started': { ...runEvent, task: 'text', sessions: 'textMap', budget: 'numberMap' },
  'team.finished': {
    ...runEvent,
    outcome: ['complete', 'stalled', 'budget-exceeded', 'failed', 'cancelled'],
    reason: 'text',
  },
  'task.queued': { ...memberEvent, task },
  'task.claimed': { ...taskEvent, lease },
  'task.finished': { ...taskEvent, artifactId: 'text' },
  'task.returned': { ...taskEvent, reason: 'text' },
  'task.failed': { ...taskEvent, reason: 'text' },
  'handoff.refused': {
    ...memberEvent,
    owner: 'text',
    text: 'text',
    reason: ['owner_completed', 'owner_stalled', 'hand_off_not_allowed', 'quota_reached'],
    detail: 'text',
  },
  'artifact.published': { ...memberEvent, artifact },
  'member.done': memberEvent,
  'done.refused': { ...memberEvent, open: 'texts' },
  'member.reopened': { ...memberEvent, sender: 'text' },
  'member.nudged': memberEvent,
  'member.stalled': { ...memberEvent, cause: ['no_progress', 'turns_failed', 'session_lost'] },
  'turn.started': { ...memberEvent, turn: 'number', cause: ['work', 'nudge', 'retry'] },
  'turn.ended': {
    ...memberEvent,
    turn: 'number',
    turnId: 'text?',
    result: ['progress', 'silence', 'failure', 'loss', 'stop'],
    error: 'text?',
    reply: 'text?',
  },
};

const worldTurn = { epoch: 'text', sessionId: 'text', turnId: 'text', status: 'text?' } as const;
const lifeOf = { process: 'text' } as const;
const worldLease = { sessionId: 'text', runtime: 'text', token: 'number' } as const;

export const worldShapes: Shapes<Exclude<HistoryEvent, { type: 'mesh' | 'team' }>> = {
  'history.dropped': { records: 'number' },
  'history.ended': {},
  'world.call.issued': { ...worldCall, argumentsHash: 'text', canary: 'text' },
  'world.handler.started': {
    ...worldCall,
    runtime: 'text',
    boundTo: 'text',
    argumentsHash: 'text',
    repeatable: 'flag',
  },
  'world.handler.ended': {
    ...worldCall,
    runtime: 'text',
    as: ['returned', 'threw', 'aborted'],
    resultHash: 'text?',
  },
  'world.answer.taken': {
    ...worldCall,
    runtime: 'text?',
    success: 'flag',
    answerHash: 'text',
    computedFor: 'text?',
  },
  'world.answer.refused': { ...worldCall, runtime: 'text?', answerHash: 'text' },
  'world.answer.stray': {
    runtime: 'text?',
    epoch: 'text',
    requestId: 'id',
    answerHash: 'text',
    computedFor: 'text?',
  },
  'world.turn.began': worldTurn,
  'world.turn.ended': worldTurn,
  'world.ledger.call': {
    ...worldId,
    ledger: 'text',
    state: ['unknown', 'unconfirmed', 'settled'],
    outcome: [...callOutcomes, null],
    answerHash: 'text?',
  },
  'world.ledger.read': { ledger: 'text', calls: 'number', completeSince: 'number' },
  'world.promised': { bounds: 'numberMap', rivals: 'texts' },
  'world.tool.declared': {
    tool: 'text',
    repeatable: 'flag',
    ordered: 'flag',
    timeoutMs: 'number?',
  },
  'world.process.began': {
    process: 'text',
    kind: ['runtime', 'codex', 'service', 'proxy'],
    ledger: 'text?',
    journal: ['sync', 'async', null],
  },
  'world.process.stopping': lifeOf,
  'world.process.paused': lifeOf,
  'world.process.resumed': lifeOf,
  'world.process.ended': { ...lifeOf, as: ['closed', 'killed', 'power-lost'] },
  'world.lease.granted': worldLease,
  'world.lease.ended': worldLease,
  'world.fault.planned': { fault: 'text' },
  'world.fault.began': {
    fault: 'text',
    faultId: 'text',
    target: 'text',
    lasts: 'flag',
    detail: 'text?',
  },
  'world.fault.ended': { fault: 'text', faultId: 'text' },
  'world.phase.began': { phase: ['warm-up', 'chaos', 'quiet', 'idle'] },
  'world.gauges': { process: 'text', values: 'numberMap' },
  'world.bound': { gauge: 'text', max: 'number?', idleMax: 'number?', perCallMax: 'number?' },
  'world.searched': { place: 'text', texts: 'number' },
  'world.leak': { canary: 'text', place: 'text' },
  'world.broken': { invariant: 'text', what: 'text' },
};
