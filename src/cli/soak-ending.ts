/** How the commands of the soak end: their exit codes are what a build server goes by. */
import type { CommanderError } from 'commander';
import type { Verdict } from '../soak/check/verdict.ts';
import { complain } from './complaint.ts';
import { interruptedExitCode, watchInterruption } from './interruption.ts';

/** The exit code of each verdict. */
export const verdictExitCodes: Readonly<Record<Verdict['result'], number>> = {
  held: 0,
  violated: 1,
  worthless: 2,
};

/** Ends the process for options that commander refuses, and for `--help`. */
export function exitForUsage({ exitCode }: CommanderError): never {
  process.exit(exitCode === 0 ? 0 : verdictExitCodes.worthless);
}

/**
 * Runs a command of the soak, which sets the exit code of its verdict. Whatever keeps it from a verdict is
 * complained about and ends with 2, so that 1 says nothing but that something is broken; Ctrl-C with 130.
 */
export async function runToVerdict(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  using interruption = watchInterruption();
  const { signal } = interruption;
  process.exitCode = verdictExitCodes.worthless;
  try {
    await run(signal);
  } catch (thrown) {
    if (thrown !== signal.reason) complain(thrown);
    // A page that cannot be written does not mend what was found to be broken.
    if (process.exitCode !== verdictExitCodes.violated) {
      process.exitCode = verdictExitCodes.worthless;
    }
  }
  if (!signal.aborted) return;
  process.stderr.write('interrupted before the end\n');
  process.exitCode = interruptedExitCode;
}
