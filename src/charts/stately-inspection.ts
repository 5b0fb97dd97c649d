/**
 * What happens in a mesh, in the words of `@statelyai/inspect`, so that Stately's own inspector can draw it.
 *
 * Three kinds of actors are told of: the link to the host, sessions, and calls as children of their
 * sessions. They are the machines that the mesh runs or folds, so states are as it has them; a snapshot
 * holds no context. Neither what a tool was asked nor what anybody said is part of it: ids, names, codes
 * and times only.
 */
import type { AnyStateMachine } from 'xstate';
import type { CallOutcome } from '../../machines/call-outcome.ts';
import { callMachine, type CallEvent, type CallState } from '../../machines/call.ts';
import { connectionMachine } from '../../machines/connection.ts';
import { sessionMachine } from '../../machines/session.ts';

/** The version of the package whose format this is; it stands in every event. */
export const statelyVersion = '0.7.2';

/** What all events have. */
interface StatelyEventBase {
  readonly _version: typeof statelyVersion;
  /** The actor. */
  readonly sessionId: string;
  /** The actor at the top of its tree. */
  readonly rootId: string;
  /** Milliseconds since the Unix epoch, as text. */
  readonly createdAt: string;
  /** The format has a place for it; the original leaves it empty as well. */
  readonly id: null;
}

/** A state of an actor. */
export interface StatelySnapshot {
  readonly status: 'active' | 'done';
  /** The state value. */
  readonly value: unknown;
  readonly context: Readonly<Record<string, unknown>>;
  readonly children: Readonly<Record<string, never>>;
  readonly historyValue: Readonly<Record<string, never>>;
  readonly tags: readonly string[];
}

interface StatelyCause {
  readonly type: string;
  readonly [detail: string]: unknown;
}

/** There is an actor. */
export interface StatelyActorEvent extends StatelyEventBase {
  readonly type: '@xstate.actor';
  readonly name: string;
  readonly parentId?: string;
  /** The machine's configuration, as JSON text. */
  readonly definition: string;
  readonly snapshot: StatelySnapshot;
}

/** An actor was sent an event. */
export interface StatelyMessageEvent extends StatelyEventBase {
  readonly type: '@xstate.event';
  readonly event: StatelyCause;
  readonly sourceId?: string;
}

/** An actor is in this state from now on. */
export interface StatelySnapshotEvent extends StatelyEventBase {
  readonly type: '@xstate.snapshot';
  readonly event: StatelyCause;
  readonly snapshot: StatelySnapshot;
}

export type StatelyInspectionEvent = StatelyActorEvent | StatelyMessageEvent | StatelySnapshotEvent;

/** A call, as events name it. */
interface CallNames {
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly requestId: string | number;
  readonly tool: string;
}

/** What is read of a mesh's events; every `MeshEvent` is one. */
export type InspectedEvent = { readonly at: number } & (
  | { readonly type: 'mesh.started'; readonly host: string }
  | { readonly type: 'mesh.closed' | 'host.online' | 'host.lost' | 'host.failed' }
  | { readonly type: 'host.notice' | 'question.answered' }
  | { readonly type: 'session.opened'; readonly sessionId: string; readonly title: string | null }
  | { readonly type: 'session.changed'; readonly sessionId: string; readonly state: unknown }
  | { readonly type: 'session.closed' | 'session.failed'; readonly sessionId: string }
  | { readonly type: 'turn.started'; readonly sessionId: string; readonly turnId: string }
  | {
      readonly type: 'turn.ended';
      readonly sessionId: string;
      readonly turnId: string;
      readonly status: string;
    }
  | ({ readonly type: 'call.claimed' | 'call.repeated'; readonly source: string } & CallNames)
  | ({ readonly type: 'call.declined'; readonly source: string; readonly code: string } & CallNames)
  | ({ readonly type: 'call.started' | 'call.late' } & CallNames)
  | ({ readonly type: 'approval.requested' | 'approval.decided' } & CallNames)
  | ({ readonly type: 'call.answered'; readonly code: string | null } & CallNames)
  | ({ readonly type: 'call.settled'; readonly outcome: CallOutcome } & CallNames)
);

/** The actor that stands for the link to the host. */
const hostId = 'host';

interface Actor {
  readonly sessionId: string;
  readonly rootId: string;
  readonly parentId?: string;
}

const hostActor: Actor = { sessionId: hostId, rootId: hostId };

const sessionActor = (sessionId: string): Actor => ({ sessionId, rootId: sessionId });

function callActor({ sessionId, turnId, callId, requestId }: CallNames): Actor {
  const id = [sessionId, turnId, callId, requestId].join('/');
  return { sessionId: id, rootId: sessionId, parentId: sessionId };
}

function definitionOf(machine: AnyStateMachine): string {
  return JSON.stringify(machine.config, (_key, value: unknown) =>
    typeof value === 'function' ? { type: value.name } : value,
  );
}

const definitions = {
  connection: definitionOf(connectionMachine),
  session: definitionOf(sessionMachine),
  call: definitionOf(callMachine),
};

function baseOf({ sessionId, rootId }: Actor, at: number): StatelyEventBase {
  return { _version: statelyVersion, sessionId, rootId, createdAt: String(at), id: null };
}

function snapshotOf(value: unknown, status: StatelySnapshot['status']): StatelySnapshot {
  return { status, value, context: {}, children: {}, historyValue: {}, tags: [] };
}

interface Moved {
  readonly actor: Actor;
  readonly at: number;
  readonly event: StatelyCause;
  readonly value: unknown;
  readonly status?: StatelySnapshot['status'];
}

/** An actor was sent `event` and is in the state `value` by it. */
function moved({ actor, at, event, value, status = 'active' }: Moved): StatelyInspectionEvent[] {
  const snapshot = snapshotOf(value, status);
  return [
    sent(actor, at, event),
    { type: '@xstate.snapshot', ...baseOf(actor, at), event, snapshot },
  ];
}

function sent(actor: Actor, at: number, event: StatelyCause): StatelyMessageEvent {
  const source = actor.parentId === undefined ? {} : { sourceId: actor.parentId };
  return { type: '@xstate.event', ...baseOf(actor, at), ...source, event };
}

interface Appeared {
  readonly actor: Actor;
  readonly at: number;
  readonly name: string;
  readonly definition: string;
  readonly value: unknown;
}

function appeared({ actor, at, name, definition, value }: Appeared): StatelyInspectionEvent[] {
  const parent = actor.parentId === undefined ? {} : { parentId: actor.parentId };
  const snapshot = snapshotOf(value, 'active');
  const event = { type: 'xstate.init' };
  return [
    { type: '@xstate.actor', ...baseOf(actor, at), ...parent, name, definition, snapshot },
    { type: '@xstate.snapshot', ...baseOf(actor, at), event, snapshot },
  ];
}

/** The event of the call's machine that brings each outcome. */
const endings: Readonly<Record<CallOutcome, CallEvent['type']>> = {
  answered: 'confirmed',
  refused: 'refused',
  expired: 'confirmed',
  cancelled: 'cancelled',
  abandoned: 'gone',
  unknown: 'lost',
};

function callMoved(
  call: CallNames & { readonly at: number },
  type: CallEvent['type'],
  value: CallState,
  status: StatelySnapshot['status'] = 'active',
): StatelyInspectionEvent[] {
  return moved({ actor: callActor(call), at: call.at, event: { type }, value, status });
}

/** What the session is told of a call without a change of the call's own state. */
function callNoted(event: InspectedEvent & CallNames): StatelyInspectionEvent[] {
  const { type, sessionId, turnId, callId, tool } = event;
  return [sent(sessionActor(sessionId), event.at, { type, turnId, callId, tool })];
}

/** A session begins where the machine goes from `opening`. */
const openedState = { running: { link: 'online', dispatch: 'neutral', turn: 'idle' } };

const hostStates = {
  'host.online': { event: 'handshaken', value: { live: 'ready' }, status: 'active' },
  'host.lost': { event: 'lost', value: 'waiting', status: 'active' },
  'host.failed': { event: 'given.up', value: 'failed', status: 'done' },
  'mesh.closed': { event: 'stop', value: 'stopped', status: 'done' },
} as const;

/**
 * One event of a mesh as events of the inspection format; none for what no machine takes part in. Pure:
 * the same event always gives the same.
 */
export function inspectionEvents(event: InspectedEvent): readonly StatelyInspectionEvent[] {
  const { at, type } = event;
  switch (type) {
    case 'mesh.started': {
      const definition = definitions.connection;
      return appeared({ actor: hostActor, at, name: event.host, definition, value: 'idle' });
    }
    case 'host.online':
    case 'host.lost':
    case 'host.failed':
    case 'mesh.closed': {
      const { event: cause, value, status } = hostStates[type];
      return moved({ actor: hostActor, at, event: { type: cause }, value, status });
    }
    case 'session.opened': {
      const actor = sessionActor(event.sessionId);
      const name = event.title ?? event.sessionId;
      return appeared({ actor, at, name, definition: definitions.session, value: openedState });
    }
    case 'session.changed': {
      const { sessionId, state: value } = event;
      const status = value === 'closed' || value === 'failed' ? 'done' : 'active';
      return moved({ actor: sessionActor(sessionId), at, event: { type }, value, status });
    }
    case 'session.closed':
    case 'session.failed': {
      const value = type === 'session.closed' ? 'closed' : 'failed';
      const actor = sessionActor(event.sessionId);
      return moved({ actor, at, event: { type }, value, status: 'done' });
    }
    case 'turn.started':
      return [sent(sessionActor(event.sessionId), at, { type, turnId: event.turnId })];
    case 'turn.ended': {
      const { sessionId, turnId, status } = event;
      return [sent(sessionActor(sessionId), at, { type, turnId, status })];
    }
    case 'call.claimed': {
      const { tool: name } = event;
      const definition = definitions.call;
      return appeared({ actor: callActor(event), at, name, definition, value: 'waiting' });
    }
    case 'call.started':
      return callMoved(event, 'started', 'running');
    case 'call.answered':
      return event.code === 'handler_timeout'
        ? callMoved(event, 'timed.out', 'expiring')
        : callMoved(event, 'finished', 'submitting');
    case 'call.settled':
      return callMoved(event, endings[event.outcome], event.outcome, 'done');
    case 'call.repeated':
    case 'call.declined':
    case 'call.late':
    case 'approval.requested':
    case 'approval.decided':
      return callNoted(event);
    case 'host.notice':
    case 'question.answered':
      return [];
  }
}
