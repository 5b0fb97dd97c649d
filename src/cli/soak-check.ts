/** `sessionmesh soak check`: the verdict on a history file, whoever wrote it. */
import { createReadStream } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { styleText } from 'node:util';
import type { Command } from 'commander';
import { messageOf, SessionMeshError } from '../errors.ts';
import type { Report } from '../soak/report/report.ts';
import type { Verdict } from '../soak/check/verdict.ts';

/** What `soak check` takes, as the command line gives it. */
export interface SoakCheckOptions {
  readonly json?: boolean;
  /** Write the page with the plots to this file. */
  readonly html?: string;
}

/** The exit code of each verdict. */
export const verdictExitCodes: Readonly<Record<Verdict['result'], number>> = {
  held: 0,
  violated: 1,
  worthless: 2,
};

/** Reads the file as it streams by, so that its size does not matter. */
async function reportOf(path: string): Promise<Report> {
  const { openHistory } = await import('../history/reader.ts');
  const { createReporter } = await import('../soak/report/reporter.ts');
  const reading = await openHistory(createReadStream(path));
  const reporter = createReporter(reading.header);
  for await (const record of reading.records) reporter.push(record);
  return reporter.finish(reading.torn > 0);
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
  if (options.html !== undefined) {
    const { renderPage } = await import('../soak/report/page.ts');
    await writeFile(options.html, renderPage(report));
  }
  if (options.json) process.stdout.write(`${JSON.stringify(report.verdict, null, 2)}\n`);
  else {
    const { renderTable } = await import('../soak/report/table.ts');
    const { stdout } = process;
    stdout.write(renderTable(report, (style, text) => styleText(style, text, { stream: stdout })));
  }
  process.exitCode = verdictExitCodes[report.verdict.result];
}

async function runAndComplain(path: string, options: SoakCheckOptions): Promise<void> {
  try {
    await runSoakCheck(path, options);
  } catch (thrown) {
    process.stderr.write(`sessionmesh: ${messageOf(thrown)}\n`);
  }
}

/** Adds `check` to the `soak` command. */
export function addSoakCheckCommand(soak: Command): void {
  soak
    .command('check <file>')
    .description(
      'check a history file: exit code 0 if every invariant held, 1 if not, 2 if unclear',
    )
    .option('--json', 'print JSON for programs instead of text for people')
    .option('--html <file>', 'write a page with plots as well, which opens without network')
    .action(runAndComplain);
}
