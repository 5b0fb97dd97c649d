/** What SQLite throws, as errors of ours. */
import { isSessionMeshError, messageOf, SessionMeshError } from '../../errors.ts';

/** SQLite's primary result codes that mean something of their own here. */
const resultCodes = { error: 1, busy: 5, corrupt: 11, notDatabase: 26 } as const;

/** The primary result code of what SQLite threw, or undefined for anything else. */
function resultCodeOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return undefined;
  return typeof thrown.errcode === 'number' ? thrown.errcode & 0xff : undefined;
}

/** Whether somebody else holds the lock that was asked for. */
export function isBusy(thrown: unknown): boolean {
  return resultCodeOf(thrown) === resultCodes.busy;
}

/** Whether a file does not even begin as a database does. */
export function isNoDatabase(thrown: unknown): boolean {
  return resultCodeOf(thrown) === resultCodes.notDatabase;
}

/** Whether what was read is not what a journal holds; the disk and the permissions are fine then. */
export function isDamage(thrown: unknown): boolean {
  if (thrown instanceof SessionMeshError) return thrown.code === 'ledger_damaged';
  const { error, corrupt, notDatabase } = resultCodes;
  // A general error is a statement that does not fit the tables, so the tables are not ours.
  return [error, corrupt, notDatabase].some((code) => code === resultCodeOf(thrown));
}

/** The failure of a write, or of a read that a running journal needs. */
export function storeFailure(thrown: unknown): SessionMeshError {
  if (isSessionMeshError(thrown)) return thrown;
  const code = isDamage(thrown) ? 'ledger_damaged' : 'ledger_write_failed';
  return new SessionMeshError(code, { found: messageOf(thrown), cause: thrown });
}

/** A file that cannot be used as a journal, for a reason that does not lie in its content. */
export function openFailure(path: string, thrown: unknown): SessionMeshError {
  if (isSessionMeshError(thrown)) return thrown;
  const found = messageOf(thrown);
  return new SessionMeshError('ledger_open_failed', { expected: path, found, cause: thrown });
}
