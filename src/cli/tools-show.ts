/** `sessionmesh tools show`: everything about one tool. */
import { displayName } from '../tools/name.ts';
import { reportCatalog, type CatalogReport, type ToolReport } from './catalog-report.ts';
import { printChanges, printFindings } from './catalog-text.ts';
import { openPage, type Page } from './page.ts';
import {
  dynamicToolsOf,
  findTool,
  loadToolModule,
  type FoundTool,
  type ModuleSelection,
} from './tool-module.ts';
import { policyText } from './tools-list.ts';

/** How to show it. */
export interface ToolsShowOptions extends ModuleSelection {
  readonly json?: boolean;
}

function printBlock(page: Page, heading: string, text: string): void {
  page.line(`\n${page.paint('bold', heading)}`);
  page.line(text.replaceAll(/^(?=.)/gm, '  '));
}

const indented = (json: string) => JSON.stringify(JSON.parse(json), null, 2);

function printReport(found: FoundTool, shown: ToolReport, report: CatalogReport): void {
  const { namespace, tool } = found;
  const page = openPage(process.stdout);
  page.line(page.paint('bold', displayName(namespace, tool.name)));
  page.line(tool.description.replaceAll(/^(?=.)/gm, '  '));
  const policy = policyText(tool.policy, tool.deferLoading);
  if (policy !== '') page.line(`  ${page.paint('dim', policy)}`);
  printBlock(page, 'input, as it was written', JSON.stringify(tool.inputSchema, null, 2));
  if (tool.outputSchema) {
    const output = JSON.stringify(tool.outputSchema, null, 2);
    printBlock(page, 'output, which no model is shown', output);
  }
  printFindings(page, report.findings);
  if (shown.sent !== null && shown.seen !== 'never') {
    const way = shown.seen === 'by search' ? ', once it was searched for' : '';
    const size = `${shown.schemaBytes} bytes of schema, some ${shown.tokens} tokens`;
    printBlock(page, `what a model sees${way} (${size})`, indented(shown.sent));
    if (shown.changes.length > 0) {
      page.line(`\n${page.paint('bold', 'what became of the schema')}`);
      printChanges(page, shown.changes, Infinity);
    }
    if (shown.declared !== null) {
      printBlock(page, 'what a model sees that calls tools from code', shown.declared);
    }
  }
}

/**
 * Prints one tool of the module at `file`: as it was written, and as models see it.
 * @throws SessionMeshError `tool_unknown`; as `loadToolModule`.
 */
export async function runToolsShowCommand(
  file: string,
  name: string,
  options: ToolsShowOptions,
): Promise<void> {
  const { parts } = await loadToolModule(file, options);
  const found = findTool(parts, name);
  const report = reportCatalog(dynamicToolsOf([found.part]));
  const full = displayName(found.namespace, found.tool.name);
  const shown = report.tools.find(({ tool }) => tool === full);
  if (options.json) {
    const { inputSchema, outputSchema = null, description } = found.tool;
    const { refusal, findings } = report;
    const all = { description, inputSchema, outputSchema, ...shown, refusal, findings };
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
  } else if (shown) printReport(found, shown, report);
}
