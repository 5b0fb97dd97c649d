/** The feed, as an upgrade leads to it. */
import type { Access } from '../auth.ts';
import { partialToken, refusal, type Reply } from '../reply.ts';
import { positionOf, type UpgradeTarget } from '../upgrade.ts';
import type { ViewerStart } from './feed.ts';

const tooMany = refusal(429, 'overloaded', 'too many viewers');

/** What takes viewers in. */
export interface Feed {
  readonly isFull: boolean;
  open(start: ViewerStart): void;
  /** Lets go of what it observes. Idempotent. */
  close(): void;
}

/** Where the feed is. */
export const feedPath = '/api/inspect';

/**
 * Serves a feed: `?since=<seq>&epoch=<id>` goes on where a viewer was, `watch=<id>,<id>` names the sessions
 * it watches.
 */
export function feedTarget(feed: Feed, watchedMax: number): UpgradeTarget {
  const findRefusal = (access: Access): Reply | null => {
    // An overview of some sessions only would have to be made for each viewer.
    if (access.sessions !== null) return partialToken;
    return feed.isFull ? tooMany : null;
  };
  return {
    path: feedPath,
    findRefusal,
    open: ({ socket, query }) => {
      const ids = query.get('watch')?.split(',') ?? [];
      const watch = ids.filter((id) => id !== '').slice(0, watchedMax);
      feed.open({ socket, position: positionOf(query), watch });
    },
    close: () => feed.close(),
  };
}
