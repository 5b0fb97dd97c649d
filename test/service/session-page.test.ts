/** Pages of two lists: nothing is left out, nothing comes twice, and each is as long as it was asked to be. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sessionPage, type PageEntry } from '../../src/service/session-page.ts';
import { listThreads, type Thread } from '../../src/service/thread.ts';

/** Threads of these times, newest first. */
async function threadsOf(prefix: string, times: readonly number[]): Promise<readonly Thread[]> {
  const sorted = times.toSorted((one, other) => other - one);
  const data = sorted.map((createdAt, index) => {
    const place = { cwd: '/', source: 'cli' };
    return { id: `${prefix}${index}`, createdAt, updatedAt: createdAt, ...place };
  });
  return (await listThreads(async () => ({ data }), { archived: false, limit: data.length }))
    .threads;
}

/** Codex with some threads, whose cursor is an index, and some sessions that it does not list. */
async function sourcesOf(listed: readonly number[], unused: readonly number[]) {
  const threads = await threadsOf('t', listed);
  const others = await threadsOf('u', unused);
  const ask = async (_method: string, params: unknown) => {
    const { limit, cursor = '0' } = Object(params);
    const end = Number(cursor) + limit;
    const data = threads.slice(Number(cursor), end).map(({ json }) => json);
    return { data, nextCursor: end < threads.length ? String(end) : null };
  };
  return { ask, unused: async () => others };
}

async function pagesOf(sources: Parameters<typeof sessionPage>[0], limit: number) {
  const pages: (readonly PageEntry[])[] = [];
  let cursor: string | undefined;
  do {
    const page = await sessionPage(sources, { archived: false, limit, cursor });
    pages.push(page.entries);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && pages.length < 100);
  return pages;
}

test('every session is on one page, the newest first, and no page is too long', async () => {
  const times = fc.array(fc.nat({ max: 9 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      times,
      times,
      fc.integer({ min: 1, max: 5 }),
      async (listed, unused, limit) => {
        const pages = await pagesOf(await sourcesOf(listed, unused), limit);
        const entries = pages.flat();
        const ids = entries.map(({ thread }) => thread.id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids).toHaveLength(listed.length + unused.length);
        const shown = entries.map(({ thread }) => thread.createdAt);
        expect(shown).toEqual(shown.toSorted((one, other) => other - one));
        expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
      },
    ),
  );
});

test('a cursor of Codex goes on in its list', async () => {
  const sources = await sourcesOf([5, 4, 3], [9]);
  const page = await sessionPage(sources, { archived: false, limit: 2, cursor: '1' });
  expect(page.entries.map(({ thread }) => thread.id)).toEqual(['t1', 't2']);
  expect(page.nextCursor).toBeNull();
});

test('the archive holds no session that nobody has used', async () => {
  const sources = await sourcesOf([], [9]);
  const page = await sessionPage(sources, { archived: true, limit: 2, cursor: undefined });
  expect(page).toEqual({ entries: [], nextCursor: null });
});
