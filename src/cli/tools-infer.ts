/** `sessionmesh tools infer`: writes down the tools of a module, or checks what was written down. */
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { messageOf, SessionMeshError } from '../errors.ts';
import {
  checkSchemaDocument,
  inferTools,
  schemaDocument,
  type InferIssue,
  type Inference,
} from '../tools/infer/index.ts';
import { writeOutput } from './output-file.ts';
import { openPage } from './page.ts';
import { counted } from './plain-text.ts';
import { placeText } from './tool-module.ts';

/** What to do with the tools of a module. */
export interface ToolsInferOptions {
  /** The schema document. Left out: it goes to the standard output. */
  readonly out?: string;
  /** Compares the document with the module and writes nothing. */
  readonly check?: boolean;
  /** The `tsconfig.json` to read the module with. */
  readonly tsconfig?: string;
  readonly json?: boolean;
}

/** What became of the document. */
interface InferResult {
  readonly ok: boolean;
  readonly tools: readonly string[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** What a check found; null without a check. */
  readonly differences: readonly string[] | null;
}

const issueText = (issue: InferIssue) =>
  `${placeText(issue.place)}: ${issue.tool}: ${issue.message}`;

/** Why there is nothing, and how to see the tools that the module may have nevertheless. */
function nothingText({ file }: Inference): string {
  const name = relative(process.cwd(), file);
  return (
    `${name}: nothing could be inferred: \`infer\` reads exported functions, and what is made with ` +
    `\`tool()\` has its schema already; \`sessionmesh tools list ${name}\` shows all tools of a module`
  );
}

async function compare(inference: Inference, out: string): Promise<readonly string[]> {
  const written = await readFile(out, 'utf8').catch((thrown: unknown) => {
    throw new SessionMeshError('option_invalid', {
      expected: 'a schema document to check',
      found: messageOf(thrown),
      fix: 'write it first, without --check',
    });
  });
  return checkSchemaDocument(inference, written).differences;
}

function printResult({ errors, warnings, differences, tools }: InferResult, out?: string): void {
  const page = openPage(process.stderr);
  for (const warning of warnings) page.line(`${page.paint('yellow', 'warning')} ${warning}`);
  for (const error of errors) page.line(`${page.paint('red', 'error')} ${error}`);
  for (const difference of differences ?? []) {
    page.line(`${page.paint('red', 'differs')} ${difference}`);
  }
  const number = counted(tools.length, 'tool');
  if (errors.length > 0) {
    const way = tools.length === 0 ? '' : `${errors.length} in the way of `;
    page.line(`${way}${number}; nothing was done`);
  } else if (differences === null) page.line(`${number}${out === undefined ? '' : ` in ${out}`}`);
  else if (differences.length === 0) page.line(`${number}, and ${out} says so`);
  else page.line(`${out} is out of date; write it again without --check`);
}

/**
 * Infers the tools of the module at `file` and writes the schema document, or checks it. The exit code is 1
 * if a function cannot be a tool, if there is none at all, or if the document says something else.
 * @throws SessionMeshError `option_invalid` for --check without --out, or if a file cannot be read;
 * `schema_invalid` if the document is none; as `inferTools`.
 */
export async function runToolsInferCommand(
  file: string,
  { out, check = false, tsconfig, json = false }: ToolsInferOptions,
): Promise<void> {
  if (check && out === undefined) {
    throw new SessionMeshError('option_invalid', {
      expected: '--out, the document to check',
      found: '--check alone',
    });
  }
  const inference = await inferTools(file, tsconfig === undefined ? {} : { tsconfig });
  const isEmpty = inference.tools.length === 0 && inference.errors.length === 0;
  const isWhole = inference.errors.length === 0 && !isEmpty;
  const differences = check && out !== undefined && isWhole ? await compare(inference, out) : null;
  if (isWhole && !check) {
    if (out !== undefined) await writeOutput('--out', out, schemaDocument(inference));
    else if (!json) process.stdout.write(schemaDocument(inference));
  }
  const result: InferResult = {
    ok: isWhole && (differences ?? []).length === 0,
    tools: inference.tools.map(({ name }) => name),
    errors: isEmpty ? [nothingText(inference)] : inference.errors.map(issueText),
    warnings: inference.warnings.map(issueText),
    differences,
  };
  process.exitCode = result.ok ? 0 : 1;
  if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else printResult(result, out);
}
