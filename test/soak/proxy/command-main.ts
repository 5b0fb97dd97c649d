/** The `proxy` command alone: what `command.test.ts` starts. */
import { Command } from 'commander';
import { addProxyCommand } from '../../../src/cli/proxy.ts';

const program = new Command('sessionmesh').exitOverride();
addProxyCommand(program);
await program.parseAsync();
