/** `sessionmesh help`: of commands there are, and of those there are not. */
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addHelpCommands } from '../../src/cli/help.ts';

async function help(...args: readonly string[]) {
  const printed = { out: '', err: '' };
  const program = new Command('mesh').exitOverride().configureOutput({
    writeOut: (text) => void (printed.out += text),
    writeErr: (text) => void (printed.err += text),
  });
  program.command('tools').description('about tools').command('list').description('all of them');
  for (const group of [
    ...program.commands,
    ...program.commands.flatMap(({ commands }) => commands),
  ])
    group.copyInheritedSettings(program);
  addHelpCommands(program);
  for (const group of program.commands) group.copyInheritedSettings(program);
  const thrown: unknown = await program.parseAsync(args, { from: 'user' }).catch((error) => error);
  return { ...printed, exitCode: Object(thrown).exitCode as unknown };
}

test('a command is shown, wherever it is', async () => {
  expect((await help('help')).out).toMatch(/Usage: mesh[\s\S]*about tools/);
  const shown = await help('help', 'tools', 'list');
  expect(shown).toMatchObject({ exitCode: 0, err: '' });
  expect(shown.out).toMatch(/Usage: mesh tools list[\s\S]*all of them/);
});

test.each([
  [['help', 'nope'], 'nope'],
  [['help', 'tools', 'nope'], 'nope'],
  [['tools', 'help', 'nope'], 'nope'],
])('%j is an error', async (args, name) => {
  const { exitCode, out, err } = await help(...args);
  expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
  expect(err).toMatch(`error: unknown command '${name}'`);
});
