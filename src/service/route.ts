/**
 * A route: what it takes, what it answers, and who may ask. The server checks requests against the same
 * schemas that the OpenAPI document is made of.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { JsonSchema } from '../tools/contract.ts';
import type { FromJsonSchema } from '../tools/from-json-schema.ts';
import type { AnswerName } from './answer-schema.ts';
import type { Access, Scope } from './auth.ts';
import type { Reply } from './reply.ts';
import { compileCheck, type Issue } from './validation.ts';

/** A request that was let in, and whose path, query and body fit. */
export interface RouteRequest<Body = unknown, Query = unknown> {
  readonly access: Access;
  /** The parts of the path. One that the path does not have is the empty text. */
  readonly param: (name: string) => string;
  readonly query: Query;
  readonly body: Body;
  readonly headers: IncomingHttpHeaders;
}

/** What a schema lets through; of no schema, nothing is known. */
type Let<Schema> = Schema extends JsonSchema ? FromJsonSchema<Schema> : unknown;

/** What one status of a route means, and what its body is called where it is described. */
export interface RouteAnswer {
  readonly description: string;
  readonly body?: AnswerName;
}

/** A route as it is written. */
export interface RouteDefinition<
  Body extends JsonSchema | undefined,
  Query extends JsonSchema | undefined,
> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The path, with `:name` for its parts. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  /** What a token must be good for; null for everybody. */
  readonly scope: Scope | null;
  readonly body?: Body;
  /** No body at all is as good as an empty object. */
  readonly isBodyOptional?: boolean;
  readonly query?: Query;
  readonly answers: Readonly<Record<number, RouteAnswer>>;
  /** Told of a request whose body was too large, or nested too deep, to be read, besides its sender. */
  readonly onTooLarge?: (request: Omit<RouteRequest, 'body' | 'query'>) => void;
  readonly handle: (request: RouteRequest<Let<Body>, Let<Query>>) => Reply | Promise<Reply>;
}

/** A route as the server runs it. */
export interface Route extends Omit<RouteDefinition<JsonSchema, JsonSchema>, 'handle'> {
  /** Checks the request and answers it, or says what is wrong with it. Throws what the handler throws. */
  readonly serve: (
    request: RouteRequest,
  ) => { readonly issues: readonly Issue[] } | Reply | Promise<Reply>;
}

const noBody: JsonSchema = {};

/** Makes a route. `issuesMax` bounds what a client is told of a bad request. */
export function route<
  const Body extends JsonSchema | undefined = undefined,
  const Query extends JsonSchema | undefined = undefined,
>(definition: RouteDefinition<Body, Query>, issuesMax: number): Route {
  const { handle, body, query, ...rest } = definition;
  const checkBody = compileCheck<Let<Body>>('body', body ?? noBody, issuesMax);
  const checkQuery = compileCheck<Let<Query>>('query', query ?? noBody, issuesMax);
  return {
    ...rest,
    ...(body ? { body } : {}),
    ...(query ? { query } : {}),
    serve: (request) => {
      const isAbsent = request.body === undefined || request.body === null;
      const given = isAbsent && definition.isBodyOptional ? {} : request.body;
      const checkedBody = checkBody(given);
      const checkedQuery = checkQuery(request.query);
      if (!checkedBody.ok) return { issues: checkedBody.issues };
      if (!checkedQuery.ok) return { issues: checkedQuery.issues };
      return handle({ ...request, body: checkedBody.value, query: checkedQuery.value });
    },
  };
}
