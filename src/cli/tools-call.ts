/**
 * `sessionmesh tools call`: calls one tool by hand. The call takes the road of a session's calls, on a host
 * without Codex: the same check of arguments, approval, deadline and bounds of the result.
 */
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { inspect, stripVTControlCharacters } from 'node:util';
import { messageOf, SessionMeshError } from '../errors.ts';
import { simulatedHost } from '../hosts/simulated/host.ts';
import { defaultLimits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { DispatchRecord } from '../mesh/dispatch-record.ts';
import type { MeshEvent } from '../mesh/event.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { startMesh } from '../mesh/start-mesh.ts';
import type { ApprovalDecision, ContentItem } from '../tools/contract.ts';
import { displayName } from '../tools/name.ts';
import { interruptedExitCode, watchInterruption } from './interruption.ts';
import { findTool, loadToolModule, type FoundTool, type ModuleSelection } from './tool-module.ts';

/** How to call it. */
export interface ToolsCallOptions extends ModuleSelection {
  /** Agrees to the call if the tool asks. */
  readonly approve?: boolean;
  readonly json?: boolean;
}

/** How long a handler may go on after Ctrl-C. */
const closeGraceMs = 300;

/** What a person who calls by hand knows anyway. */
const knownFields = ['sessionId', 'turnId', 'callId', 'requestId', 'namespace', 'tool'];

function log(level: string, fields: object, message: string): void {
  const told = Object.entries(fields).filter(([name]) => !knownFields.includes(name));
  const details = told.map(([name, value]) => `\n  ${name}: ${inspect(value)}`).join('');
  process.stderr.write(`${level}: ${message}${details}\n`);
}

/** What the mesh and the handler log, which is where the errors of a handler go. */
const stderrLogger: Logger = {
  debug: (fields, message) => log('debug', fields, message),
  info: (fields, message) => log('info', fields, message),
  warn: (fields, message) => log('warning', fields, message),
  error: (fields, message) => log('error', fields, message),
};

async function readArguments(json: string): Promise<unknown> {
  const given = json === '-' ? await text(process.stdin) : json;
  try {
    return JSON.parse(given);
  } catch (thrown) {
    throw new SessionMeshError('option_invalid', {
      expected: 'arguments as JSON',
      found: messageOf(thrown),
    });
  }
}

/** Whether the call may run: as the options say, or as the person at the terminal does. */
async function decide(
  { approve = false }: ToolsCallOptions,
  name: string,
  signal: AbortSignal,
): Promise<ApprovalDecision> {
  if (approve) return true;
  const denied = { denied: 'nobody was there to approve it' };
  if (!process.stdin.isTTY) {
    process.stderr.write(`${name} asks for approval; pass --approve to agree\n`);
    return denied;
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  // While it reads the keyboard, Ctrl-C is a key like others.
  prompt.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await prompt.question(`${name} asks for approval. Run it? [y/N] `, { signal });
    return /^y(es)?$/i.test(answer.trim()) ? true : { denied: 'the person asked said no' };
  } catch {
    return denied;
  } finally {
    prompt.close();
  }
}

/** Decides what the mesh asks for, if the call is still there by then. */
async function answerApproval(
  mesh: Mesh,
  { sessionId, approvalId }: Extract<MeshEvent, { type: 'approval.requested' }>,
  decision: Promise<ApprovalDecision>,
): Promise<void> {
  const decided = await decision;
  const session = mesh.session(sessionId);
  const isPending = session?.approvals.some(({ id }) => id === approvalId);
  if (isPending) session?.decideApproval(approvalId, decided);
}

/** Makes the call in a session of its own and returns what became of it. */
async function call(
  { part, namespace, tool }: FoundTool,
  args: unknown,
  options: ToolsCallOptions,
  signal: AbortSignal,
): Promise<DispatchRecord> {
  const one = { tool: tool.name, arguments: args, ...(namespace === null ? {} : { namespace }) };
  const host = simulatedHost(({ results }) =>
    results.length > 0 ? { text: 'done' } : { calls: [one] },
  );
  const mesh = await startMesh({ host, logger: stderrLogger });
  try {
    mesh.events$.subscribe((event) => {
      if (event.type === 'approval.requested') {
        const name = displayName(namespace, tool.name);
        void answerApproval(mesh, event, decide(options, name, signal));
      }
    });
    const session = await mesh.createSession({ tools: [part] });
    const turn = await session.sendAndHandle('call', {
      timeoutMs: defaultLimits.handCallMs,
      signal,
    });
    const [record] = turn.dispatches;
    if (record) return record;
    throw new SessionMeshError('call_cancelled', { found: turn.error ?? turn.status });
  } finally {
    await mesh.close({ graceMs: closeGraceMs });
  }
}

function itemText(item: ContentItem): string {
  switch (item.type) {
    case 'inputText':
      return item.text;
    case 'inputImage':
      return mediaText('image', item.imageUrl);
    case 'inputAudio':
      return mediaText('audio', item.audioUrl);
  }
}

/** What an inline URL holds, instead of kilobytes of base64. */
function mediaText(kind: string, url: string): string {
  const [head = '', data = ''] = url.split(',', 2);
  const bytes = head.endsWith(';base64') ? Buffer.byteLength(data, 'base64') : data.length;
  return `[${kind}: ${/^data:([^;,]*)/.exec(head)?.[1] ?? 'unknown'}, ${bytes} bytes]`;
}

function printRecord(record: DispatchRecord): void {
  const { output, code, durationMs } = record;
  for (const item of output?.contentItems ?? []) {
    const shown = itemText(item);
    // What a tool read somewhere cannot steer the terminal.
    const safe = process.stdout.isTTY ? stripVTControlCharacters(shown) : shown;
    process.stdout.write(`${safe}\n`);
  }
  const took = durationMs === null ? '' : ` after ${Math.round(durationMs)} ms`;
  const verdict = output?.success ? 'answered' : `failed${code === null ? '' : ` (${code})`}`;
  process.stderr.write(`${verdict}${took}\n`);
}

function resultOf({ tool, namespace, output, outcome, code, durationMs }: DispatchRecord) {
  const { success = false, contentItems = [] } = output ?? {};
  return { tool, namespace, success, outcome, code, durationMs, contentItems };
}

/**
 * Calls a tool of the module at `file` and prints what a model would see. The exit code is 1 if the answer
 * is a failure, 130 after Ctrl-C, which aborts the call.
 * @param json the arguments; `-` reads them from the standard input
 * @throws SessionMeshError `tool_unknown`, `option_invalid`; as `loadToolModule`.
 */
export async function runToolsCallCommand(
  file: string,
  name: string,
  json: string,
  options: ToolsCallOptions,
): Promise<void> {
  const { parts } = await loadToolModule(file, options);
  const found = findTool(parts, name);
  const args = await readArguments(json);
  using interruption = watchInterruption();
  const { signal } = interruption;
  try {
    const record = await call(found, args, options, signal);
    process.exitCode = record.output?.success ? 0 : 1;
    if (!options.json) printRecord(record);
    else process.stdout.write(`${JSON.stringify(resultOf(record), null, 2)}\n`);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
    process.stderr.write('interrupted; the call was aborted\n');
    process.exitCode = interruptedExitCode;
  }
}
