/** Reports on histories, however they came about: read, printed, written as a page. */
import { createReadStream } from 'node:fs';
import { open, rm, writeFile } from 'node:fs/promises';
import { styleText } from 'node:util';
import { messageOf, SessionMeshError } from '../errors.ts';
import { openHistory } from '../history/reader.ts';
import { renderPage } from '../soak/report/page.ts';
import type { Report } from '../soak/report/report.ts';
import { createReporter } from '../soak/report/reporter.ts';
import { renderTable, type Reported } from '../soak/report/table.ts';

/**
 * Reads the history at `path` as it streams by, so that its size does not matter.
 * @throws SessionMeshError `history_invalid`; the reason of `signal`
 */
export async function reportOf(path: string, signal?: AbortSignal): Promise<Report> {
  const reading = await openHistory(createReadStream(path));
  const reporter = createReporter(reading.header);
  for await (const record of reading.records) {
    signal?.throwIfAborted();
    reporter.push(record);
  }
  return reporter.finish(reading.torn > 0);
}

/**
 * Makes sure that a page can be written to `path`, before a run that may take hours.
 * @throws SessionMeshError `option_invalid`
 */
export async function checkPage(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  try {
    await (await open(path, 'wx')).close();
    await rm(path);
  } catch (thrown) {
    if (await isFile(path)) return;
    throw new SessionMeshError('option_invalid', {
      expected: 'a file for --html that can be written',
      found: messageOf(thrown),
      cause: thrown,
    });
  }
}

/** Whether there is a file that can be written over. */
async function isFile(path: string): Promise<boolean> {
  try {
    await (await open(path, 'r+')).close();
    return true;
  } catch {
    return false;
  }
}

/** Writes the page with the plots to `path`. */
export async function writePage(report: Report, path: string): Promise<void> {
  await writeFile(path, renderPage(report));
}

/** Prints what was found, for people. */
export function printReport(report: Reported): void {
  const { stdout } = process;
  stdout.write(renderTable(report, (style, text) => styleText(style, text, { stream: stdout })));
}
