/** Routes: the page itself, and how a browser is let in. */
import { ok, refusal, type Reply } from '../reply.ts';
import { route, type Route } from '../route.ts';
import type { ServerCore } from '../server.ts';
import type { PageFile, PageFiles } from './page-files.ts';
import type { PageSessions } from './page-sessions.ts';

/** What the routes of the page need. */
export interface PageRoutesOptions {
  readonly core: ServerCore;
  readonly pages: PageSessions;
  /** Where the service is reached, once it listens. */
  readonly url: () => string;
}

/** The address of the page with a one-time code, which a browser never sends anywhere by itself. */
export function pageUrl(url: string, code: string): string {
  return `${url}/#code=${code}`;
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const safety = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const notBuilt =
  '<!doctype html><meta charset="utf-8"><title>SessionMesh</title>' +
  '<p>The page was not built. Run <code>npm run build</code> and load this again.</p>';

function fileReply({ text, type }: PageFile, cacheControl: string): Reply {
  const headers = { ...safety, 'content-type': type, 'cache-control': cacheControl };
  return { status: 200, body: text, headers };
}

/** No secret stands in the page. */
function fileRoutes(core: ServerCore, files: PageFiles): readonly Route[] {
  const { serviceIssuesMax } = core.limits;
  const index = route(
    {
      method: 'GET',
      path: '/',
      operationId: 'getPage',
      summary: 'The dashboard',
      scope: null,
      answers: { 200: { description: 'HTML' } },
      handle: async () => {
        const file = await files.index();
        const type = 'text/html; charset=utf-8';
        return fileReply(file ?? { text: notBuilt, type }, 'no-cache');
      },
    },
    serviceIssuesMax,
  );
  const asset = route(
    {
      method: 'GET',
      path: '/assets/:name',
      operationId: 'getPageAsset',
      summary: 'What the dashboard is made of',
      scope: null,
      answers: { 200: { description: 'Text' }, 404: { description: 'No such file' } },
      handle: async ({ param }) => {
        const file = await files.asset(param('name'));
        // Its name changes with its content.
        return file
          ? fileReply(file, 'public, max-age=31536000, immutable')
          : refusal(404, 'not_found', 'no such file');
      },
    },
    serviceIssuesMax,
  );
  return [index, asset];
}

const codeBody = {
  type: 'object',
  properties: { code: { type: 'string', maxLength: 128 } },
  required: ['code'],
} as const;

function sessionRoute({ core, pages }: PageRoutesOptions): Route {
  return route(
    {
      method: 'POST',
      path: '/api/page/session',
      operationId: 'openPageSession',
      summary: 'Exchange a one-time code for a cookie',
      scope: null,
      body: codeBody,
      answers: {
        200: { description: 'The cookie is set' },
        401: { description: 'The code is not good, or not any more' },
      },
      handle: ({ body, headers }) => {
        const cookie = pages.redeem(body.code, headers.host ?? '');
        if (cookie === null) return refusal(401, 'code_invalid', 'this code is not good any more');
        return { ...ok({ status: 'ok' }), headers: { 'set-cookie': cookie } };
      },
    },
    core.limits.serviceIssuesMax,
  );
}

/** The route that makes an address for a browser. */
export function codeRoute({ core, pages, url }: PageRoutesOptions): Route {
  return route(
    {
      method: 'POST',
      path: '/api/page/codes',
      operationId: 'createPageCode',
      summary: 'A one-time address of the dashboard, for a browser',
      scope: 'read',
      answers: { 200: { description: 'The address' } },
      handle: ({ access }) => {
        const expiresInMs = core.limits.pageCodeTtlMs;
        return ok({ url: pageUrl(url(), pages.newCode(access)), expiresInMs });
      },
    },
    core.limits.serviceIssuesMax,
  );
}

/** What belongs to the page alone and is no part of the API; anybody may ask for it. */
export function pageRoutes(options: PageRoutesOptions, files: PageFiles): readonly Route[] {
  return [...fileRoutes(options.core, files), sessionRoute(options)];
}
