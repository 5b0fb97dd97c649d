/** Files and databases. The shapes are Node's own, cut down to what the library uses. */
import fs from 'node:fs';
import type { DatabaseSync, DatabaseSyncOptions } from 'node:sqlite';

/** What the library does with files. */
export interface Files extends Pick<
  typeof fs,
  | 'accessSync'
  | 'closeSync'
  | 'existsSync'
  | 'fdatasyncSync'
  | 'fsyncSync'
  | 'mkdirSync'
  | 'openSync'
  | 'readdirSync'
  | 'realpathSync'
  | 'renameSync'
  | 'rmSync'
  | 'statSync'
> {
  readonly promises: Pick<
    typeof fs.promises,
    'appendFile' | 'mkdir' | 'open' | 'readFile' | 'rename' | 'rm' | 'writeFile'
  >;
  /** Opens the SQLite database at `path`. */
  openDatabase(path: string, options?: DatabaseSyncOptions): DatabaseSync;
}

/** The files of this machine. */
export const systemFiles: Files = {
  ...fs,
  // Looked up when it is used: few processes need a database, and Node warns of its age in older versions.
  openDatabase: (path, options = {}) => {
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
    return new DatabaseSync(path, options);
  },
};
