/** A history in a file of its own. */
import { messageOf, SessionMeshError } from '../errors.ts';
import type { HistorySink } from './writer.ts';

/** What a sink needs of a file that is open for writing. A `FileHandle` of Node fits. */
export interface HistoryFile {
  appendFile(text: string): Promise<void>;
  close(): Promise<void>;
}

/** What a sink needs of the file system. `env.files.promises` fits. */
export interface HistoryFiles {
  open(path: string, flags: 'wx', mode: number): Promise<HistoryFile>;
}

/**
 * Creates the file, readable by its owner only: a history tells what was asked of which tool.
 * @throws SessionMeshError `history_open_failed`, also if the file exists, which is never overwritten.
 */
export async function openFileSink(files: HistoryFiles, path: string): Promise<HistorySink> {
  try {
    const file = await files.open(path, 'wx', 0o600);
    return { append: (text) => file.appendFile(text), close: () => file.close() };
  } catch (thrown) {
    const expected = `a new file at ${path}`;
    const facts = { expected, found: messageOf(thrown), cause: thrown };
    throw new SessionMeshError('history_open_failed', facts);
  }
}
