/**
 * Which notifications of Codex go over the stream. It sends more than a dozen a tool call; published are
 * those that say what becomes of threads, turns and messages. A tool call has frames of its own, so its
 * items are left out, and so is everything that comes piece by piece.
 */
import type { AppServerMessage } from '../hosts/app-server/index.ts';
import { isRecord } from '../tools/json.ts';
import { scopeOf, signalFrame, type Frame } from './frame.ts';

/** The notifications that are published, some of them in part. */
export const publishedNotifications: readonly string[] = [
  'thread/started',
  'thread/status/changed',
  'thread/name/updated',
  'thread/archived',
  'thread/unarchived',
  'thread/deleted',
  'thread/closed',
  'thread/compacted',
  'turn/started',
  'turn/completed',
  'turn/plan/updated',
  'item/started',
  'item/completed',
  'error',
  'warning',
];

const published: ReadonlySet<string> = new Set(publishedNotifications);

/** Items whose beginning and end are not published. */
const silentItems: ReadonlySet<unknown> = new Set(['dynamicToolCall', 'reasoning']);

/** Whether a notification is one of those that are published by default. */
export function isPublished({ method, params }: AppServerMessage): boolean {
  if (!published.has(method)) return false;
  const item = isRecord(params) ? params.item : undefined;
  return !(isRecord(item) && silentItems.has(item.type));
}

/** What is known of the session that a notification is about. */
export interface NotifiedSession {
  readonly title: string | null;
  /** The turn that runs, or null. */
  readonly turnId: string | null;
}

/** A notification as a frame. One that names no turn is of the one that runs. */
export function notificationFrame(
  { method, params }: AppServerMessage,
  find: (sessionId: string) => NotifiedSession,
  receivedAt: number,
): Frame {
  const { threadId, turnId } = scopeOf(params);
  const known = threadId === null ? null : find(threadId);
  const session = threadId === null ? null : { id: threadId, title: known?.title ?? null };
  return signalFrame({
    signalType: 'notification',
    method,
    params,
    session,
    turnId: turnId ?? known?.turnId ?? null,
    receivedAt,
  });
}

/** The same once more, as it came: for clients that read nothing else. */
export function rawNotificationFrame({ method, params }: AppServerMessage): Frame {
  const { threadId } = scopeOf(params);
  return { type: 'notification', threadId, payload: { method, params: params ?? null } };
}
