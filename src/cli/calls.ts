/** `sessionmesh calls`: names the commands about tool calls and loads the one that is asked for. */
import { Option, type Command } from 'commander';
import { collect, jsonOption, parseCount, withAddress } from './command-options.ts';

const idText = 'its id, the number at the end of it, or the id that it has in Codex';
const sessionOption = () =>
  new Option('--session <id>', 'of this session, or the beginning of its id');

function addListCommand(calls: Command): void {
  withAddress(calls.command('ls'))
    .description('the calls that wait for an answer')
    .addOption(sessionOption().argParser(collect))
    .addOption(new Option('--all', 'with --session: also those that are over'))
    .addOption(
      new Option(
        '--ledger <file>',
        'out of the file of a durable ledger, without a service',
      ).conflicts(['url', 'tokenFile']),
    )
    .addOption(
      new Option('--limit <number>', 'with --ledger: the newest so many')
        .argParser(parseCount)
        .default(50),
    )
    .addOption(jsonOption())
    .action(async (options) =>
      options.ledger === undefined
        ? (await import('./calls-list.ts')).runCallsListCommand(options)
        : (await import('./calls-ledger.ts')).runCallsLedgerCommand(options),
    );
}

function addShowCommand(calls: Command): void {
  withAddress(calls.command('show'))
    .description('one call with its arguments and, once it has one, its result')
    .argument('<call>', idText)
    .addOption(sessionOption())
    .addOption(jsonOption())
    .action(async (id, options) =>
      (await import('./calls-show.ts')).runCallsShowCommand(id, options),
    );
}

function addAnswerCommand(calls: Command): void {
  const ways = ['text', 'jsonOutput', 'failure', 'stdin'];
  const way = (flags: string, text: string, name: string) =>
    new Option(flags, text).conflicts(ways.filter((other) => other !== name));
  withAddress(calls.command('answer'))
    .description('answer a call that waits, in place of its tool')
    .argument('<call>', idText)
    .addOption(way('--text <text>', 'the result as text', 'text'))
    .addOption(
      way('--json-output <json>', 'the result as JSON, as a tool returns it', 'jsonOutput'),
    )
    .addOption(way('--failure <text>', 'that it failed, and why', 'failure'))
    .addOption(way('--stdin', 'the result as text, from the standard input', 'stdin'))
    .addOption(sessionOption())
    .addOption(jsonOption())
    .action(async (id, options) =>
      (await import('./calls-answer.ts')).runCallsAnswerCommand(id, options),
    );
}

/** Adds `sessionmesh calls` with its commands. */
export function addCallsCommand(program: Command): void {
  const calls = program
    .command('calls')
    .description('the tool calls of a running service')
    .addHelpText(
      'after',
      `
Examples:
  $ sessionmesh calls ls
  $ sessionmesh calls answer 7 --text "ENG-1 is open"
  $ sessionmesh calls answer 7 --failure "the ticket system is down"
  $ sessionmesh calls ls --ledger calls.sqlite`,
    );
  addListCommand(calls);
  addShowCommand(calls);
  addAnswerCommand(calls);
}
