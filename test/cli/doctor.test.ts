/** `sessionmesh doctor`: it tells how things are, and leaves them so. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { commandsIn } from './service-commands.ts';

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'doctor-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Finding {
  readonly check: string;
  readonly verdict: string;
  readonly found: string;
}

async function findings(home: string, env: Readonly<Record<string, string>>) {
  const { stdout } = await commandsIn(home).run(['doctor', '--json'], { env });
  const { findings: all } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
  return Object.fromEntries(all.map((finding) => [finding.check, finding]));
}

test('a CODEX_HOME that is missing is told, and not made', async () => {
  const home = await newFolder();
  const codexHome = join(home, 'nowhere');
  const { CODEX_HOME: found } = await findings(home, { CODEX_HOME: codexHome });
  expect(found).toMatchObject({ verdict: 'bad', found: `${codexHome} is missing` });
  expect(existsSync(codexHome)).toBe(false);
});

test('an empty CODEX_HOME is one that is not set', async () => {
  const home = await newFolder();
  const { CODEX_HOME: found } = await findings(home, { CODEX_HOME: '', HOME: home });
  expect(found).toMatchObject({ verdict: 'warning', found: `${join(home, '.codex')} is missing` });
  expect(existsSync(join(home, '.codex'))).toBe(false);
});

test('whatever a codex that fails says, the list has no blank lines', async () => {
  const home = await newFolder();
  const { code, stdout } = await commandsIn(home).run(['doctor', '--codex', '/bin/false']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/✗ codex +Command failed: \/bin\/false --version\n {2}→ npm install/);
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .filter((line) => line === ''),
  ).toHaveLength(1);
});
