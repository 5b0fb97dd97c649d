/** Where the service is: who is believed first, and whom a token is never shown to. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findService } from '../../src/cli/service-address.ts';
import { scratchFolder } from '../service/scene.ts';

const url = 'http://127.0.0.1:3001';

async function home({ token = true } = {}) {
  const path = await scratchFolder();
  const tokenFile = token ? join(path, 'service-token') : null;
  const state = { url, pid: 1, tokenFile, startedAt: new Date(0).toISOString() };
  await writeFile(join(path, 'service.json'), JSON.stringify(state));
  await writeFile(join(path, 'service-token'), 'of-this-machine');
  await writeFile(join(path, 'other-token'), 'of-a-file');
  return path;
}

async function found(...[options, env]: Parameters<typeof findService>) {
  const service = await findService(options, env);
  const { token } = service;
  return { ...service, token: typeof token === 'function' ? await token() : token };
}

test('on the machine of the service nothing has to be said', async () => {
  const path = await home();
  const foundIn = join(path, 'service.json');
  const env = { SESSIONMESH_HOME: path };
  expect(await found({}, env)).toEqual({ url, token: 'of-this-machine', foundIn });
});

test('the command line is believed before the environment, and that before the file', async () => {
  const path = await home();
  const env = {
    SESSIONMESH_HOME: path,
    SESSIONMESH_URL: 'http://b.example',
    SESSIONMESH_TOKEN: 'of-the-environment',
  };
  const foundIn = 'SESSIONMESH_URL';
  expect(await found({}, env)).toEqual({
    url: 'http://b.example',
    token: 'of-the-environment',
    foundIn,
  });
  const given = { url: 'http://c.example', tokenFile: join(path, 'other-token') };
  expect(await found(given, env)).toEqual({ url: given.url, token: 'of-a-file', foundIn: '--url' });
});

test('the token of this machine goes to the service of this machine only', async () => {
  const env = { SESSIONMESH_HOME: await home() };
  expect((await found({ url: `${url}/api` }, env)).token).toBe('of-this-machine');
  for (const other of ['http://127.0.0.1:3002', 'https://127.0.0.1:3001', 'http://c.example']) {
    expect((await found({ url: other }, env)).token).toBeUndefined();
  }
});

test('a token is read each time: a service that was started anew has another one', async () => {
  const path = await home();
  const { token } = await findService({}, { SESSIONMESH_HOME: path });
  await writeFile(join(path, 'service-token'), 'new');
  expect(typeof token === 'function' ? await token() : token).toBe('new');
});

test('a service that asks for no token gets none', async () => {
  const env = { SESSIONMESH_HOME: await home({ token: false }) };
  expect((await found({}, env)).token).toBeUndefined();
});

test('without any hint it is said where one was looked for', async () => {
  const path = await scratchFolder();
  await expect(findService({}, { SESSIONMESH_HOME: path })).rejects.toMatchObject({
    code: 'service_not_running',
    message: expect.stringContaining(join(path, 'service.json')),
  });
  await expect(
    findService({ url, tokenFile: join(path, 'nowhere') }, { SESSIONMESH_HOME: path }),
  ).rejects.toMatchObject({ code: 'option_invalid' });
});
