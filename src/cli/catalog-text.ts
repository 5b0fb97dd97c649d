/** How a checked catalog is told to a person: a table, each tool as it is sent, then what to look at. */
import type {
  CatalogFinding,
  CatalogReport,
  CheckResult,
  LiveReport,
  ToolReport,
} from './catalog-report.ts';
import type { SchemaChange } from './schema-change.ts';
import { openPage, type Page } from './page.ts';
import { counted, tableLines } from './plain-text.ts';
import { tokenEstimateMethod } from './token-estimate.ts';
import { isToolList } from './tool-module.ts';

/** Places of one kind that are named; the others are counted. */
const placesShownMax = 5;
const valueCharsMax = 60;

const figures = new Intl.NumberFormat('en-US');

function shorten(text: string): string {
  return text.length > valueCharsMax ? `${text.slice(0, valueCharsMax)}…` : text;
}

function schemaCell({ schemaBytes, wholeSchemaBytes }: ToolReport): string {
  return schemaBytes === wholeSchemaBytes
    ? figures.format(schemaBytes)
    : `${figures.format(schemaBytes)} of ${figures.format(wholeSchemaBytes)}`;
}

function changesCell(changes: readonly SchemaChange[]): string {
  const mattering = changes.filter(({ matters }) => matters).length;
  return mattering === 0 ? '-' : String(mattering);
}

function printTable(page: Page, tools: readonly ToolReport[]): void {
  const rows = tools.map((tool) => [
    tool.tool,
    tool.seen,
    schemaCell(tool),
    figures.format(tool.tokens),
    changesCell(tool.changes),
  ]);
  const [head = '', ...lines] = tableLines([
    ['tool', 'seen', 'schema bytes', 'tokens', 'changes'],
    ...rows,
  ]);
  page.line(page.paint('bold', head));
  for (const line of lines) page.line(line);
}

const marks = { lost: '-', changed: '~', added: '+' } as const;

function changeText({ kind, path, before, after }: SchemaChange): string {
  const place = path === '' ? 'the schema' : path;
  switch (kind) {
    case 'lost':
      return `${place} ${shorten(before ?? '')}`;
    case 'added':
      return `${place} ${shorten(after ?? '')}`;
    case 'changed':
      return `${place} ${shorten(before ?? '')} → ${shorten(after ?? '')}`;
  }
}

/** Prints what a model sees otherwise than it was written, by reason. */
export function printChanges(page: Page, changes: readonly SchemaChange[], shownMax: number): void {
  for (const [why, group] of Map.groupBy(changes, (change) => change.why)) {
    page.line(`  ${page.paint(group.some(({ matters }) => matters) ? 'yellow' : 'dim', why)}`);
    for (const change of group.slice(0, shownMax)) {
      page.line(`    ${marks[change.kind]} ${changeText(change)}`);
    }
    if (group.length > shownMax) page.line(`    and ${group.length - shownMax} more`);
  }
}

function printTool(page: Page, { tool, sent, changes }: ToolReport): void {
  page.line(`\n${page.paint('bold', tool)}`);
  page.line(`  ${sent ?? page.paint('red', 'Codex cannot read its schema')}`);
  printChanges(
    page,
    changes.filter(({ matters }) => matters),
    placesShownMax,
  );
}

/** Prints what a person should look at. */
export function printFindings(page: Page, findings: readonly CatalogFinding[]): void {
  if (findings.length > 0) page.line('');
  for (const { level, about, message } of findings) {
    const mark = level === 'error' ? page.paint('red', '✗') : page.paint('yellow', '!');
    page.line(`${mark} ${about === null ? '' : `${about}: `}${message}`);
  }
}

function printLive(page: Page, live: LiveReport): void {
  const { server, model, form, differences } = live;
  const version = /\/(\S+)/.exec(server)?.[1] ?? server;
  const way = form === 'code' ? 'which calls tools from code' : 'which calls functions';
  const what = `Codex ${version} and model ${model}, ${way}`;
  const verdict =
    differences.length === 0
      ? `${page.paint('green', '✓')} as predicted, letter by letter`
      : `${page.paint('red', '✗')} ${counted(differences.length, 'difference')}`;
  page.line(`\n${verdict}: ${what}`);
  for (const { about, predicted, sent } of differences) {
    page.line(`  ${about}`);
    page.line(`    predicted ${predicted ?? 'nothing'}`);
    page.line(`    sent      ${sent ?? 'nothing'}`);
  }
}

function printCosts(page: Page, { tokens, refusal }: CatalogReport): void {
  if (refusal !== null) return;
  const functions = figures.format(tokens.functions);
  const code = figures.format(tokens.code);
  page.line(
    `\nEvery request carries some ${functions} tokens of tools; ${code} where a model calls them from code.`,
  );
  page.line(page.paint('dim', `Tokens are ${tokenEstimateMethod}.`));
}

/** Prints the result for a person. */
export function printCatalogReport(file: string, { ok, report, live }: CheckResult): void {
  const page = openPage(process.stdout);
  const { tools, refusal, codex, notice } = report;
  const verdict = refusal === null ? 'accepts' : 'refuses';
  page.line(`${file}: ${counted(tools.length, 'tool')}; Codex ${codex} ${verdict} the list\n`);
  if (tools.length > 0) printTable(page, tools);
  for (const tool of tools) printTool(page, tool);
  if (!isToolList(file) && tools.some(({ changes }) => changes.some(({ matters }) => matters))) {
    page.line('\nArguments are checked against the schemas as they were written all the same.');
  }
  if (notice !== null) {
    page.line(`\n${page.paint('bold', 'what models are told of tools to search for')}`);
    page.line(notice.replaceAll(/^(?=.)/gm, '  '));
  }
  printFindings(page, report.findings);
  printCosts(page, report);
  if (live) printLive(page, live);
  if (ok) page.line(`\n${page.paint('green', '✓')} nothing is in the way`);
}
