/** `sessionmesh sessions`: names the commands about sessions and loads the one that is asked for. */
import { Option, type Command } from 'commander';
import { collect, jsonOption, parseCount, parseSeconds, withAddress } from './command-options.ts';
import { sessionStates } from './service-rows.ts';

const idText = 'its id, or the beginning of it';

function addListCommand(sessions: Command): void {
  withAddress(sessions.command('ls'))
    .description('the newest sessions')
    .addOption(new Option('--search <text>', 'those with this in their title, folder or id'))
    .addOption(
      new Option('--state <state...>', 'those in this state').choices(
        sessionStates.filter((state) => state !== 'unknown'),
      ),
    )
    .addOption(new Option('--archived', 'the archived ones instead of the others'))
    .addOption(new Option('--limit <number>', 'how many').argParser(parseCount).default(20))
    .addOption(jsonOption())
    .action(async (options) =>
      (await import('./sessions-list.ts')).runSessionsListCommand(options),
    );
}

function addShowCommand(sessions: Command): void {
  withAddress(sessions.command('show'))
    .description('one session: what was said, what it does, what waits')
    .argument('<session>', idText)
    .addOption(new Option('--turns <number>', 'its last turns').argParser(parseCount).default(5))
    .addOption(jsonOption())
    .action(async (id, options) =>
      (await import('./sessions-show.ts')).runSessionsShowCommand(id, options),
    );
}

function addCreateCommand(sessions: Command): void {
  withAddress(sessions.command('create'))
    .description('make a session, and print its id')
    .addOption(new Option('--title <text>', 'what it is called'))
    .addOption(new Option('--cwd <directory>', "where it works (default: the service's choice)"))
    .addOption(new Option('--model <name>', 'the model'))
    .addOption(
      new Option('--approval-policy <policy>', 'when Codex asks before it does something').choices([
        'untrusted',
        'on-failure',
        'on-request',
        'never',
      ]),
    )
    .addOption(
      new Option('--sandbox <mode>', 'what it may write').choices([
        'read-only',
        'workspace-write',
        'danger-full-access',
      ]),
    )
    .addOption(
      new Option('--network <access>', 'whether it reaches the network').choices([
        'restricted',
        'enabled',
      ]),
    )
    .addOption(
      new Option(
        '--tools <file>',
        'tools that clients answer for: a module, or a .json list of dynamic tools',
      ),
    )
    .addOption(jsonOption())
    .action(async (options) =>
      (await import('./sessions-create.ts')).runSessionsCreateCommand(options),
    );
}

function addSendCommand(sessions: Command): void {
  withAddress(sessions.command('send'))
    .description('say something to a session and wait for the reply')
    .argument('<session>', idText)
    .argument('<text>', 'what to say, or - to read it from the standard input')
    .addOption(new Option('--no-wait', 'end as soon as the message is taken'))
    .addOption(
      new Option('--timeout <seconds>', 'how long to wait (default: until it is over)').argParser(
        parseSeconds,
      ),
    )
    .addOption(new Option('--model <name>', 'the model from now on'))
    .addOption(new Option('--effort <level>', 'how hard the model thinks'))
    .addOption(jsonOption())
    .action(async (id, text, options) =>
      (await import('./sessions-send.ts')).runSessionsSendCommand(id, text, options),
    );
}

function addEndCommands(sessions: Command): void {
  withAddress(sessions.command('interrupt'))
    .description('stop the turn that runs')
    .argument('<session>', idText)
    .addOption(jsonOption())
    .action(async (id, options) =>
      (await import('./sessions-end.ts')).runSessionsInterruptCommand(id, options),
    );
  withAddress(sessions.command('close'))
    .description('put sessions away, or delete them for good')
    .argument('<session...>', `${idText}; several at once`, collect)
    .addOption(new Option('--archive', 'put away; nothing is lost').conflicts('delete'))
    .addOption(new Option('--delete', 'delete for good, with everything that was said'))
    .addOption(jsonOption())
    .action(async (ids, options) =>
      (await import('./sessions-end.ts')).runSessionsCloseCommand(ids, options),
    );
  withAddress(sessions.command('unarchive'))
    .description('take sessions out of the archive again')
    .argument('<session...>', `${idText}; several at once`, collect)
    .addOption(jsonOption())
    .action(async (ids, options) =>
      (await import('./sessions-end.ts')).runSessionsUnarchiveCommand(ids, options),
    );
}

/** Adds `sessionmesh sessions` with its commands. */
export function addSessionsCommand(program: Command): void {
  const sessions = program
    .command('sessions')
    .description('the sessions of a running service')
    .addHelpText(
      'after',
      `
Examples:
  $ sessionmesh sessions create --title "release notes" --cwd .
  $ sessionmesh sessions send 01a1fbc5-c3bf "What changed since the last tag?"
  $ sessionmesh sessions ls --state working --search release
  $ sessionmesh sessions close 01a1fbc5-c3bf --archive
  $ sessionmesh sessions close 01a1fbc5-c3bf 01a1fbc6-72a2 --delete`,
    );
  addListCommand(sessions);
  addShowCommand(sessions);
  addCreateCommand(sessions);
  addSendCommand(sessions);
  addEndCommands(sessions);
}
