import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { scriptedCodexHome } from '../../src/testing/index.ts';
import { toToml } from '../../src/testing/toml.ts';

const model = { url: 'http://127.0.0.1:9/v1' };

test('the home is private, says where the model is, and goes without a trace', async () => {
  const home = await scriptedCodexHome(model);
  expect(home.env).toEqual({ CODEX_HOME: home.path });
  expect((await stat(home.path)).mode & 0o777).toBe(0o700);
  const file = join(home.path, 'config.toml');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const text = await readFile(file, 'utf8');
  expect(text).toContain('base_url = "http://127.0.0.1:9/v1"');
  expect(text).toContain('request_max_retries = 0');
  await writeFile(join(home.path, 'left-by-codex'), '');
  await home.remove();
  await home.remove();
  await expect(stat(home.path)).rejects.toThrow('ENOENT');
});

test('the home is made where it was asked for, with the configuration laid over', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'home-test-'));
  try {
    await using home = await scriptedCodexHome(model, {
      directory,
      model: 'gpt-x',
      config: { features: { shell_tool: true, new_thing: false }, sandbox_mode: 'read-only' },
    });
    expect(dirname(home.path)).toBe(directory);
    const text = await readFile(join(home.path, 'config.toml'), 'utf8');
    expect(text).toContain('model = "gpt-x"\n');
    expect(text).toContain('sandbox_mode = "read-only"\n');
    expect(text.match(/^\[features\]$/gm)).toHaveLength(1);
    expect(text).toContain('shell_tool = true\n');
    expect(text).toContain('new_thing = false\n');
    expect(text).toContain('shell_snapshot = false\n');
  } finally {
    expect(await readdir(directory)).toEqual([]);
    await rm(directory, { recursive: true });
  }
});

test('a configuration that cannot be written leaves nothing behind', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'home-test-'));
  try {
    await expect(
      scriptedCodexHome(model, { directory, config: { limit: Infinity } }),
    ).rejects.toMatchObject({ code: 'option_invalid' });
    expect(await readdir(directory)).toEqual([]);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('TOML keeps plain values before tables, and escapes what it must', () => {
  expect(
    toToml({
      table: { inner: { 'odd key.': 1.5 }, list: ['a', true, { x: 1 }] },
      text: 'line\n"quoted" \\ \u007f \ud800',
    }),
  ).toBe(
    [
      'text = "line\\n\\"quoted\\" \\\\ \\u007f \ufffd"',
      '',
      '[table]',
      'list = ["a", true, { x = 1 }]',
      '',
      '[table.inner]',
      '"odd key." = 1.5',
      '',
    ].join('\n'),
  );
});
