/** The OpenAPI document of the routes, made from what they are checked against. */
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

function answersOf({ answers, scope }: Route): object {
  const refused =
    scope === null
      ? {}
      : {
          401: { description: 'No valid token' },
          403: { description: 'This token is not good for it, or the address is not let in' },
        };
  const described = Object.entries(answers).map(([status, { description, schema }]) => [
    status,
    { description, ...(schema ? { content: { [json]: { schema } } } : {}) },
  ]);
  return { ...Object.fromEntries(described), ...refused };
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
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  };
}
