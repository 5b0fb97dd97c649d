/** `sessionmesh replay`: the dashboard over a history file, at any moment of the run. */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { SessionMeshError, messageOf } from '../errors.ts';
import type { HistoryHeader } from '../history/record.ts';
import { defaultLimits } from '../limits.ts';
import { startDashboard } from '../service/inspection/dashboard-server.ts';
import { readReplay, type ReplayCheck } from '../service/inspection/replay.ts';
import type { RunFinding } from '../service/inspection/run-timeline.ts';
import { createChecker } from '../soak/check/checker.ts';
import type { Violation } from '../soak/check/verdict.ts';
import { watchInterruption } from './interruption.ts';
import { openBrowser } from './open-browser.ts';

/** What `replay` takes, as the command line gives it. */
export interface ReplayCommandOptions {
  /** Default: 0, any free one. */
  readonly port?: number;
  /** Opens the page in a browser. */
  readonly open?: boolean;
  /** False: the run is not checked against its invariants. */
  readonly check?: boolean;
  readonly json?: boolean;
}

function findingOf({ invariant, message, records, at }: Violation): RunFinding {
  return { seq: records.at(-1) ?? 0, at, text: `${invariant}: ${message}` };
}

function createCheck(header: HistoryHeader): ReplayCheck {
  const checker = createChecker(header);
  return {
    push: (record) => checker.push(record),
    finish: () => {
      const { violations, reasons } = checker.verdict();
      return { findings: violations.map(findingOf), doubts: reasons };
    },
  };
}

async function readFile(file: string, isChecked: boolean) {
  const options = { limits: defaultLimits, name: basename(file) };
  try {
    const check = isChecked ? { createCheck } : {};
    return await readReplay(createReadStream(file), { ...options, ...check });
  } catch (thrown) {
    if (Object(thrown).code !== 'ENOENT' && Object(thrown).code !== 'EISDIR') throw thrown;
    const expected = 'a history file';
    throw new SessionMeshError('option_invalid', { expected, found: messageOf(thrown) });
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((settle) => {
    if (signal.aborted) settle();
    else signal.addEventListener('abort', () => settle(), { once: true });
  });
}

/** Serves the dashboard over a history until it is interrupted. */
export async function runReplayCommand(file: string, options: ReplayCommandOptions): Promise<void> {
  const { port = 0, open = false, check = true, json = false } = options;
  using interruption = watchInterruption();
  const replay = await readFile(file, check);
  await using dashboard = await startDashboard({ shown: { replay }, port });
  const { lastSeq, firstSeq, marks, doubts } = replay.summary;
  const url = dashboard.pageUrl();
  const violations = marks.filter(({ kind }) => kind === 'violation').length;
  const records = lastSeq === 0 ? 0 : lastSeq - firstSeq + 1;
  const doubtful = doubts.length > 0 ? ' seen, but it cannot show that there were none' : '';
  const found = check ? `, ${violations} violations${doubtful}` : '';
  process.stdout.write(
    json
      ? `${JSON.stringify({ type: 'replay.started', url, records, violations, doubts })}\n`
      : `${records} records of ${replay.about.source}${found}\nlook at them: ${url}\nCtrl-C ends it\n`,
  );
  if (open && !(await openBrowser(url)) && !json) {
    process.stdout.write('no browser could be opened; open the address yourself\n');
  }
  await whenAborted(interruption.signal);
}
