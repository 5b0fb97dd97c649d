/** Whoever reads the output has left: `sessionmesh calls ls | head`. */

/** Exit code of a command that was ended by SIGPIPE, as shells expect it. */
const brokenPipeExitCode = 141;

/**
 * Ends the command when nobody reads its output any more, as SIGPIPE ends those that heed it. One that has
 * something to clean up takes it for Ctrl-C.
 */
export function endWithReader(): void {
  let isGone = false;
  const onError = (error: Error) => {
    if (!('code' in error) || error.code !== 'EPIPE') throw error;
    if (isGone) return;
    isGone = true;
    if (process.listenerCount('SIGINT') > 0) process.emit('SIGINT');
    else process.exit(brokenPipeExitCode);
  };
  process.stdout.on('error', onError);
  process.stderr.on('error', onError);
}
