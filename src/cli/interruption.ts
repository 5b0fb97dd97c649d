/** Ctrl-C and SIGTERM: the first one asks a command to end, the second ends it. */

/** Exit code of a command that was interrupted, as shells expect it. */
export const interruptedExitCode = 130;

/** Aborts at the first SIGINT or SIGTERM. Dispose of it to give the signals back. */
export function watchInterruption(): { readonly signal: AbortSignal } & Disposable {
  const interruption = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (interruption.signal.aborted) process.exit(interruptedExitCode);
    interruption.abort(new Error(`interrupted by ${name}`));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: interruption.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
