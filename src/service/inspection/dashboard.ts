/** The dashboard as part of a server: the page, the feed and what the page asks for besides. */
import { ok } from '../reply.ts';
import { route, type Route } from '../route.ts';
import type { ServerCore } from '../server.ts';
import type { UpgradeTarget } from '../upgrade.ts';
import { InspectionFeed } from './feed.ts';
import { feedTarget, type Feed } from './feed-target.ts';
import { chartsRoute, inspectionRoutes } from './inspection-routes.ts';
import { PageFiles } from './page-files.ts';
import { codeRoute, pageRoutes } from './page-routes.ts';
import type { PageSessions } from './page-sessions.ts';
import { ReplayFeed } from './replay-feed.ts';
import type { Replay } from './replay.ts';
import type { InspectionSource } from './source.ts';

/** What is looked at: a run that goes on, or one that was recorded. */
export type Shown = { readonly source: InspectionSource } | { readonly replay: Replay };

/** What a dashboard is made of. */
export interface DashboardOptions {
  readonly shown: Shown;
  readonly pages: PageSessions;
  /** Where the server is reached, once it listens. */
  readonly url: () => string;
}

/** A dashboard, ready to be served. */
export interface Dashboard {
  readonly routes: readonly Route[];
  /** The page itself, which is no part of the API. */
  readonly files: readonly Route[];
  readonly upgrades: readonly UpgradeTarget[];
}

function timelineRoute(core: ServerCore, replay: Replay): Route {
  return route(
    {
      method: 'GET',
      path: '/api/replay/timeline',
      operationId: 'getReplayTimeline',
      summary: 'The recorded run as a whole',
      scope: 'read',
      answers: { 200: { description: 'Curves, and the moments to jump to' } },
      handle: () => ok(replay.summary),
    },
    core.limits.serviceIssuesMax,
  );
}

function momentRoute(core: ServerCore, replay: Replay): Route {
  const query = {
    type: 'object',
    properties: { at: { type: 'number' } },
    required: ['at'],
  } as const;
  return route(
    {
      method: 'GET',
      path: '/api/replay/moment',
      operationId: 'getReplayMoment',
      summary: 'The last record at a time, in milliseconds as in the records',
      scope: 'read',
      query,
      answers: { 200: { description: 'Its number' } },
      handle: (request) => ok({ seq: replay.timeline.seqAt(request.query.at) }),
    },
    core.limits.serviceIssuesMax,
  );
}

function partsOf(core: ServerCore, shown: Shown): { feed: Feed; routes: readonly Route[] } {
  const { env, limits } = core;
  if ('source' in shown) {
    const feed = new InspectionFeed({ source: shown.source, env, limits });
    return { feed, routes: inspectionRoutes({ core, source: shown.source }) };
  }
  const feed = new ReplayFeed({ replay: shown.replay, env, limits });
  const routes = [
    chartsRoute(core),
    timelineRoute(core, shown.replay),
    momentRoute(core, shown.replay),
  ];
  return { feed, routes };
}

/** Makes a dashboard. */
export function dashboardOf(core: ServerCore, { shown, pages, url }: DashboardOptions): Dashboard {
  const { feed, routes } = partsOf(core, shown);
  const page = { core, pages, url };
  return {
    routes: [...routes, codeRoute(page)],
    files: pageRoutes(page, new PageFiles(core.env.files)),
    upgrades: [feedTarget(feed, core.limits.inspectionWatchedMax)],
  };
}
