/** `sessionmesh sessions show`: one session, with what was said last and what waits. */
import { systemEnv } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import { routes } from '../hosts/control-service/routes.ts';
import { endingOf } from '../hosts/control-service/session-view.ts';
import { isRecord } from '../tools/json.ts';
import { toolText, valueText } from './frame-text.ts';
import { openPage, type Page } from './page.ts';
import { ageText, counted, cut, fit, plainLine, plainLines, tookText } from './plain-text.ts';
import { connectService } from './service-connection.ts';
import type { AddressOptions } from './service-address.ts';
import {
  dataOf,
  readCallRow,
  readSessionDetail,
  type CallRow,
  type SessionDetail,
  type TranscriptRow,
  type TurnRow,
} from './service-rows.ts';
import { resolveSessionId } from './session-list.ts';

/** How much of it. */
export interface SessionsShowOptions extends AddressOptions {
  readonly turns: number;
  readonly json?: boolean;
}

/** Lines of one text that are shown; the others are counted. */
const textLinesMax = 30;
const roleColumns = 9;

const roleNames: Readonly<Record<string, string>> = { user: 'you', assistant: 'session' };

/** A row of a transcript as lines: who or what, and what was said or done. */
export function transcriptLines({ role, type, content, status, details }: TranscriptRow) {
  if (role !== 'system') {
    const all = plainLines(content);
    const rest = all.length - textLinesMax;
    const shown = rest > 0 ? [...all.slice(0, textLinesMax), `… ${rest} more lines`] : all;
    const name = roleNames[role] ?? plainLine(role);
    return shown.map((line, at) => `${fit(at === 0 ? name : '', roleColumns)}  ${line}`);
  }
  const item = isRecord(details) ? details : {};
  if (type === 'dynamicToolCall' && typeof item.tool === 'string') {
    const namespace = typeof item.namespace === 'string' ? item.namespace : null;
    const success = item.success === false ? ' with a failure' : '';
    const took = typeof item.durationMs === 'number' ? ` after ${tookText(item.durationMs)}` : '';
    const end = status === 'streaming' ? 'waits' : `answered${success}${took}`;
    const call = `${toolText(item.tool, namespace)} ${valueText(item.arguments)}`;
    return [`${fit('tool', roleColumns)}  ${call}  (${end})`];
  }
  if (type === 'commandExecution' && typeof item.command === 'string') {
    return [`${fit('command', roleColumns)}  ${plainLine(item.command)}  (${plainLine(status)})`];
  }
  // What became of a call stands at the call already.
  if (type.startsWith('tool_call.')) return [];
  return [`${fit('', roleColumns)}  ${plainLine(content)}`];
}

function printTurn(page: Page, turn: TurnRow, rows: readonly TranscriptRow[]): void {
  const { status, error, durationMs, id } = turn;
  const took = durationMs === null ? '' : ` after ${tookText(durationMs)}`;
  const isOver = endingOf(status) !== null;
  const text = `turn ${plainLine(id)}: ${isOver ? plainLine(status) + took : 'goes on'}`;
  page.line(`\n${page.paint('dim', text)}`);
  const width = process.stdout.isTTY ? process.stdout.columns : Infinity;
  for (const line of rows.flatMap(transcriptLines)) page.line(cut(line, Math.max(width, 40) - 2));
  if (error !== null)
    page.line(page.paint('red', `${fit('error', roleColumns)}  ${plainLine(error)}`));
}

function printCalls(page: Page, calls: readonly CallRow[], nowMs: number): void {
  if (calls.length === 0) return;
  page.line(`\n${page.paint('bold', 'waiting for an answer')}`);
  for (const { requestId, tool, namespace, createdAt, arguments: args } of calls) {
    const age = createdAt === null ? '' : `for ${ageText(nowMs - createdAt)}  `;
    page.line(`  ${plainLine(requestId)}  ${age}${toolText(tool, namespace)} ${valueText(args)}`);
  }
  page.line(page.paint('dim', '  answer with `sessionmesh calls answer <call> --text …`'));
}

function printDetail(detail: SessionDetail, calls: readonly CallRow[], turnsMax: number): void {
  const page = openPage(process.stdout);
  const nowMs = systemEnv.clock.now();
  const { row, turns, transcript } = detail;
  const state = calls.length > 0 ? 'waiting' : row.state;
  page.line(page.paint('bold', plainLine(row.title)));
  page.line(`session  ${plainLine(row.id)}`);
  page.line(`state    ${state}`);
  page.line(`folder   ${plainLine(row.cwd)}`);
  page.line(`made     ${ageText(nowMs - row.createdAt)} ago`);
  const shown = turns.slice(-turnsMax);
  const hidden = turns.length - shown.length;
  if (hidden > 0) page.line(page.paint('dim', `\n${counted(hidden, 'earlier turn')}; see --turns`));
  if (turns.length === 0) page.line(page.paint('dim', '\nnothing was said yet'));
  const byTurn = Map.groupBy(transcript, ({ turnId }) => turnId);
  for (const turn of shown) printTurn(page, turn, byTurn.get(turn.id) ?? []);
  printCalls(page, calls, nowMs);
}

/**
 * Prints a session; with `json` as the service shows it, and the calls that wait as `pendingCalls`.
 * @throws SessionMeshError `session_unknown`, `session_deleted`; as `resolveSessionId`.
 */
export async function runSessionsShowCommand(
  id: string,
  options: SessionsShowOptions,
): Promise<void> {
  await using connection = await connectService(options);
  const sessionId = await resolveSessionId(connection, id);
  const body = await connection.ask(routes.readSession(sessionId), { sessionId });
  const pending = await connection.ask(routes.pendingCalls(sessionId), { sessionId });
  if (options.json) {
    const all = { ...body, pendingCalls: dataOf(pending) };
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    return;
  }
  const detail = readSessionDetail(body);
  if (!detail) throw new SessionMeshError('protocol_invalid', { expected: 'a session', sessionId });
  printDetail(
    detail,
    dataOf(pending).flatMap((row) => readCallRow(row) ?? []),
    options.turns,
  );
}
