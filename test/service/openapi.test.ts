/** The document says what the routes do, because it is made of them. */
import { expect, test } from 'vitest';
import { callNamedTools, fakeScene } from './scene.ts';

test('every route is in the document, and is answered under its scope only', async () => {
  const { service, client } = await fakeScene(callNamedTools, {
    tokens: [{ token: 'good-for-nothing-at-all', scopes: [] }],
  });
  const { body } = await client.get('/api/openapi.json');
  expect(body).toMatchObject({
    openapi: '3.1.0',
    info: { title: expect.any(String), version: expect.stringMatching(/^\d/) },
    servers: [{ url: service.url }],
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  });
  const operations = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods as object).map(([method, operation]) => ({ path, method, operation })),
  );
  expect(operations.map(({ path, method }) => `${method} ${path}`).toSorted()).toEqual([
    'delete /api/sessions/{sessionId}',
    'delete /api/sessions/{sessionId}/lease',
    'get /api',
    'get /api/health',
    'get /api/openapi.json',
    'get /api/sessions',
    'get /api/sessions/{sessionId}',
    'get /api/sessions/{sessionId}/approvals',
    'get /api/sessions/{sessionId}/session-controls',
    'get /api/sessions/{sessionId}/settings',
    'get /api/sessions/{sessionId}/tool-calls',
    'get /api/sessions/{sessionId}/tool-input',
    'get /api/stream',
    'get /healthz',
    'get /metrics',
    'get /readyz',
    'post /api/approvals/{approvalId}/decision',
    'post /api/sessions',
    'post /api/sessions/{sessionId}/interrupt',
    'post /api/sessions/{sessionId}/lease',
    'post /api/sessions/{sessionId}/messages',
    'post /api/sessions/{sessionId}/rename',
    'post /api/sessions/{sessionId}/resume',
    'post /api/tool-calls/{requestId}/response',
    'post /api/tool-input/{requestId}/decision',
  ]);
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, method, operation } of operations) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const inPath = (operation.parameters ?? []).filter((one: { in: string }) => one.in === 'path');
    expect(inPath.map(({ name }: { name: string }) => name)).toEqual(names);
    const response = await fetch(service.url + path.replaceAll(/\{\w+\}/g, 'x'), {
      method: method.toUpperCase(),
      headers: { authorization: 'Bearer good-for-nothing-at-all' },
    });
    const isOpen = operation.security?.length === 0;
    expect([path, response.status]).toEqual([path, isOpen ? 200 : 403]);
    expect(operation.responses).toHaveProperty(isOpen ? '200' : '403');
    await response.text();
  }
});

test('what the document says of a body is what the route checks', async () => {
  const { client } = await fakeScene(callNamedTools);
  const { paths } = (await client.get('/api/openapi.json')).body;
  const { requestBody } = paths['/api/sessions/{sessionId}/rename'].post;
  const { title } = requestBody.content['application/json'].schema.properties;
  expect(requestBody.required).toBe(true);
  const rename = (text: string) => client.post('/api/sessions/x/rename', { title: text });
  expect((await rename('x'.repeat(title.maxLength))).status).toBe(404);
  expect((await rename('x'.repeat(title.maxLength + 1))).status).toBe(400);
  expect(paths['/api/sessions'].post.requestBody.required).toBe(false);
});

test('figures are in the form that Prometheus reads', async () => {
  const { client } = await fakeScene(callNamedTools);
  const { text, headers } = await client.get('/metrics');
  expect(headers.get('content-type')).toContain('text/plain; version=0.0.4');
  const lines = text.trim().split('\n');
  for (let at = 0; at < lines.length; at += 3) {
    const [help, type, value] = lines.slice(at, at + 3);
    const [, name] = /^# HELP (sessionmesh_[a-z_]+) .+\.$/.exec(help!) ?? [];
    expect(type).toMatch(new RegExp(`^# TYPE ${name} (counter|gauge)$`));
    expect(value).toMatch(new RegExp(`^${name} \\d+$`));
  }
});
