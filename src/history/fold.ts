/**
 * From records to the run at a moment: a reducer without clock, ids or anything but its arguments. It
 * costs little for each record, so the dashboard steps it live with the records it is sent.
 *
 * Every list of a view has a bound in `limits.ts`; what is over is forgotten first, oldest first.
 */
import { defaultLimits } from '../limits.ts';
import type { Occurrence } from '../mesh/event.ts';
import { endIssuedCalls, foldMeshCall, foldWorldCall, type Moment } from './fold-call.ts';
import { count, notice } from './fold-notice.ts';
import { foldFault, foldProcess } from './fold-run.ts';
import { changeSession, foldSession, foldTurnEnd, foldTurnStart } from './fold-session.ts';
import { foldTeam } from './fold-team.ts';
import type { HistoryEvent, HistoryRecord } from './record.ts';
import { emptyView, keepLast, type CallView, type RuntimeView, type RunView } from './view.ts';

const { historySessionsKeptMax, historyNoticesKeptMax } = defaultLimits;

function changeRuntime(view: RunView, { at, by }: Moment, change: Partial<RuntimeView>): void {
  const before = view.runtimes.get(by) ?? {
    runtime: by,
    host: null,
    codex: null,
    link: 'starting' as const,
    epoch: null,
    since: at,
    losses: 0,
    fault: null,
  };
  const since = change.link === undefined || change.link === before.link ? before.since : at;
  keepLast(view.runtimes, by, { ...before, ...change, since }, historyNoticesKeptMax);
}

type CallOccurrence = Parameters<typeof foldMeshCall>[1];

function foldCall(view: RunView, event: CallOccurrence, moment: Moment): void {
  const call = foldMeshCall(view, event, moment);
  const { sessionId } = call;
  switch (event.type) {
    case 'call.claimed':
      count(view, 'claimed');
      return changeSession(view, sessionId, moment, ({ calls, openCalls }) => ({
        calls: calls + 1,
        openCalls: openCalls + 1,
      }));
    case 'call.settled':
      return settleCall(view, call, moment);
    case 'call.repeated':
      count(view, 'repeated');
      return changeSession(view, sessionId, moment, ({ repeats }) => ({ repeats: repeats + 1 }));
    case 'call.started':
      return count(view, 'started');
    case 'call.answered':
      return count(view, 'answered');
    case 'call.declined':
      return count(view, 'declined');
    case 'call.late':
      return count(view, 'late');
    case 'approval.requested':
    case 'approval.decided':
      return;
  }
}

function settleCall(view: RunView, call: CallView, moment: Moment): void {
  const failed = call.success !== true;
  count(view, 'settled');
  if (failed) count(view, 'failed');
  changeSession(view, call.sessionId, moment, ({ openCalls, failures }) => ({
    openCalls: Math.max(0, openCalls - 1),
    failures: failures + (failed ? 1 : 0),
  }));
}

function foldMesh(view: RunView, event: Occurrence, moment: Moment): void {
  switch (event.type) {
    case 'mesh.started': {
      const { host, codex } = event;
      return changeRuntime(view, moment, { host, codex, link: 'online', fault: null });
    }
    case 'mesh.closed':
      return changeRuntime(view, moment, { link: 'closed' });
    case 'host.online':
      return changeRuntime(view, moment, { link: 'online', epoch: event.epoch, fault: null });
    case 'host.lost': {
      const { epoch, fault } = event;
      const losses = (view.runtimes.get(moment.by)?.losses ?? 0) + 1;
      notice(view, moment, { level: 'warn', sessionId: null, text: fault.message });
      return changeRuntime(view, moment, { link: 'lost', epoch, fault, losses });
    }
    case 'host.failed': {
      const { fault } = event;
      notice(view, moment, { level: 'error', sessionId: null, text: fault.message });
      return changeRuntime(view, moment, { link: 'failed', fault });
    }
    case 'host.notice': {
      const { level, sessionId, message: text } = event;
      return notice(view, moment, { level, sessionId, text });
    }
    case 'question.answered': {
      const { sessionId, method, answer } = event;
      return notice(view, moment, { level: 'info', sessionId, text: `${method} was ${answer}` });
    }
    case 'session.opened':
    case 'session.changed':
    case 'session.closed':
    case 'session.failed':
      return foldSession(view, event, moment);
    case 'turn.started':
      return foldTurnStart(view, event.sessionId, event.turnId, moment);
    case 'turn.ended':
      return foldTurnEnd(view, event, moment);
    default:
      return foldCall(view, event, moment);
  }
}

type OtherEvent = Exclude<HistoryEvent, { type: 'mesh' | 'team' }>;

function foldWorld(view: RunView, event: OtherEvent, moment: Moment): void {
  const { at } = moment;
  switch (event.type) {
    case 'world.call.issued':
      count(view, 'issued');
      return foldWorldCall(view, event, moment);
    case 'world.answer.taken':
      count(view, 'taken');
      return foldWorldCall(view, event, moment);
    case 'world.handler.started':
    case 'world.handler.ended':
    case 'world.answer.refused':
    case 'world.ledger.call':
      return foldWorldCall(view, event, moment);
    case 'world.answer.stray':
      return count(view, 'stray');
    case 'world.turn.ended':
      return endIssuedCalls(view, event);
    case 'world.process.began':
    case 'world.process.stopping':
    case 'world.process.paused':
    case 'world.process.resumed':
    case 'world.process.ended':
      return foldProcess(view, event, moment);
    case 'world.lease.granted': {
      const { sessionId, runtime, token } = event;
      return keepLast(view.leases, sessionId, { runtime, token }, historySessionsKeptMax);
    }
    case 'world.lease.ended':
      if (view.leases.get(event.sessionId)?.token === event.token) {
        view.leases.delete(event.sessionId);
      }
      return;
    case 'world.fault.planned':
    case 'world.fault.began':
    case 'world.fault.ended':
      return foldFault(view, event, moment);
    case 'world.phase.began':
      view.phase = event.phase;
      return;
    case 'world.gauges': {
      const { process, values } = event;
      return keepLast(view.gauges, process, { process, at, values }, historyNoticesKeptMax);
    }
    case 'world.leak': {
      const text = `a canary was found in ${event.place}`;
      return notice(view, moment, { level: 'error', sessionId: null, text });
    }
    case 'world.broken': {
      const { invariant, what } = event;
      const text = `${invariant}: ${what}`;
      return notice(view, moment, { level: 'error', sessionId: null, text });
    }
    case 'history.dropped': {
      count(view, 'dropped', event.records);
      const text = `${event.records} records are missing here`;
      return notice(view, moment, { level: 'warn', sessionId: null, text });
    }
    case 'history.ended':
    case 'world.turn.began':
    case 'world.ledger.read':
    case 'world.promised':
    case 'world.tool.declared':
    case 'world.bound':
    case 'world.searched':
  }
}

/** Moves `view` on by one record. */
export function applyRecord(view: RunView, record: HistoryRecord): void {
  const { seq, at, event } = record;
  view.seq = seq;
  view.at = at;
  if (event.type === 'mesh') foldMesh(view, event.event, { seq, at, by: event.runtime });
  else if (event.type === 'team') foldTeam(view, event.runtime, event.event);
  else foldWorld(view, event, { seq, at, by: 'world' });
}

/** The run after all of `records`. */
export function fold(records: Iterable<HistoryRecord>): RunView {
  const view = emptyView();
  for (const record of records) applyRecord(view, record);
  return view;
}
