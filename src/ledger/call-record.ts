/** What tells one call from another, and what it weighs. */
import type { ToolOutput } from '../tools/contract.ts';

/** The five ids that make one call, in the order they are compared. */
export interface CallIdentity {
  readonly epoch: string;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly requestId: string | number;
}

/**
 * One string for one call. The request id keeps its JSON type: Codex does not take `"0"` for `0`. The
 * epoch is left out: turn ids are never used twice, so it tells no two calls apart, and a host that
 * outlives this process delivers the same call again under what looks like another epoch.
 *
 * Joined, not added up: the sum of strings stays a tree of its parts for as long as it is remembered, which
 * is several times the size.
 */
export function callKey(call: CallIdentity): string {
  const { sessionId, turnId, callId, requestId } = call;
  const address = typeof requestId === 'number' ? requestId : `"${requestId}"`;
  return [sessionId, turnId, callId, address].join(' ');
}

/**
 * A fingerprint of what a call asks for, to tell a repeated call from a reused key. It guards against a
 * confused host, not against an attacker: no cryptographic strength is needed, and a cryptographic hash
 * would cost as much as the rest of the ledger together. 31 bits: such numbers take no memory of their own.
 */
export function callFingerprint(tool: string, namespace: string | null, args: unknown): number {
  const text = `${namespace ?? ''}/${tool} ${JSON.stringify(args) ?? ''}`;
  let hash = 0xdeadbeef;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 2654435761);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 2246822507);
  return (hash ^ (hash >>> 13)) >>> 1;
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
