/** `sessionmesh proxy`: a start that fails leaves nothing open that would keep the process. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { commandsIn, ended } from './service-commands.ts';

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'proxy-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const overSockets = ['proxy', '--upstream', '127.0.0.1:9'];

test.each([
  ['over sockets', overSockets, []],
  ['round a child', ['proxy', '--stdio'], ['--', process.execPath, '-e', 'process.stdin.resume()']],
])(
  '%s it ends with an error if its control file cannot be made, or is there already',
  async (_, args, wrapped) => {
    const folder = await newFolder();
    const taken = join(folder, 'taken.json');
    await writeFile(taken, 'of another');
    for (const file of [join(folder, 'nowhere/control.json'), taken]) {
      // Its input stays open, as a terminal's does.
      const command = commandsIn(folder).start([...args, '--control-file', file, ...wrapped]);
      const { code, stderr } = await ended(command);
      expect(code).toBe(1);
      expect(stderr).toMatch(/--control-file to be a new file .*\[option_invalid\]/);
    }
    expect(await readFile(taken, 'utf8')).toBe('of another');
  },
);
