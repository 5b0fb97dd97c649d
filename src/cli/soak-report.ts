/** Reports on histories, however they came about: read, printed, written as a page. */
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { styleText } from 'node:util';
import { openHistory } from '../history/reader.ts';
import type { Verdict } from '../soak/check/verdict.ts';
import { renderPage } from '../soak/report/page.ts';
import type { Report } from '../soak/report/report.ts';
import { createReporter } from '../soak/report/reporter.ts';
import { renderTable, type Reported } from '../soak/report/table.ts';

/** The exit code of each verdict. */
export const verdictExitCodes: Readonly<Record<Verdict['result'], number>> = {
  held: 0,
  violated: 1,
  worthless: 2,
};

/** Reads the history at `path` as it streams by, so that its size does not matter. */
export async function reportOf(path: string): Promise<Report> {
  const reading = await openHistory(createReadStream(path));
  const reporter = createReporter(reading.header);
  for await (const record of reading.records) reporter.push(record);
  return reporter.finish(reading.torn > 0);
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
