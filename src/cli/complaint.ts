/** What a command says when it cannot do what it was asked for. */
import { isSessionMeshError, messageOf } from '../errors.ts';
import { plainLines } from './plain-text.ts';

/** Prints what was thrown, with the code that programs go by. */
export function complain(thrown: unknown): void {
  const code = isSessionMeshError(thrown) ? ` [${thrown.code}]` : '';
  const message = plainLines(messageOf(thrown)).join('\n');
  process.stderr.write(`sessionmesh: ${message}${code}\n`);
}
