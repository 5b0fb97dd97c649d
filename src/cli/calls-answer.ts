/** `sessionmesh calls answer`: answers a call that waits, in place of its tool. */
import { text as readAll } from 'node:stream/consumers';
import { messageOf, SessionMeshError } from '../errors.ts';
import { routes } from '../hosts/control-service/routes.ts';
import { codeOf, refusalOf } from '../hosts/control-service/service-client.ts';
import type { ServiceReply } from '../hosts/control-service/wire.ts';
import type { ToolOutput } from '../tools/contract.ts';
import { isRecord } from '../tools/json.ts';
import { failureOutput, toolOutput } from '../tools/output.ts';
import { findPendingCall } from './calls-show.ts';
import { toolText } from './frame-text.ts';
import { plainLine } from './plain-text.ts';
import { connectService } from './service-connection.ts';
import type { AddressOptions } from './service-address.ts';
import type { CallRow } from './service-rows.ts';
import { resolveSessionId } from './session-list.ts';

/** The answer: exactly one of the first four. */
export interface CallsAnswerOptions extends AddressOptions {
  readonly text?: string;
  /** JSON, as a tool returns it. */
  readonly jsonOutput?: string;
  readonly failure?: string;
  /** The text comes from the standard input. */
  readonly stdin?: boolean;
  readonly session?: string;
  readonly json?: boolean;
}

function parseOutput(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (thrown) {
    const found = messageOf(thrown);
    throw new SessionMeshError('option_invalid', { expected: 'JSON in --json-output', found });
  }
}

async function readAnswer(options: CallsAnswerOptions): Promise<ToolOutput> {
  const { text, jsonOutput, failure, stdin } = options;
  if (text !== undefined) return toolOutput(text);
  if (jsonOutput !== undefined) return toolOutput(parseOutput(jsonOutput));
  if (failure !== undefined) return failureOutput(failure);
  if (stdin) return toolOutput(await readAll(process.stdin));
  const expected = 'an answer: --text, --json-output, --failure or --stdin';
  throw new SessionMeshError('option_invalid', { expected, found: 'none' });
}

function leasedError({ body }: ServiceReply, call: CallRow): SessionMeshError {
  const { holder, expiresAt } = isRecord(body) ? body : {};
  const who = typeof holder === 'string' ? plainLine(holder) : 'somebody';
  const until = typeof expiresAt === 'number' ? ` until ${new Date(expiresAt).toISOString()}` : '';
  const fix = 'let the holder answer, or wait until the lease ends';
  const { sessionId, requestId: callId } = call;
  return new SessionMeshError('session_leased', { found: who + until, fix, sessionId, callId });
}

/** Why the answer was not taken. */
function refusedAnswer(reply: ServiceReply, call: CallRow): SessionMeshError {
  const { sessionId, requestId: callId } = call;
  if (reply.status === 404) {
    const found = 'one that nobody waits for any more';
    const fix = 'nothing: it was answered, or its turn is over';
    return new SessionMeshError('call_unknown', { found, fix, sessionId, callId });
  }
  if (reply.status === 409 && codeOf(reply) === 'leased') return leasedError(reply, call);
  if (reply.status === 409) {
    const found = 'another answer that is on its way';
    const fix = 'nothing: the first answer counts';
    return new SessionMeshError('request_refused', { found, fix, sessionId, callId });
  }
  return refusalOf(reply, sessionId);
}

/**
 * Answers the call that `given` names.
 * @throws SessionMeshError `call_unknown`, `session_leased`, `request_refused`; `option_invalid` without an
 * answer; as `resolveSessionId`.
 */
export async function runCallsAnswerCommand(
  given: string,
  options: CallsAnswerOptions,
): Promise<void> {
  const output = await readAnswer(options);
  await using connection = await connectService(options);
  const { session } = options;
  const sessionId = session === undefined ? null : await resolveSessionId(connection, session);
  const call = await findPendingCall(connection, given, sessionId);
  if (!call) {
    const fix = 'see `sessionmesh calls ls`; it may be answered already, or its turn over';
    throw new SessionMeshError('call_unknown', { callId: given, fix });
  }
  const body = JSON.stringify({ response: output });
  const reply = await connection.request(routes.answer(call.requestId, body, null));
  if (reply.status !== 200) throw refusedAnswer(reply, call);
  const { requestId, tool, namespace } = call;
  const text = options.json
    ? JSON.stringify({ requestId, sessionId: call.sessionId, status: 'ok' }, null, 2)
    : `answered ${toolText(tool, namespace)} of session ${plainLine(call.sessionId)}`;
  process.stdout.write(`${text}\n`);
}
