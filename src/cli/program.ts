/** The commands of `sessionmesh`, by name; each is loaded when it is asked for. */
import { Argument, Command, Option } from 'commander';
import { packageVersion } from '../package-version.ts';
import { addCallsCommand } from './calls.ts';
import {
  documentOption,
  jsonOption,
  parsePort,
  parseSeconds,
  toolModuleText,
  tsconfigOption,
  withAddress,
} from './command-options.ts';
import { complain } from './complaint.ts';
import { addHelpCommands } from './help.ts';
import { addLedgerCommand } from './ledger.ts';
import { addLookCommands } from './look.ts';
import { addProxyCommand } from './proxy.ts';
import { endWithReader } from './reader-gone.ts';
import { addSessionsCommand } from './sessions.ts';
import { addSoakCommand } from './soak.ts';
import { addToolsCommand } from './tools.ts';
import { addWatchCommands } from './watch.ts';
import { withWitnesses } from './witness.ts';

const program = new Command('sessionmesh')
  .description(
    'The runtime that teams of coding agents run on: Codex dynamic tools over many sessions.',
  )
  .version(packageVersion())
  .showSuggestionAfterError()
  .showHelpAfterError('(run with --help for usage)')
  .addHelpText(
    'after',
    `
Examples:
  $ sessionmesh team                      rehearse a team of three Codex sessions, no account needed
  $ sessionmesh team --live --task "..."  the same team on your own Codex login and model
  $ sessionmesh doctor                    check this machine
  $ sessionmesh chart session             print the session's state chart`,
  );

withWitnesses(program.command('team'))
  .description('run a team of three Codex sessions: developer, docs and reviewer')
  .addOption(
    new Option('--live', 'use your own Codex login and model instead of the scripted model'),
  )
  .addOption(new Option('--task <text>', 'what the developer is asked to do'))
  .addOption(new Option('--model <name>', 'the model, with --live'))
  .addOption(new Option('--cwd <directory>', 'where the sessions work').default('.'))
  .addOption(new Option('--codex <path>', 'the codex binary to run'))
  .addOption(new Option('--minutes <number>', 'wall-clock budget of the run').argParser(Number))
  .addOption(new Option('--open', 'open the dashboard, and stay until Ctrl-C'))
  .addOption(jsonOption())
  .action(async (options) => (await import('./team.ts')).runTeamCommand(options));

program
  .command('doctor')
  .description('check that this machine can run Codex sessions')
  .addOption(new Option('--codex <path>', 'the codex binary to check'))
  .addOption(jsonOption())
  .action(async (options) => (await import('./doctor.ts')).runDoctorCommand(options));

withAddress(
  program
    .command('chart')
    .description('draw a state chart, from the machine itself')
    .addArgument(
      new Argument('<machine>', 'which machine').choices([
        'session',
        'connection',
        'call',
        'member',
      ]),
    )
    .addOption(
      new Option('--format <format>', 'how (default: as --out is named, else mermaid)').choices([
        'svg',
        'png',
        'mermaid',
        'json',
      ]),
    )
    .addOption(new Option('--out <file>', 'where to (default: the standard output)'))
    .addOption(
      new Option('--theme <theme>', 'whose colours')
        .choices(['auto', 'light', 'dark'])
        .default('auto'),
    )
    .addOption(new Option('--session <id>', 'light the states of this session'))
    .addOption(new Option('--history <file>', 'take them from a history'))
    .addOption(new Option('--at <time>', 'a date or milliseconds, with --history'))
    .addOption(new Option('--state <state>', 'light this state: a name, a path or JSON')),
).action(async (name, options) => (await import('./chart.ts')).runChartCommand(name, options));

withWitnesses(program.command('serve'))
  .description('serve sessions over HTTP and a WebSocket, for clients in any language')
  .addOption(new Option('--host <address>', 'where to listen (default: 127.0.0.1)'))
  .addOption(
    new Option('--port <number>', 'the port; 0 for any (default: 3001)').argParser(
      parsePort('--port'),
    ),
  )
  .addOption(new Option('--no-auth', 'ask for no token; only on loopback'))
  .addOption(new Option('--codex <path>', 'the codex binary to run'))
  .addOption(new Option('--tools <module>', 'serve the tools of this module in every session'))
  .addOption(new Option('--cwd <directory>', 'where sessions work that do not say'))
  .addOption(
    new Option('--ledger <file>', 'where calls are recorded (default: in the state folder)'),
  )
  .addOption(new Option('--no-ledger', 'record calls in memory only'))
  .addOption(
    new Option(
      '--durability <mode>',
      'what a crash of the machine may cost: nothing (sync, the default) or its last moment',
    ).choices(['sync', 'async']),
  )
  .addOption(
    new Option(
      '--call-timeout <seconds>',
      'how long a client may take for an answer (default: an hour)',
    ).argParser(parseSeconds),
  )
  .addOption(
    new Option('--all-notifications', 'publish everything Codex tells, as older clients expect'),
  )
  .addOption(new Option('--open', 'open the dashboard in a browser'))
  .addOption(jsonOption())
  .action(async (options) => (await import('./serve.ts')).runServeCommand(options));

program
  .command('mcp')
  .description('serve the tools of a module to any MCP client, over stdio or streamable HTTP')
  .argument('<module>', toolModuleText)
  .addOption(new Option('--http', 'listen on loopback instead of using stdio'))
  .addOption(
    new Option('--port <number>', 'the port, with --http; 0 for any').argParser(
      parsePort('--port'),
    ),
  )
  .addOption(new Option('--no-auth', 'ask for no token, with --http'))
  .addOption(new Option('--name <name>', 'what the server calls itself'))
  .addOption(new Option('--approve-all', 'run tools that ask for approval without asking'))
  .addOption(documentOption())
  .addOption(tsconfigOption())
  .action(async (module, options) => (await import('./mcp.ts')).runMcpCommand(module, options));

addToolsCommand(program);

addLedgerCommand(program);

addSessionsCommand(program);

addCallsCommand(program);

addWatchCommands(program);

addLookCommands(program);

addSoakCommand(program);

addProxyCommand(program);

addHelpCommands(program);

endWithReader();
try {
  await program.parseAsync();
} catch (thrown) {
  complain(thrown);
  process.exitCode = 1;
}
