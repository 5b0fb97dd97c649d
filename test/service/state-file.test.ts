/** How a service is found on its machine, and by whom. */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readServiceState } from '../../src/service/state-file.ts';
import { clientOf } from './client.ts';
import { fakeHost } from './fake-host.ts';
import { callNamedTools, fakeScene, scratchFolder } from './scene.ts';

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test('a service says where it is, to its owner only, and takes that back when it ends', async () => {
  const stateDir = join(await scratchFolder(), 'deep', 'state');
  const { service } = await fakeScene(callNamedTools, { stateDir });
  const state = await readServiceState(stateDir);
  expect(state).toEqual({
    url: service.url,
    pid: process.pid,
    tokenFile: join(stateDir, 'service-token'),
    startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  expect(service.tokenFile).toBe(state!.tokenFile);
  expect(await modeOf(stateDir)).toBe(0o700);
  expect(await modeOf(join(stateDir, 'service.json'))).toBe(0o600);
  expect(await modeOf(service.tokenFile!)).toBe(0o600);
  const token = (await readFile(service.tokenFile!, 'utf8')).trim();
  expect((await clientOf({ url: state!.url, token }).get('/api')).status).toBe(200);
  await service.close();
  expect(await readdir(stateDir)).not.toContain('service.json');
  expect(await readdir(stateDir)).not.toContain('service-token');
});

test('files of a service that was killed are replaced, whatever their mode was', async () => {
  const stateDir = await scratchFolder();
  const stale = { url: 'http://127.0.0.1:1', pid: 1, startedAt: 'x', tokenFile: null };
  await writeFile(join(stateDir, 'service.json'), JSON.stringify(stale), { mode: 0o644 });
  await writeFile(join(stateDir, 'service-token'), 'old', { mode: 0o644 });
  const { service } = await fakeScene(callNamedTools, { stateDir });
  expect((await readServiceState(stateDir))!.url).toBe(service.url);
  expect(await modeOf(join(stateDir, 'service-token'))).toBe(0o600);
});

test('two services do not share a folder', async () => {
  const stateDir = await scratchFolder();
  const { service } = await fakeScene(callNamedTools, { stateDir });
  await expect(fakeScene(callNamedTools, { stateDir })).rejects.toMatchObject({
    code: 'service_running',
    message: expect.stringContaining(service.url),
  });
  expect((await readServiceState(stateDir))!.url).toBe(service.url);
});

test('files that are somebody else’s by now are left alone', async () => {
  const stateDir = await scratchFolder();
  const { service } = await fakeScene(callNamedTools, { stateDir });
  const next = { url: 'http://127.0.0.1:2', pid: 2, startedAt: 'y', tokenFile: null };
  await writeFile(join(stateDir, 'service.json'), JSON.stringify(next));
  await service.close();
  expect(await readServiceState(stateDir)).toEqual(next);
});

test.each(['', 'no JSON', '[]', '{"url":7}', '{"url":"http://x","pid":"1"}'])(
  'what is no state of a service is none: %s',
  async (text) => {
    const stateDir = await scratchFolder();
    await writeFile(join(stateDir, 'service.json'), text);
    expect(await readServiceState(stateDir)).toBeNull();
  },
);

test('a token that is replaced is replaced in its file, too', async () => {
  const stateDir = await scratchFolder();
  const { service } = await fakeScene(callNamedTools, { stateDir });
  await service.replaceTokens([{ token: 'the-next-token-of-this-service', scopes: ['read'] }]);
  expect(await readFile(service.tokenFile!, 'utf8')).toBe('the-next-token-of-this-service\n');
  expect(await modeOf(service.tokenFile!)).toBe(0o600);
});

test('a service without a token has no token file, and none can be set', async () => {
  const stateDir = await scratchFolder();
  const { service } = await fakeScene(callNamedTools, { stateDir, token: null });
  expect(service.tokenFile).toBeNull();
  expect((await readServiceState(stateDir))!.tokenFile).toBeNull();
  const token = { token: 'the-next-token-of-this-service', scopes: ['read' as const] };
  await expect(service.replaceTokens([token])).rejects.toMatchObject({ code: 'option_invalid' });
});

test('a folder that cannot be made stops the start before Codex is started', async () => {
  const folder = await scratchFolder();
  await mkdir(join(folder, 'made'));
  await writeFile(join(folder, 'made', 'file'), '');
  const fake = fakeHost(callNamedTools);
  const stateDir = join(folder, 'made', 'file', 'state');
  await expect(fakeScene(callNamedTools, { fake, stateDir })).rejects.toThrow();
  expect(() => fake.hooks()).toThrow('not in use');
});
