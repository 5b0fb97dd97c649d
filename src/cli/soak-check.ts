/** `sessionmesh soak check`: the verdict on a history file, whoever wrote it. */
import { open } from 'node:fs/promises';
import { messageOf, SessionMeshError } from '../errors.ts';
import { printReport, reportOf, verdictExitCodes, writePage } from './soak-report.ts';

/** What `soak check` takes, as the command line gives it. */
export interface SoakCheckOptions {
  readonly json?: boolean;
  /** Write the page with the plots to this file. */
  readonly html?: string;
}

async function checkReadable(path: string): Promise<void> {
  try {
    await (await open(path, 'r')).close();
  } catch (thrown) {
    const facts = { expected: 'a file that can be read', found: messageOf(thrown), cause: thrown };
    throw new SessionMeshError('history_invalid', { ...facts, fix: 'name a history file' });
  }
}

/**
 * Prints the verdict and sets the exit code of the process: 0 if every invariant held, 1 if one was
 * broken, 2 if the history cannot show either or cannot be read.
 */
export async function runSoakCheck(path: string, options: SoakCheckOptions): Promise<void> {
  process.exitCode = verdictExitCodes.worthless;
  await checkReadable(path);
  const report = await reportOf(path);
  if (options.html !== undefined) await writePage(report, options.html);
  if (options.json) process.stdout.write(`${JSON.stringify(report.verdict, null, 2)}\n`);
  else printReport(report);
  process.exitCode = verdictExitCodes[report.verdict.result];
}

/** As {@link runSoakCheck}; a file that cannot be read is complained about, and the exit code stays 2. */
export async function runSoakCheckCommand(path: string, options: SoakCheckOptions): Promise<void> {
  try {
    await runSoakCheck(path, options);
  } catch (thrown) {
    process.stderr.write(`sessionmesh: ${messageOf(thrown)}\n`);
  }
}
