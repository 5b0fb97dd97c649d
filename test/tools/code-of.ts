import { isSessionMeshError } from '../../src/errors.ts';

/** The code of the error that `run` throws, what else it throws, or `accepted`. */
export function codeOf(run: () => unknown): unknown {
  try {
    run();
    return 'accepted';
  } catch (thrown) {
    return isSessionMeshError(thrown) ? thrown.code : thrown;
  }
}
