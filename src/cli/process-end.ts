/** The end of commands that import a user's module. */

/**
 * Ends the process once everything is written. A module that was only looked at may have opened a
 * connection or a timer, and those would keep the command from ending.
 */
async function endProcess(): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => stream.write('', () => resolve()));
  }
  process.exit();
}

/** Runs a command that imports a user's module. */
export function ending<Args extends readonly unknown[]>(run: (...args: Args) => Promise<void>) {
  return async (...args: Args): Promise<void> => {
    try {
      await run(...args);
    } finally {
      // Whoever prints what went wrong comes first.
      setImmediate(() => void endProcess());
    }
  };
}
