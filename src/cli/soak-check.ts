/** `sessionmesh soak check`: the verdict on a history file, whoever wrote it. */
import { open } from 'node:fs/promises';
import { messageOf, SessionMeshError } from '../errors.ts';
import { verdictExitCodes } from './soak-ending.ts';
import { checkPage, printReport, reportOf, writePage } from './soak-report.ts';

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
 * broken, 2 if the history cannot show either.
 * @throws SessionMeshError `history_invalid`, `option_invalid`; the reason of `signal`
 */
export async function runSoakCheck(
  path: string,
  options: SoakCheckOptions,
  signal?: AbortSignal,
): Promise<void> {
  await checkReadable(path);
  await checkPage(options.html);
  const report = await reportOf(path, signal);
  process.exitCode = verdictExitCodes[report.verdict.result];
  if (options.json) process.stdout.write(`${JSON.stringify(report.verdict, null, 2)}\n`);
  else printReport(report);
  if (options.html !== undefined) await writePage(report, options.html);
}
