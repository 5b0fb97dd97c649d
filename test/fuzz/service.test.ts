/** Whatever comes through the doors of a service, it answers or hangs up, and stays as it was. */
import fc from 'fast-check';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { callNamedTools, fakeScene, newSession } from '../service/scene.ts';
import type { Scene } from '../service/scene.ts';
import { campaignTimeoutMs, runCampaign } from './campaign.ts';
import { almost, anyJson } from './json-fuzz.ts';

async function expectWell({ client }: Scene): Promise<void> {
  expect((await client.get('/healthz')).status).toBe(200);
}

/** Writes bytes to the port and waits until the service has hung up, or we have. */
async function writeRaw(url: string, bytes: Uint8Array): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.resume();
  socket.end(bytes);
  await once(socket, 'close');
}

const line = fc.constantFrom(
  'GET / HTTP/1.1\r\n',
  'POST /api/sessions HTTP/1.1\r\n',
  'GET /api/stream HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n',
  'Host: 127.0.0.1\r\n',
  'Content-Length: -1\r\n',
  'Content-Length: 99999999999999999999\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Authorization: Bearer \u0001\r\n',
  '\r\n',
  'ffffffffffffffff\r\n',
  '\u0000',
);
const raw = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.array(line, { maxLength: 8 }).map((lines) => Buffer.from(lines.join(''))),
);

test(
  'bytes that are no HTTP, or almost',
  async () => {
    const scene = await fakeScene(callNamedTools);
    await runCampaign(
      fc.asyncProperty(raw, (bytes) => writeRaw(scene.service.url, bytes)),
      60,
    );
    await expectWell(scene);
  },
  campaignTimeoutMs,
);

const body = fc.oneof(
  anyJson,
  almost({ text: 'hello', dynamicTools: [], approvalPolicy: 'never', cwd: '/tmp' }),
  almost({ success: true, text: 'yes', contentItems: [{ type: 'inputText', text: 'x' }] }),
  almost({ holder: 'h', ttlMs: 1_000, fence: 1 }),
  almost({ decision: 'accept', answers: {} }),
);

test(
  'bodies that are almost right, at every route',
  async () => {
    const scene = await fakeScene(callNamedTools);
    const id = await newSession(scene.client);
    const { body: openApi } = await scene.client.get('/api/openapi.json');
    const routes = Object.entries<Record<string, unknown>>(openApi.paths).flatMap(
      ([path, methods]) =>
        Object.keys(methods).map((method) => ({ path, method: method.toUpperCase() })),
    );
    expect(routes.length).toBeGreaterThan(10);
    const part = fc.oneof(
      fc.constant(id),
      fc.constantFrom('no-such', '%00', '..', 'a'.repeat(2_000), '%ff', 'é'),
      fc.string({ minLength: 1, maxLength: 20 }).map(encodeURIComponent),
    );
    const property = fc.asyncProperty(
      fc.constantFrom(...routes),
      part,
      body,
      async (route, at, sent) => {
        const path = route.path.replaceAll(/\{[^}]+\}/g, at || 'x');
        const { url, token } = scene.service;
        const hasBody = route.method !== 'GET';
        const response = await fetch(url + path, {
          method: route.method,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          ...(hasBody ? { body: JSON.stringify(sent) ?? 'null' } : {}),
        });
        await response.text();
        // 501 and 503 are said of Codex, which the stand-in does not play to the end.
        expect([route, response.status]).not.toEqual([route, 500]);
      },
    );
    await runCampaign(property, 250);
    await expectWell(scene);
  },
  campaignTimeoutMs,
);

const command = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.uint8Array({ maxLength: 200 }),
  almost({ type: 'subscribe', threadId: 't', threadIds: ['t'] }).map((value) =>
    JSON.stringify(value),
  ),
  almost({ type: 'unsubscribe' }).map((value) => JSON.stringify(value)),
  almost({ type: 'ping' }).map((value) => JSON.stringify(value)),
);

test(
  'commands on the stream that mean nothing',
  async () => {
    const scene = await fakeScene(callNamedTools);
    const { url, token } = scene.service;
    const property = fc.asyncProperty(fc.array(command, { maxLength: 12 }), async (commands) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/api/stream`, {
        headers: { authorization: `Bearer ${token}` },
      });
      socket.on('error', () => {});
      await once(socket, 'open');
      for (const each of commands) socket.send(each);
      socket.close();
      await once(socket, 'close');
    });
    await runCampaign(property, 60);
    await expectWell(scene);
  },
  campaignTimeoutMs,
);
