/** What the ledger knows of one call. */
import type { CallState } from '../../machines/call.ts';
import type { ToolOutput } from '../tools/contract.ts';

/** The five ids that make one call, in the order they are compared. */
export interface CallIdentity {
  readonly epoch: string;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly requestId: string | number;
}

/** One call, from its claim until it is forgotten: one object for all of it. */
export interface LedgerCall {
  readonly key: string;
  readonly sessionId: string;
  readonly fingerprint: number;
  /** Its place in the life that `machines/call.ts` specifies. */
  state: CallState;
  /** The answer, once there is one. Set once; the same object is submitted every time. */
  output: ToolOutput | null;
  /** When it was over, in monotonic milliseconds; 0 while it is open. */
  finishedAtMs: number;
}

/**
 * One string for one call. The request id keeps its JSON type: Codex does not take `"0"` for `0`. The
 * epoch is left out: turn ids are never used twice, so it tells no two calls apart, and a host that
 * outlives this process delivers the same call again under what looks like another epoch.
 */
export function callKey(call: CallIdentity): string {
  const requestId = typeof call.requestId === 'number' ? call.requestId : `"${call.requestId}"`;
  return `${call.sessionId} ${call.turnId} ${call.callId} ${requestId}`;
}

/**
 * A 53-bit fingerprint of what a call asks for, to tell a repeated call from a reused key. It guards
 * against a confused host, not against an attacker: no cryptographic strength is needed, and a
 * cryptographic hash would cost as much as the rest of the ledger together.
 */
export function callFingerprint(tool: string, namespace: string | null, args: unknown): number {
  const text = `${namespace ?? ''}/${tool} ${JSON.stringify(args) ?? ''}`;
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 2654435761);
    high = Math.imul(high ^ unit, 1597334677);
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return 4294967296 * (2097151 & high) + (low >>> 0);
}

/** The size that a kept answer counts for, in bytes; text counts as UTF-16. */
export function answerBytes(output: ToolOutput | null): number {
  let bytes = 64;
  for (const item of output?.contentItems ?? []) {
    if (item.type === 'inputText') bytes += 2 * item.text.length;
    else bytes += 2 * (item.type === 'inputImage' ? item.imageUrl : item.audioUrl).length;
  }
  return bytes;
}
