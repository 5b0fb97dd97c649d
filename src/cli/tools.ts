/** `sessionmesh tools`: names the commands about tools and loads the one that is asked for. */
import { Option, type Command } from 'commander';
import { documentOption, jsonOption, toolModuleText, tsconfigOption } from './command-options.ts';
import { ending } from './process-end.ts';

function addInferCommand(tools: Command): void {
  tools
    .command('infer')
    .description('write down the tools of a TypeScript module, from signatures and comments')
    .argument('<module>', 'a TypeScript module that exports functions')
    .addOption(new Option('--out <file>', 'the schema document; left out, it is printed'))
    .addOption(
      new Option('--check', 'compare with --out and write nothing: exit code 1 if it differs'),
    )
    .addOption(tsconfigOption())
    .addOption(jsonOption())
    .action(async (file, options) =>
      (await import('./tools-infer.ts')).runToolsInferCommand(file, options),
    );
}

function addCheckCommand(tools: Command): void {
  tools
    .command('check')
    .description('what Codex will accept, and what a model will see, letter by letter')
    .argument('<file>', `${toolModuleText}, or a .json file with a list of dynamic tools`)
    .addOption(new Option('--live', 'compare with what the real Codex sends to a scripted model'))
    .addOption(
      new Option('--model <name>', 'with --live: the model to be taken for').default('gpt-5.5'),
    )
    .addOption(new Option('--codex <path>', 'with --live: the codex binary to run'))
    .addOption(documentOption())
    .addOption(tsconfigOption())
    .addOption(jsonOption())
    .action(
      ending(async (file: string, options) =>
        (await import('./tools-check.ts')).runToolsCheckCommand(file, options),
      ),
    );
}

function addListCommand(tools: Command): void {
  tools
    .command('list')
    .description('the tools of a module')
    .argument('<module>', toolModuleText)
    .addOption(documentOption())
    .addOption(tsconfigOption())
    .addOption(jsonOption())
    .action(
      ending(async (file: string, options) =>
        (await import('./tools-list.ts')).runToolsListCommand(file, options),
      ),
    );
}

function addShowCommand(tools: Command): void {
  tools
    .command('show')
    .description('one tool, as it was written and as models see it')
    .argument('<module>', toolModuleText)
    .argument('<tool>', 'its name, or namespace/name')
    .addOption(documentOption())
    .addOption(tsconfigOption())
    .addOption(jsonOption())
    .action(
      ending(async (file: string, name: string, options) =>
        (await import('./tools-show.ts')).runToolsShowCommand(file, name, options),
      ),
    );
}

function addCallCommand(tools: Command): void {
  tools
    .command('call')
    .description('call one tool by hand, as a session would')
    .argument('<module>', toolModuleText)
    .argument('<tool>', 'its name, or namespace/name')
    .argument(
      '[arguments]',
      'the arguments as JSON, or - to read them from the standard input',
      '{}',
    )
    .addOption(new Option('--approve', 'agree to the call if the tool asks'))
    .addOption(documentOption())
    .addOption(tsconfigOption())
    .addOption(jsonOption())
    .action(
      ending(async (file: string, name: string, args: string, options) =>
        (await import('./tools-call.ts')).runToolsCallCommand(file, name, args, options),
      ),
    );
}

/** Adds `sessionmesh tools` with its commands. */
export function addToolsCommand(program: Command): void {
  const tools = program
    .command('tools')
    .description('write, check, look at and call tools')
    .addHelpText(
      'after',
      `
Examples:
  $ sessionmesh tools check src/tools.ts          what Codex accepts and what a model sees
  $ sessionmesh tools call src/tools.ts search '{"query":"open"}'
  $ sessionmesh tools infer src/tools.ts --out tools.schema.json --check`,
    );
  addInferCommand(tools);
  addCheckCommand(tools);
  addListCommand(tools);
  addShowCommand(tools);
  addCallCommand(tools);
}
