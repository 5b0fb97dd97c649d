/** Options that commands have in common. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { isPort } from '../env.ts';
import { SessionMeshError } from '../errors.ts';

/** `--json` */
export const jsonOption = () =>
  new Option('--json', 'print JSON for programs instead of text for people');

/** `--document`: where schemas of plain functions come from. */
export const documentOption = () =>
  new Option('--document <file>', 'take schemas from this document instead of inferring them');

/** `--tsconfig` */
export const tsconfigOption = () =>
  new Option('--tsconfig <file>', 'the settings to read the module with');

/** What a command that loads tools is given. */
export const toolModuleText = 'a module that exports tools or functions';

/** A whole number above zero, as an option is given it. Throws what commander shows. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('It has to be a whole number above zero.');
}

/**
 * The parser of an option that names a port; 0 is any.
 * @param option as it is written: `--port`
 */
export function parsePort(option: string): (text: string) => number {
  return (text) => {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
    if (isPort(port)) return port;
    const expected = `${option} to be a number from 0 to 65535`;
    throw new SessionMeshError('option_invalid', { expected, found: text || 'nothing' });
  };
}

/** Seconds above zero. Throws what commander shows. */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new InvalidArgumentError('It has to be a number of seconds above zero.');
}

/** For options that may be given several times. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** Adds where the service is, which is found by itself on the machine that it runs on. */
export function withAddress(command: Command): Command {
  return command
    .addOption(new Option('--url <url>', 'the service (default: the one on this machine)'))
    .addOption(new Option('--token-file <file>', 'a file with its token'));
}
