/** The OpenAPI document of the routes, made from what they are checked against. */
import { answerSchemas, type AnswerName } from './answer-schema.ts';
import type { Route } from './route.ts';
import type { JsonSchema } from '../tools/contract.ts';

const json = 'application/json';

const bearer = { bearer: [] };

/** `/a/:b` as OpenAPI writes it. */
const templateOf = (path: string): string => path.replace(/:(\w+)/g, '{$1}');

function parametersOf({ path, query }: Route): readonly object[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    in: 'path',
    name,
    required: true,
    schema: { type: 'string' },
  }));
  const properties: Readonly<Record<string, JsonSchema>> = Object(query?.['properties']);
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    in: 'query',
    name,
    required: false,
    schema,
  }));
  return [...inPath, ...inQuery];
}

const contentOf = (name: AnswerName): object => ({
  content: { [json]: { schema: { $ref: `#/components/schemas/${name}` } } },
});

const refused = (description: string): object => ({ description, ...contentOf('Error') });

/** What the server says by itself, before the route is asked. */
function refusalsOf({ scope, body, query }: Route): object {
  return {
    ...(scope === null ? {} : { 401: refused('No valid token') }),
    ...(body || query ? { 400: refused('The request does not fit its schema') } : {}),
    ...(body ? { 413: refused('The body is too large'), 415: refused('The body is no JSON') } : {}),
    403: refused('The address or the page is not let in, or the token is not good for it'),
  };
}

function answersOf(route: Route): object {
  const described = Object.entries(route.answers).map(([status, { description, body }]) => [
    status,
    { description, ...(body ? contentOf(body) : {}) },
  ]);
  const other = refused('Codex refused it, cannot be asked, or did not answer');
  const fallback = route.scope === null ? {} : { default: other };
  return { ...refusalsOf(route), ...Object.fromEntries(described), ...fallback };
}

function operationOf(route: Route): object {
  const { operationId, summary, scope, body, isBodyOptional = false } = route;
  const parameters = parametersOf(route);
  return {
    operationId,
    summary,
    ...(scope === null ? { security: [] } : { 'x-scope': scope }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body
      ? { requestBody: { required: !isBodyOptional, content: { [json]: { schema: body } } } }
      : {}),
    responses: answersOf(route),
  };
}

/** The document of these routes. `url` is where the service is reached. */
export function openApiDocument(
  routes: readonly Route[],
  about: { readonly version: string; readonly url: string },
): object {
  const byPath = Map.groupBy(routes, ({ path }) => templateOf(path));
  const paths = [...byPath].map(([path, operations]) => [
    path,
    Object.fromEntries(
      operations.map((operation) => [operation.method.toLowerCase(), operationOf(operation)]),
    ),
  ]);
  return {
    openapi: '3.1.0',
    info: { title: 'SessionMesh control service', version: about.version },
    servers: [{ url: about.url }],
    security: [bearer],
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: answerSchemas,
    },
  };
}
