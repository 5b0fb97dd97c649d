/** What records do to the calls of a view. */
import { isCallOutcome } from '../../machines/call-outcome.ts';
import { defaultLimits } from '../limits.ts';
import type { CallReference, Occurrence } from '../mesh/event.ts';
import { historyCallKey, type WorldCallEvent, type WorldCallId } from './record.ts';
import { keepLast, type CallStep, type CallView, type RunView } from './view.ts';

type MeshCallEvent = Extract<
  Occurrence,
  { type: `call.${string}` | 'approval.requested' | 'approval.decided' }
>;
type WorldStep = Extract<WorldCallEvent, { callId: string }>;

const { historyCallsKeptMax, historyCallStepsMax } = defaultLimits;

type Named = Omit<WorldCallId, 'epoch'> & { readonly epoch?: string; readonly tool?: string };

function newCall(key: string, call: Named): CallView {
  const { sessionId, turnId, callId, requestId, epoch = null, tool = '?' } = call;
  return {
    key,
    sessionId,
    turnId,
    callId,
    requestId,
    epoch,
    tool,
    namespace: null,
    runtime: null,
    state: 'issued',
    source: null,
    issuedAt: null,
    claimedAt: null,
    startedAt: null,
    answeredAt: null,
    takenAt: null,
    settledAt: null,
    success: null,
    code: null,
    submissions: 0,
    starts: 0,
    repeats: 0,
    declines: 0,
    ledger: null,
    steps: [],
    stepsOmitted: 0,
  };
}

function withStep(call: CallView, step: CallStep): Pick<CallView, 'steps' | 'stepsOmitted'> {
  return call.steps.length < historyCallStepsMax
    ? { steps: [...call.steps, step], stepsOmitted: call.stepsOmitted }
    : { steps: call.steps, stepsOmitted: call.stepsOmitted + 1 };
}

/** Keeps a call among those that its state says. */
function put(view: RunView, call: CallView): void {
  const { key } = call;
  if (isCallOutcome(call.state) || call.state === 'lost') {
    view.openCalls.delete(key);
    keepLast(view.finishedCalls, key, call, historyCallsKeptMax);
  } else {
    if (view.finishedCalls.size > 0) view.finishedCalls.delete(key);
    keepLast(view.openCalls, key, call, historyCallsKeptMax);
  }
}

function callOf(view: RunView, call: Named): CallView {
  const key = historyCallKey(call);
  return view.openCalls.get(key) ?? view.finishedCalls.get(key) ?? newCall(key, call);
}

/** What happened, without the call it happened to. */
export interface Moment {
  readonly seq: number;
  readonly at: number;
  readonly by: string;
}

function meshChange(call: CallView, event: MeshCallEvent, { at, by }: Moment): Partial<CallView> {
  switch (event.type) {
    case 'call.claimed':
      return { state: 'waiting', runtime: by, source: event.source, claimedAt: at };
    case 'approval.requested':
      return { state: 'approval' };
    case 'approval.decided':
      return { state: 'waiting' };
    case 'call.started':
      return { state: 'running', startedAt: at };
    case 'call.answered':
      return { state: 'submitting', answeredAt: at, success: event.success, code: event.code };
    case 'call.settled': {
      const { outcome: state, success, code, submissions } = event;
      return { state, success, code, submissions, settledAt: at };
    }
    case 'call.repeated':
      return { repeats: call.repeats + 1 };
    case 'call.declined':
      return { declines: call.declines + 1, code: event.code };
    case 'call.late':
      return {};
  }
}

function meshDetail(event: MeshCallEvent): string | null {
  switch (event.type) {
    case 'call.claimed':
    case 'call.repeated':
      return event.source;
    case 'call.declined':
      return `${event.source}: ${event.code}`;
    case 'approval.requested':
      return event.approvalId;
    case 'approval.decided':
      return event.approved ? 'approved' : `denied: ${event.reason ?? 'no reason given'}`;
    case 'call.answered':
      return event.code;
    case 'call.settled':
      return event.code === null ? event.outcome : `${event.outcome}: ${event.code}`;
    case 'call.started':
    case 'call.late':
      return null;
  }
}

function foldApproval(view: RunView, event: MeshCallEvent, call: CallView, moment: Moment): void {
  if (event.type === 'approval.requested') {
    const { key: callKey, sessionId, turnId, callId, tool } = call;
    const about = { callKey, sessionId, turnId, callId, tool };
    const { approvalId } = event;
    const { by: runtime, at: requestedAt } = moment;
    view.approvals.set(approvalId, { approvalId, runtime, requestedAt, ...about });
  } else if (event.type === 'approval.decided') view.approvals.delete(event.approvalId);
  else if (event.type === 'call.settled' && view.approvals.size > 0) {
    for (const [id, { callKey }] of view.approvals) {
      if (callKey === call.key) view.approvals.delete(id);
    }
  }
}

/** What a runtime says of a call. */
export function foldMeshCall(view: RunView, event: MeshCallEvent, moment: Moment): CallView {
  const reference: CallReference = event;
  const before = callOf(view, reference);
  const step = { ...moment, type: event.type, detail: meshDetail(event) };
  const { tool, namespace } = reference;
  const change = meshChange(before, event, moment);
  const call = { ...before, tool, namespace, ...withStep(before, step), ...change };
  put(view, call);
  foldApproval(view, event, call, moment);
  return call;
}

function worldChange(call: CallView, event: WorldStep, at: number): Partial<CallView> {
  switch (event.type) {
    case 'world.call.issued':
      return { issuedAt: call.issuedAt ?? at, epoch: event.epoch, tool: event.tool };
    case 'world.handler.started':
      return { starts: call.starts + 1 };
    case 'world.answer.taken':
      return { takenAt: at };
    case 'world.ledger.call':
      return { ledger: { state: event.state, outcome: event.outcome } };
    case 'world.handler.ended':
    case 'world.answer.refused':
      return {};
  }
}

function worldDetail(event: WorldStep): string | null {
  switch (event.type) {
    case 'world.handler.started':
      return event.runtime;
    case 'world.handler.ended':
      return event.as;
    case 'world.answer.taken':
      return event.success ? 'success' : 'failure';
    case 'world.ledger.call':
      return event.outcome === null ? event.state : `${event.state}: ${event.outcome}`;
    case 'world.call.issued':
    case 'world.answer.refused':
      return null;
  }
}

/** What was seen of a call from outside. */
export function foldWorldCall(view: RunView, event: WorldStep, moment: Moment): void {
  const before = callOf(view, event);
  const step = { ...moment, type: event.type, detail: worldDetail(event) };
  put(view, { ...before, ...withStep(before, step), ...worldChange(before, event, moment.at) });
}

/** The runtime is gone: nobody has its open calls any more. */
export function loseCalls(view: RunView, runtime: string, moment: Moment): void {
  for (const call of view.openCalls.values()) {
    if (call.runtime !== runtime) continue;
    const step = { ...moment, type: 'world.process.ended', detail: runtime };
    put(view, { ...call, ...withStep(call, step), state: 'lost' });
  }
}

/** The turn is over: calls of it that no runtime took are of no use to anybody. */
export function endIssuedCalls(view: RunView, turn: { sessionId: string; turnId: string }): void {
  for (const call of view.openCalls.values()) {
    if (call.state !== 'issued' || call.turnId !== turn.turnId) continue;
    if (call.sessionId === turn.sessionId) put(view, { ...call, state: 'abandoned' });
  }
}
