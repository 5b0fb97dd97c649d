/** `sessionmesh ledger`: looks into the file of a durable ledger, also beside the process that writes it. */
import type { Command } from 'commander';

export interface LedgerCheckOptions {
  readonly json?: boolean;
}

async function runLedgerCheck(path: string, { json }: LedgerCheckOptions): Promise<void> {
  const { checkJournal } = await import('../ledger/sqlite/check.ts');
  const found = checkJournal(path);
  process.exitCode = found.problems.length === 0 ? 0 : 1;
  if (json) {
    process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    return;
  }
  const { open, finished, sessions, problems } = found;
  const lines = [
    `${open} open calls, ${finished} finished, ${sessions} open sessions`,
    ...problems,
  ];
  if (problems.length === 0) lines.push('no problem found');
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function runLedgerExport(path: string): Promise<void> {
  const { exportJournal } = await import('../ledger/sqlite/export.ts');
  for await (const entry of exportJournal(path)) {
    process.stdout.write(`${JSON.stringify(entry)}\n`);
  }
}

/** Adds `ledger check` and `ledger export`. */
export function addLedgerCommand(program: Command): void {
  const ledger = program.command('ledger').description('look into the file of a durable ledger');
  ledger
    .command('check <file>')
    .description('check that the file is sound; exit code 1 if it is not')
    .option('--json', 'print JSON for programs instead of text for people')
    .action(runLedgerCheck);
  ledger
    .command('export <file>')
    .description('print every entry, one JSON text a line')
    .action(runLedgerExport);
}
