/** What one event of the stream says to a person, in a few words of one line. */
import {
  callSignalType,
  parseCallEnd,
  requestIdOf,
  type StreamFrame,
} from '../hosts/control-service/frame.ts';
import { isRecord, textOf } from '../tools/json.ts';
import { plainLine } from './plain-text.ts';
import { readCallRow } from './service-rows.ts';

/** How an event is to be taken. */
export type Tone = 'good' | 'bad' | 'attention' | 'plain' | 'faint';

/** An event in words. */
export interface FrameText {
  /** Plain, like the detail. */
  readonly what: string;
  /** As long as it is; cut it. */
  readonly detail: string;
  readonly tone: Tone;
}

/** What is known of the tool of a call that ended. */
export type ToolOf = (requestId: string) => string | undefined;

type Json = Readonly<Record<string, unknown>>;

const none: Json = {};
const recordOf = (value: unknown): Json => (isRecord(value) ? value : none);
/** Longer values are not written out: a line has no room for them. */
const detailCharsMax = 2_000;

/** Any value as one plain line. */
export function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return plainLine(text.slice(0, detailCharsMax));
}

/** The request that a frame brings or settles, or null. */
export function requestOfFrame({ payload }: StreamFrame): string | null {
  const fields = recordOf(payload);
  return requestIdOf(fields.requestId ?? fields.approvalId);
}

/** Items that a person is told of once, when they are whole. */
const messageTypes: ReadonlySet<unknown> = new Set(['agentMessage', 'userMessage']);

/** Whether a person wants to know of the event: not what another event says as well. */
export function isForPeople({ type, payload }: StreamFrame): boolean {
  if (type === callSignalType || type === 'notification') return false;
  if (type === 'app_server.item.started') {
    return !messageTypes.has(recordOf(recordOf(recordOf(payload).params).item).type);
  }
  return true;
}

/** The name of a tool with its namespace. */
export function toolText(tool: string, namespace: string | null): string {
  return plainLine(namespace === null ? tool : `${namespace}/${tool}`);
}

const say = (what: string, detail: unknown, tone: Tone = 'plain'): FrameText => ({
  what: plainLine(what),
  detail: valueText(detail ?? ''),
  tone,
});

function itemText(item: Json, isOver: boolean): FrameText {
  const type = textOf(item.type);
  const state = isOver ? textOf(item.status) : 'began';
  switch (type) {
    case 'agentMessage':
      return say('assistant', item.text);
    case 'userMessage': {
      const parts = Array.isArray(item.content) ? item.content.map(recordOf) : [];
      return say('user', parts.map(({ text }) => textOf(text)).join(' '));
    }
    case 'commandExecution':
      return say('command', `${textOf(item.command)} ${state}`.trim());
    default:
      return say(type === '' ? 'item' : type, state, 'faint');
  }
}

function turnText(turn: Json): FrameText {
  const status = textOf(turn.status);
  const error = textOf(recordOf(turn.error).message);
  if (status === 'completed') return say('turn ended', status, 'good');
  return say('turn ended', error === '' ? status : `${status}: ${error}`, 'bad');
}

/** A notification of Codex. */
function signalText(name: string, params: Json): FrameText {
  switch (name) {
    case 'turn.started':
      return say('turn began', textOf(recordOf(params.turn).id), 'faint');
    case 'turn.completed':
      return turnText(recordOf(params.turn));
    case 'item.started':
      return itemText(recordOf(params.item), false);
    case 'item.completed':
      return itemText(recordOf(params.item), true);
    case 'thread.status.changed': {
      const { type, activeFlags } = recordOf(params.status);
      const flags = Array.isArray(activeFlags) ? activeFlags.map(textOf) : [];
      return say('status', [textOf(type), ...flags].join(' '), 'faint');
    }
    case 'thread.name.updated':
      return say('named', params.threadName);
    case 'error':
    case 'warning': {
      const message = textOf(params.message) || textOf(recordOf(params.error).message);
      return say(name, message || params, name === 'error' ? 'bad' : 'attention');
    }
    case 'thread.started':
    case 'thread.archived':
    case 'thread.unarchived':
    case 'thread.deleted':
    case 'thread.closed':
    case 'thread.compacted':
      return say(name.replace('thread.', 'session '), '', 'faint');
    default: {
      const { threadId: _threadId, turnId: _turnId, ...rest } = params;
      return say(name, Object.keys(rest).length === 0 ? '' : rest, 'faint');
    }
  }
}

function callText(payload: unknown): FrameText {
  const row = readCallRow(payload);
  if (!row) return say('call', payload, 'attention');
  return say(
    'call',
    `${toolText(row.tool, row.namespace)} ${valueText(row.arguments)}`,
    'attention',
  );
}

function callEndText(payload: unknown, toolOf: ToolOf): FrameText {
  const end = parseCallEnd(payload);
  const tool = end ? (toolOf(end.requestId) ?? `call ${end.requestId}`) : 'call';
  if (end?.isExpired) return say('call over', `${tool}: nobody waits for it any more`, 'bad');
  const isGood = recordOf(payload).success === true;
  return say('answered', isGood ? tool : `${tool}: with a failure`, isGood ? 'good' : 'bad');
}

/** The event in words. Never throws, whatever it holds. */
export function frameText({ type, payload }: StreamFrame, toolOf: ToolOf): FrameText {
  const fields = recordOf(payload);
  switch (type) {
    case 'tool_call_requested':
      return callText(payload);
    case 'tool_call_resolved':
      return callEndText(payload, toolOf);
    case 'approval':
      return say('approval wanted', fields.summary, 'attention');
    case 'approval_resolved':
      return say('approval', fields.decision ?? fields.status);
    case 'tool_user_input_requested':
      return say('question', fields.summary, 'attention');
    case 'tool_user_input_resolved':
      return say('question', fields.status);
    case 'session_deleted':
      return say('session deleted', fields.title);
    default: {
      if (!type.startsWith('app_server.')) return say(type, payload, 'faint');
      const name = type.slice('app_server.'.length);
      return signalText(name, recordOf(fields.params));
    }
  }
}
