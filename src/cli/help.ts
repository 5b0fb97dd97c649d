/** `sessionmesh help`: the help of a command, or an error for a name that is none. */
import type { Command } from 'commander';

function helpOf(group: Command, names: readonly string[]): never {
  let shown = group;
  for (const name of names) {
    const found = shown.commands.find(
      (command) => command.name() === name || command.aliases().includes(name),
    );
    if (!found) {
      return shown.error(`error: unknown command '${name}'`, { code: 'commander.unknownCommand' });
    }
    shown = found;
  }
  return shown.help();
}

/**
 * Adds `help` to `group` and to every group of commands in it. Commander's own shows the help of the group
 * for a name that it does not know, as if that had been asked for.
 */
export function addHelpCommands(group: Command): void {
  for (const command of group.commands) {
    if (command.commands.length > 0) addHelpCommands(command);
  }
  group.helpCommand(false);
  group
    .command('help')
    .argument('[command...]', 'of which command')
    .description('display help for command')
    .action((names: readonly string[]) => helpOf(group, names));
}
