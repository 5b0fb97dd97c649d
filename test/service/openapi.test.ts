/** The document says what the routes do, because it is made of them. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import type { Answer, Json } from './client.ts';
import { answerOf, callNamedTools, endedTurn, fakeScene, lookup } from './scene.ts';

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
    'get /api/charts',
    'get /api/health',
    'get /api/inspect/sessions/{sessionId}/call',
    'get /api/inspect/sessions/{sessionId}/catalog',
    'get /api/inspect/sessions/{sessionId}/conversation',
    'get /api/openapi.json',
    'get /api/sessions',
    'get /api/sessions/{sessionId}',
    'get /api/sessions/{sessionId}/approvals',
    'get /api/sessions/{sessionId}/calls',
    'get /api/sessions/{sessionId}/calls/{callId}',
    'get /api/sessions/{sessionId}/session-controls',
    'get /api/sessions/{sessionId}/settings',
    'get /api/sessions/{sessionId}/tool-calls',
    'get /api/sessions/{sessionId}/tool-input',
    'get /api/stream',
    'get /healthz',
    'get /metrics',
    'get /readyz',
    'post /api/approvals/{approvalId}/decision',
    'post /api/inspect/waiting/{id}/decision',
    'post /api/page/codes',
    'post /api/sessions',
    'post /api/sessions/{sessionId}/archive',
    'post /api/sessions/{sessionId}/interrupt',
    'post /api/sessions/{sessionId}/lease',
    'post /api/sessions/{sessionId}/messages',
    'post /api/sessions/{sessionId}/rename',
    'post /api/sessions/{sessionId}/resume',
    'post /api/sessions/{sessionId}/unarchive',
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

const text = { type: 'string', minLength: 1 };
const mediaTypes = {
  type: 'object',
  propertyNames: { pattern: '^[\\w.+-]+/[\\w.+-]+$' },
  additionalProperties: {
    type: 'object',
    properties: { schema: { type: 'object' } },
    required: ['schema'],
    additionalProperties: false,
  },
};

/** What OpenAPI 3.1 demands of a document, as far as ours uses it; nothing else may stand in it. */
const documentSchema = {
  type: 'object',
  properties: {
    openapi: { const: '3.1.0' },
    info: {
      type: 'object',
      properties: { title: text, version: text },
      required: ['title', 'version'],
    },
    servers: {
      type: 'array',
      items: { type: 'object', properties: { url: { format: 'uri' } }, required: ['url'] },
    },
    security: { type: 'array' },
    paths: {
      type: 'object',
      propertyNames: { pattern: '^/' },
      additionalProperties: {
        type: 'object',
        propertyNames: { enum: ['get', 'post', 'delete'] },
        additionalProperties: { $ref: '#/$defs/operation' },
      },
    },
    components: {
      type: 'object',
      properties: {
        schemas: { type: 'object', propertyNames: { pattern: '^[\\w.-]+$' } },
        securitySchemes: {
          type: 'object',
          additionalProperties: {
            type: 'object',
            properties: { type: { const: 'http' }, scheme: text },
            required: ['type', 'scheme'],
          },
        },
      },
      additionalProperties: false,
    },
  },
  required: ['openapi', 'info', 'paths', 'components'],
  additionalProperties: false,
  $defs: {
    operation: {
      type: 'object',
      properties: {
        operationId: text,
        summary: text,
        'x-scope': text,
        security: { type: 'array' },
        parameters: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              name: text,
              in: { enum: ['path', 'query'] },
              required: { type: 'boolean' },
              schema: { type: 'object' },
            },
            required: ['name', 'in', 'schema'],
            if: { properties: { in: { const: 'query' } } },
            else: { properties: { required: { const: true } } },
            additionalProperties: false,
          },
        },
        requestBody: {
          type: 'object',
          properties: { required: { type: 'boolean' }, content: mediaTypes },
          required: ['content'],
          additionalProperties: false,
        },
        responses: {
          type: 'object',
          minProperties: 1,
          propertyNames: { pattern: '^([1-5][0-9][0-9]|default)$' },
          additionalProperties: {
            type: 'object',
            properties: { description: text, content: mediaTypes },
            required: ['description'],
            additionalProperties: false,
          },
        },
      },
      required: ['operationId', 'responses'],
      additionalProperties: false,
    },
  },
};

/** Every schema that stands somewhere in a document. */
function schemasIn(value: Json): Json[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) =>
    name === 'schema' ? [part] : schemasIn(part),
  );
}

const referencesIn = (value: unknown): string[] =>
  [...JSON.stringify(value).matchAll(/"\$ref":"([^"]+)"/g)].map(([, name]) => name!);

test('the document is one, and all of its schemas are', async () => {
  const { client } = await fakeScene(callNamedTools);
  const { body } = await client.get('/api/openapi.json');
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    validateFormats: false,
    discriminator: true,
  });
  expect([ajv.validate(documentSchema, body), ajv.errors]).toEqual([true, null]);
  const { schemas } = body.components;
  for (const schema of [...schemasIn(body.paths), ...Object.values(schemas)]) {
    expect([ajv.validateSchema(schema as object), ajv.errors]).toEqual([true, null]);
  }
  const used = new Set(referencesIn(body));
  expect([...used].toSorted()).toEqual(
    Object.keys(schemas)
      .map((name) => `#/components/schemas/${name}`)
      .toSorted(),
  );
  for (const operation of Object.values(body.paths).flatMap((path) =>
    Object.values(path as Json),
  )) {
    for (const requirement of (operation as Json).security ?? body.security) {
      for (const name of Object.keys(requirement)) {
        expect(body.components.securitySchemes).toHaveProperty(name);
      }
    }
  }
});

test('what routes answer is what the document says', async () => {
  const { client, host } = await fakeScene(callNamedTools);
  const { paths, components } = (await client.get('/api/openapi.json')).body;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'api', components });
  const described = new Set<string>();
  /** Checks an answer against the document, and returns its body. */
  const fits = (name: string, { status, body }: Answer): Json => {
    const [method = '', path = ''] = name.split(' ');
    const schema =
      paths[path][method.toLowerCase()].responses[status]?.content?.['application/json'].schema;
    expect([name, status, schema]).toEqual([name, status, expect.anything()]);
    const isFit = ajv.validate({ $ref: `api${schema.$ref}` }, body);
    expect([name, status, isFit, ajv.errors]).toEqual([name, status, true, null]);
    described.add(`${name} ${status}`);
    return body;
  };
  fits('GET /healthz', await client.get('/healthz'));
  fits('GET /readyz', await client.get('/readyz'));
  fits('GET /api', await client.get('/api'));
  fits('GET /api/health', await client.get('/api/health'));
  const { session } = fits(
    'POST /api/sessions',
    await client.post('/api/sessions', { approvalPolicy: 'never', dynamicTools: [lookup()] }),
  );
  const id = session.sessionId;
  const at = '/api/sessions/{sessionId}';
  const here = `/api/sessions/${id}`;
  fits('POST /api/sessions', await client.post('/api/sessions', { cwd: 7 }));
  fits('POST /api/sessions', await client.post('/api/sessions', {}, { token: null }));
  fits(`POST ${at}/messages`, await client.post(`${here}/messages`, { text: 'lookup_ticket' }));
  fits(`GET ${at}`, await client.get(here));
  const [{ requestId }] = fits(`GET ${at}/tool-calls`, await client.get(`${here}/tool-calls`)).data;
  const [{ callId }] = fits(`GET ${at}/calls`, await client.get(`${here}/calls`)).data;
  const lease = await client.post(`${here}/lease`, { holder: 'a' });
  const { fence } = fits(`POST ${at}/lease`, lease).lease;
  fits(`POST ${at}/lease`, await client.post(`${here}/lease`, { holder: 'b' }));
  const respond = 'POST /api/tool-calls/{requestId}/response';
  const answer = (given: object) => client.post(`/api/tool-calls/${requestId}/response`, given);
  fits(respond, await answer(answerOf('x')));
  fits(`DELETE ${at}/lease`, await client.delete(`${here}/lease`, { fence: fence + 1 }));
  fits(`DELETE ${at}/lease`, await client.delete(`${here}/lease`, { fence }));
  fits(respond, await answer({ success: 'yes' }));
  fits(respond, await answer(answerOf('ENG-1 is open')));
  fits(respond, await answer(answerOf('again')));
  fits(`GET ${at}/calls/{callId}`, await client.get(`${here}/calls/${callId}`));
  fits(`GET ${at}/calls/{callId}`, await client.get(`${here}/calls/nothing`));
  await endedTurn(client, id);
  fits(`GET ${at}`, await client.get(here));
  fits('GET /api/sessions', await client.get('/api/sessions'));
  fits('GET /api/sessions', await client.get('/api/sessions?limit=0'));
  fits(`POST ${at}/interrupt`, await client.post(`${here}/interrupt`));
  await client.post(`${here}/messages`, { text: 'lookup_ticket' });
  fits(`POST ${at}/interrupt`, await client.post(`${here}/interrupt`));
  await endedTurn(client, id);
  fits(`POST ${at}/rename`, await client.post(`${here}/rename`, { title: 'team-x' }));
  fits(`POST ${at}/resume`, await client.post(`${here}/resume`));
  fits(`POST ${at}/archive`, await client.post(`${here}/archive`));
  fits(`POST ${at}/unarchive`, await client.post(`${here}/unarchive`));
  fits(`GET ${at}/session-controls`, await client.get(`${here}/session-controls`));
  fits(`GET ${at}/settings`, await client.get(`${here}/settings`));
  for (const [method, list, of] of [
    ['item/fileChange/requestApproval', 'approvals', 'approvals'],
    ['item/tool/requestUserInput', 'tool-input', 'tool-input'],
  ] as const) {
    const params = { threadId: id, turnId: 't', itemId: 'i' };
    const question = { method, sessionId: id, turnId: 't', params };
    void host.hooks().onQuestion(question, new AbortController().signal);
    const [row] = fits(`GET ${at}/${list}`, await client.get(`${here}/${list}`)).data;
    const name = of === 'approvals' ? 'approvalId' : 'requestId';
    const path = `/api/${of}/${row[name]}/decision`;
    for (let time = 1; time <= 2; time += 1) {
      fits(`POST /api/${of}/{${name}}/decision`, await client.post(path, { decision: 'decline' }));
    }
  }
  fits(`GET ${at}`, await client.get('/api/sessions/nobody'));
  fits(`DELETE ${at}`, await client.delete(here));
  fits(`GET ${at}`, await client.get(here));
  // None was left out.
  const successes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods as Json).flatMap(([method, { responses }]: [string, Json]) =>
      Object.entries(responses)
        .filter(([status, { content }]: [string, Json]) => status.startsWith('2') && content)
        .map(([status]) => `${method.toUpperCase()} ${path} ${status}`),
    ),
  );
  expect(successes.filter((name) => !described.has(name))).toEqual([]);
});

test('the guide names every route of the API, with its scope', async () => {
  const { client } = await fakeScene(callNamedTools);
  const { paths } = (await client.get('/api/openapi.json')).body;
  const ofDashboard = /^\/(api\/(inspect|charts|page)\b|assets|$)/;
  const served = Object.entries(paths)
    .filter(([path]) => !ofDashboard.test(path))
    .flatMap(([path, methods]) =>
      Object.entries(methods as Json).map(([method, operation]) => {
        const scope = (operation as Json)['x-scope'] ?? 'none';
        return `${method.toUpperCase()} ${path} ${scope}`;
      }),
    );
  const guide = await readFile(
    resolve(import.meta.dirname, '../../docs/control-service.md'),
    'utf8',
  );
  const rows = guide.matchAll(/^\| `((?:GET|POST|DELETE) \S+)` +\| (\w+) +\|/gm);
  expect([...rows].map(([, route, scope]) => `${route} ${scope}`).toSorted()).toEqual(
    served.toSorted(),
  );
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
