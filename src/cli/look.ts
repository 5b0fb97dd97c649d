/** The commands that open the dashboard: of a service that runs, or of a run that was recorded. */
import { Option, type Command } from 'commander';
import { jsonOption, parsePort, withAddress } from './command-options.ts';

/** Adds `dashboard` and `replay`. */
export function addLookCommands(program: Command): void {
  withAddress(program.command('dashboard'))
    .description('open the dashboard of the service that runs on this machine')
    .addOption(new Option('--no-open', 'print its one-time address only'))
    .addOption(jsonOption())
    .action(async (options) => (await import('./dashboard.ts')).runDashboardCommand(options));
  program
    .command('replay <file>')
    .description('look at a history in the dashboard, at any moment of the run')
    .addOption(
      new Option('--port <number>', 'the port; 0 for any (default)').argParser(parsePort('--port')),
    )
    .addOption(new Option('--open', 'open it in a browser'))
    .addOption(new Option('--follow', 'go on with what is appended, as while a soak runs'))
    .addOption(new Option('--no-check', 'do not check the run against its invariants'))
    .addOption(jsonOption())
    .action(async (file, options) => (await import('./replay.ts')).runReplayCommand(file, options));
}
