/** A server's list of tools, and what becomes of it after it was bound. */
import type { Tool as ListedTool } from '@modelcontextprotocol/client';
import { messageOf } from '../errors.ts';
import { canonicalJson } from '../tools/json.ts';
import type { ToolListChange } from './offer.ts';
import type { McpContext, Peer } from './peer.ts';

/** What a server lists now; nothing for a server that does not do tools. Rejects as the package does. */
export async function listTools(
  { client }: Peer,
  { limits }: McpContext,
  signal?: AbortSignal,
): Promise<readonly ListedTool[]> {
  // The package would print something about a server without tools.
  if (client.getServerCapabilities()?.tools === undefined) return [];
  const { tools } = await client.listTools(undefined, {
    cacheMode: 'refresh',
    timeout: limits.requestTimeoutMs,
    ...(signal ? { signal } : {}),
  });
  return tools;
}

function lookOf({ description, inputSchema }: ListedTool): string | undefined {
  return canonicalJson([description ?? '', inputSchema]);
}

/** The difference between two lists, or null for none. */
export function compareLists(
  earlier: readonly ListedTool[],
  later: readonly ListedTool[],
): ToolListChange | null {
  const before = new Map(earlier.map((tool) => [tool.name, lookOf(tool)]));
  const after = new Map(later.map((tool) => [tool.name, lookOf(tool)]));
  const added = [...after.keys()].filter((name) => !before.has(name));
  const removed = [...before.keys()].filter((name) => !after.has(name));
  const changed = [...after]
    .filter(([name, look]) => before.has(name) && before.get(name) !== look)
    .map(([name]) => name);
  const isSame = added.length + removed.length + changed.length === 0;
  return isSame ? null : { added, removed, changed };
}

/** What a watch needs. */
export interface ListWatchOptions {
  readonly context: McpContext;
  /** The connection to look through. */
  readonly reach: () => Promise<Peer>;
  readonly onChange: (change: ToolListChange) => void;
}

/** Looks at a server's list whenever there is reason to, one look at a time. */
export class ListWatch {
  readonly #options: ListWatchOptions;
  #known: readonly ListedTool[] | null = null;
  #isDue = false;
  #isLooking = false;

  constructor(options: ListWatchOptions) {
    this.#options = options;
  }

  /** From here on, differences from `listed` are told. */
  begin(listed: readonly ListedTool[]): void {
    this.#known = listed;
    if (this.#isDue) this.look();
  }

  /** Looks now, or once more when the look under way is over. Never throws. */
  look(): void {
    this.#isDue = true;
    if (this.#isLooking || this.#known === null) return;
    this.#isLooking = true;
    void this.#lookWhileDue(this.#known).finally(() => {
      this.#isLooking = false;
    });
  }

  async #lookWhileDue(known: readonly ListedTool[]): Promise<void> {
    const { context, reach } = this.#options;
    let earlier = known;
    try {
      while (this.#isDue) {
        this.#isDue = false;
        const later = await listTools(await reach(), context);
        const change = compareLists(earlier, later);
        earlier = later;
        this.#known = later;
        if (change) this.#tell(change);
      }
    } catch (thrown) {
      const error = messageOf(thrown);
      context.logger.warn({ error }, 'the tools of an MCP server could not be listed again');
    }
  }

  #tell(change: ToolListChange): void {
    const { logger } = this.#options.context;
    logger.warn(change, 'an MCP server changed its tools; those that are bound stay as they are');
    try {
      this.#options.onChange(change);
    } catch (thrown) {
      logger.error({ error: messageOf(thrown) }, 'an observer of a list of tools threw');
    }
  }
}
