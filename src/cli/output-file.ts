/** A file that an option names to be written. */
import { writeFile } from 'node:fs/promises';
import { messageOf, SessionMeshError } from '../errors.ts';

/**
 * Writes what a command made.
 * @param option as it is written: `--out`
 * @throws SessionMeshError `option_invalid` if it cannot be written
 */
export async function writeOutput(
  option: string,
  path: string,
  content: string | Buffer,
): Promise<void> {
  try {
    await writeFile(path, content);
  } catch (thrown) {
    throw new SessionMeshError('option_invalid', {
      expected: `${option} to be a file that can be written`,
      found: messageOf(thrown),
      fix: 'name a file in a folder that exists and can be written',
      cause: thrown,
    });
  }
}
