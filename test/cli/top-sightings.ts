/** Sightings of a made-up service. Times are milliseconds after `startMs`. */
import type { SessionState } from '../../src/cli/service-rows.ts';
import type { Sighting } from '../../src/cli/top-picture.ts';

export const startMs = Date.UTC(2026, 0, 1, 12);

export const settled: Sighting = { type: 'settled' };

export const online = (isSeamless = false): Sighting => ({ type: 'online', isSeamless });

export function signal(threadId: string, type: string, payload: unknown, atMs: number): Sighting {
  return {
    type: 'frame',
    frame: { type, threadId, payload, seq: 1 },
    atMs: startMs + atMs,
  };
}

export function listed(
  states: Readonly<Record<string, SessionState>>,
  askedAtMs: number,
  titles: Readonly<Record<string, string>> = {},
): Sighting {
  const rows = Object.entries(states).map(([id, state]) => ({
    id,
    state,
    title: titles[id] ?? `title of ${id}`,
    cwd: '/work',
    createdAt: startMs,
    updatedAt: startMs,
  }));
  return { type: 'listed', rows, isWhole: false, askedAtMs: startMs + askedAtMs };
}

export function asked(
  threadId: string,
  requestId: string,
  atMs: number,
  { tool = 'lookup', createdAt = startMs + atMs } = {},
): Sighting {
  const row = {
    requestId,
    threadId,
    turnId: `turn-${threadId}`,
    callId: `call-${requestId}`,
    tool,
  };
  const more = { arguments: { id: 'ENG-1' }, createdAt: new Date(createdAt).toISOString() };
  return signal(threadId, 'tool_call_requested', { ...row, ...more }, atMs);
}

export function resolved(
  threadId: string,
  requestId: string,
  atMs: number,
  { success = true, status = 'resolved' } = {},
): Sighting {
  return signal(threadId, 'tool_call_resolved', { requestId, success, status }, atMs);
}

export const turnStarted = (threadId: string, atMs: number): Sighting =>
  signal(
    threadId,
    'app_server.turn.started',
    { params: { turn: { id: `turn-${threadId}` } } },
    atMs,
  );

export const turnEnded = (threadId: string, atMs: number, status = 'completed'): Sighting =>
  signal(
    threadId,
    'app_server.turn.completed',
    { params: { turn: { id: `turn-${threadId}`, status } } },
    atMs,
  );
