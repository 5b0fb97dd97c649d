/** How a browser is let in, and how it is not. */
import { expect, test } from 'vitest';
import { defaultLimits, resolveLimits, type Limits } from '../../../src/limits.ts';
import { Keyring } from '../../../src/service/auth.ts';
import { PageSessions } from '../../../src/service/inspection/page-sessions.ts';
import { virtualEnv } from '../../../src/testing/virtual-clock.ts';
import { callNamedTools, fakeScene } from '../scene.ts';
import { openViewer, redeem } from './viewer.ts';

const token = 'a-token-of-sixteen';
const host = '127.0.0.1:3001';

function scene(limits: Limits = defaultLimits) {
  const env = virtualEnv();
  const keyring = new Keyring([{ token, scopes: ['read'] }], limits);
  const pages = new PageSessions({ clock: env.clock, limits, keyring });
  const access = keyring.authenticate(`Bearer ${token}`);
  if (!access) throw new Error('the token is not valid');
  const admit = (cookie: string | null, headers = {}) =>
    pages.authenticate({
      host,
      cookie: cookie?.split(';')[0],
      'x-sessionmesh-page': '1',
      ...headers,
    });
  return { env, keyring, pages, access, admit };
}

test('P1 a code is good once', () => {
  const { pages, access, admit } = scene();
  const code = pages.newCode(access);
  const cookie = pages.redeem(code, host);
  expect(cookie).toMatch(/^sessionmesh-3001=[\w-]{43}; Path=\/api; HttpOnly; SameSite=Strict$/);
  expect(admit(cookie)).toBe(access);
  expect(pages.redeem(code, host)).toBeNull();
  expect(pages.redeem('', host)).toBeNull();
});

test('P1 a code is void after a while, and when there are too many', async () => {
  const { env, pages, access } = scene(resolveLimits({ pageCodesMax: 2, pageCodeTtlMs: 1_000 }));
  const [first, second, third] = [1, 2, 3].map(() => pages.newCode(access));
  expect(pages.redeem(first ?? '', host)).toBeNull();
  expect(pages.redeem(second ?? '', host)).not.toBeNull();
  await env.clock.advance(1_000);
  expect(pages.redeem(third ?? '', host)).toBeNull();
});

test('P2 a cookie lives as long as it is used, and no longer than the token behind it', async () => {
  const { env, keyring, pages, access, admit } = scene(
    resolveLimits({ pageSessionIdleMs: 1_000, pageSessionsMax: 2 }),
  );
  const cookies = [1, 2, 3].map(() => pages.redeem(pages.newCode(access), host));
  const [oldest = null, kept = null, idle = null] = cookies;
  expect(admit(oldest)).toBeNull();
  for (let step = 0; step < 3; step += 1) {
    expect(admit(kept)).toBe(access);
    await env.clock.advance(600);
  }
  expect(admit(idle)).toBeNull();
  expect(admit(kept)).toBe(access);
  keyring.replace([{ token: 'another-token-of-ours', scopes: ['read'] }]);
  expect(admit(kept)).toBeNull();
});

test('P3 a cookie alone opens nothing', () => {
  const { pages, access, admit } = scene();
  const cookie = pages.redeem(pages.newCode(access), host);
  const bare = { 'x-sessionmesh-page': undefined };
  expect(admit(cookie, bare)).toBeNull();
  expect(admit(cookie, { ...bare, origin: 'http://127.0.0.1:8080' })).toBeNull();
  expect(admit(cookie, { ...bare, origin: `http://${host}` })).toBe(access);
  expect(admit(cookie, { host: '127.0.0.1:3002' })).toBeNull();
  expect(admit(cookie?.replace('=', '=x') ?? null)).toBeNull();
});

test('a page is let in by its code, does what its token may, and its cookie does nothing elsewhere', async () => {
  const { service } = await fakeScene(callNamedTools);
  const address = service.pageUrl();
  expect(address).not.toContain(service.token);
  expect(await redeem(address, { origin: 'https://evil.test' })).toMatchObject({ status: 403 });
  const { status, cookie } = await redeem(address);
  expect(status).toBe(200);
  expect(await redeem(address)).toMatchObject({ status: 401, header: null });
  const ask = (headers: Record<string, string>) =>
    fetch(`${service.url}/api/sessions`, { headers: { cookie, ...headers } });
  expect((await ask({ 'x-sessionmesh-page': '1' })).status).toBe(200);
  expect((await ask({})).status).toBe(401);
  expect((await ask({ origin: 'http://localhost:5173' })).status).toBe(403);
  const made = await fetch(`${service.url}/api/sessions`, {
    method: 'POST',
    headers: { cookie, origin: service.url },
  });
  expect(made.status).toBe(200);
  await openViewer(service.url, cookie);
  const foreign = { headers: { origin: 'http://127.0.0.1:5173' } };
  await expect(openViewer(service.url, cookie, foreign)).rejects.toThrow('403');
  await expect(openViewer(service.url, '')).rejects.toThrow('401');
});

test('the page may run nothing but its own script, be framed by nobody, and be guessed as nothing else', async () => {
  const { service } = await fakeScene(callNamedTools);
  const answer = await fetch(`${service.url}/`);
  expect(answer.status).toBe(200);
  const policy = answer.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  for (const path of [
    '/assets/../package.json',
    '/assets/%2e%2e%2fpackage.json',
    '/assets/nope.js',
  ]) {
    expect((await fetch(service.url + path)).status).toBeGreaterThanOrEqual(401);
  }
});
