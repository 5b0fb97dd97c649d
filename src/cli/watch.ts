/** `sessionmesh tail` and `top`: names the commands that watch a service and loads the one that is asked for. */
import { Option, type Command } from 'commander';
import { collect, jsonOption, parseCount, withAddress } from './command-options.ts';

function addTailCommand(program: Command): void {
  withAddress(program.command('tail'))
    .description('what happens on a running service, as it happens')
    .addOption(
      new Option('--session <id>', 'of this session; may be given several times').argParser(
        collect,
      ),
    )
    .addOption(
      new Option(
        '--type <prefix>',
        'events whose type begins so, with or without app_server.; several times',
      ).argParser(collect),
    )
    .addOption(new Option('--count <number>', 'end after so many events').argParser(parseCount))
    .addOption(new Option('--until <type>', 'end after the first event whose type begins so'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ sessionmesh tail --session 01a1fbc5-c3bf
  $ sessionmesh tail --type tool_call_ --json
  $ sessionmesh tail --until turn.completed`,
    )
    .action(async (options) => (await import('./tail.ts')).runTailCommand(options));
}

function addTopCommand(program: Command): void {
  withAddress(program.command('top'))
    .description('sessions and calls of a running service, live')
    .addOption(new Option('--once', 'print one picture and end'))
    .addOption(jsonOption())
    .action(async (options) => (await import('./top.ts')).runTopCommand(options));
}

/** Adds `sessionmesh tail` and `sessionmesh top`. */
export function addWatchCommands(program: Command): void {
  addTailCommand(program);
  addTopCommand(program);
}
