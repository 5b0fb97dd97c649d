/** `sessionmesh replay`: the dashboard over a history file, at any moment of the run. */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { whenAborted } from '../abort.ts';
import { systemEnv } from '../env.ts';
import { SessionMeshError, messageOf } from '../errors.ts';
import { defaultLimits } from '../limits.ts';
import { startDashboard } from '../service/inspection/dashboard-server.ts';
import { readGrowing } from '../service/inspection/growing-file.ts';
import { followReplay, readReplay, type Replay } from '../service/inspection/replay.ts';
import { watchInterruption } from './interruption.ts';
import { openBrowser } from './open-browser.ts';
import { counted } from './plain-text.ts';
import { createReplayCheck } from './replay-check.ts';

/** What `replay` takes, as the command line gives it. */
export interface ReplayCommandOptions {
  /** Default: 0, any free one. */
  readonly port?: number;
  /** Opens the page in a browser. */
  readonly open?: boolean;
  /** Goes on reading what is appended to the file. */
  readonly follow?: boolean;
  /** False: the run is not checked against its invariants. */
  readonly check?: boolean;
  readonly json?: boolean;
}

interface Opened {
  readonly replay: Replay;
  /** Resolves with the end of the history. */
  readonly over: Promise<void>;
}

async function openReplay(
  file: string,
  { check = true, follow = false }: ReplayCommandOptions,
  signal: AbortSignal,
): Promise<Opened> {
  const checked = check ? { createCheck: createReplayCheck } : {};
  const options = { limits: defaultLimits, name: basename(file), ...checked };
  const { replayPollMs: pollMs } = defaultLimits;
  try {
    if (follow) {
      const chunks = readGrowing(file, { env: systemEnv, pollMs, signal });
      return await followReplay(chunks, options);
    }
    return { replay: await readReplay(createReadStream(file), options), over: Promise.resolve() };
  } catch (thrown) {
    if (Object(thrown).code !== 'ENOENT' && Object(thrown).code !== 'EISDIR') throw thrown;
    const expected = 'a history file';
    throw new SessionMeshError('option_invalid', { expected, found: messageOf(thrown) });
  }
}

/** `1,498 records of soak sim, 0 violations`, as data and as a line. */
function found({ summary, about }: Replay): { readonly facts: object; readonly line: string } {
  const { lastSeq, firstSeq, marks, doubts, isChecked } = summary;
  const violations = marks.filter(({ kind }) => kind === 'violation').length;
  const records = lastSeq === 0 ? 0 : lastSeq - firstSeq + 1;
  const doubtful = doubts.length > 0 ? ' seen, but it cannot show that there were none' : '';
  const verdict = isChecked ? `, ${counted(violations, 'violation')}${doubtful}` : '';
  return {
    facts: { records, violations, doubts },
    line: `${counted(records, 'record')} of ${about.source}${verdict}`,
  };
}

function print(isJson: boolean, facts: object, text: string): void {
  process.stdout.write(`${isJson ? JSON.stringify(facts) : text}\n`);
}

/** Serves the dashboard over a history until it is interrupted. */
export async function runReplayCommand(file: string, options: ReplayCommandOptions): Promise<void> {
  const { port = 0, open = false, follow = false, json = false } = options;
  using interruption = watchInterruption();
  const { signal } = interruption;
  const { replay, over } = await openReplay(file, options, signal);
  await using dashboard = await startDashboard({ shown: { replay }, port });
  const url = dashboard.pageUrl();
  if (follow) {
    const text = `following ${file}\nlook at it: ${url}\nCtrl-C ends it`;
    print(json, { type: 'replay.started', url, follow }, text);
  } else {
    const { facts, line } = found(replay);
    const text = `${line}\nlook at them: ${url}\nCtrl-C ends it`;
    print(json, { type: 'replay.started', url, ...facts }, text);
  }
  if (open && !(await openBrowser(url)) && !json) {
    process.stdout.write('no browser could be opened; open the address yourself\n');
  }
  await Promise.race([over, whenAborted(signal)]);
  if (follow && !signal.aborted) {
    const { facts, line } = found(replay);
    print(json, { type: 'replay.ended', ...facts }, line);
  }
  await whenAborted(signal);
}
