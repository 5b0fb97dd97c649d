/** Sessions found by the beginning of an id, page by page. */
import { expect, test } from 'vitest';
import { resolveLimits } from '../../src/limits.ts';
import type { Connection } from '../../src/cli/service-connection.ts';
import { newestSessions, resolveSessionId, shortId } from '../../src/cli/session-list.ts';

const idOf = (number: number) =>
  `01a1fbc5-${number.toString(16).padStart(4, '0')}-72a2-b589-ce8d3ad8b8fe`;

const row = (number: number, more: object = {}) => ({
  sessionId: idOf(number),
  title: `title ${number}`,
  createdAt: 1_000,
  updatedAt: 2_000,
  cwd: '/work',
  ...more,
});

/** A service with so many sessions on pages of two; `asked` are the paths that were asked for. */
function service(count: number, limits = {}, archived: readonly object[] = []) {
  const asked: string[] = [];
  const rows = Array.from({ length: count }, (_, number) => row(number));
  const connection: Pick<Connection, 'ask' | 'limits'> = {
    limits: resolveLimits(limits),
    ask: async ({ path }) => {
      asked.push(path);
      if (path.includes('archived=true')) return { data: archived, nextCursor: null };
      const from = Number(new URLSearchParams(path.split('?')[1]).get('cursor') ?? 0);
      const isLast = from + 2 >= count;
      return { data: rows.slice(from, from + 2), nextCursor: isLast ? null : String(from + 2) };
    },
  };
  return { asked, connection: connection as Connection };
}

test('a whole id needs no looking up', async () => {
  const { asked, connection } = service(0);
  expect(await resolveSessionId(connection, idOf(7).toUpperCase())).toBe(idOf(7));
  expect(asked).toEqual([]);
});

test('the beginning of an id is looked for on all pages', async () => {
  const { asked, connection } = service(5);
  expect(await resolveSessionId(connection, ' 01a1fbc5-0004 ')).toBe(idOf(4));
  expect(asked).toHaveLength(3);
});

test('one that fits several names them, and one that fits none says so', async () => {
  const { connection } = service(7);
  await expect(resolveSessionId(connection, '01a1fbc5')).rejects.toMatchObject({
    code: 'option_invalid',
    facts: { found: expect.stringMatching(/^that of 7: .*\(title 0\).*\(title 4\), …$/) },
  });
  await expect(resolveSessionId(connection, '02')).rejects.toMatchObject({
    code: 'session_unknown',
  });
  await expect(resolveSessionId(connection, ' ')).rejects.toMatchObject({ code: 'option_invalid' });
});

test('an archived session is found where no other begins so', async () => {
  const { asked, connection } = service(0, {}, [row(7)]);
  expect(await resolveSessionId(connection, '01a1fbc5')).toBe(idOf(7));
  expect(asked).toHaveLength(2);
});

test('no more is looked through than allowed, and whoever asks knows', async () => {
  const { connection } = service(6, { listedSessionsMax: 3 });
  expect(await newestSessions(connection)).toMatchObject({ isCut: true, rows: { length: 3 } });
  const all = service(3, { listedSessionsMax: 3 });
  expect(await newestSessions(all.connection)).toMatchObject({ isCut: false, rows: { length: 3 } });
});

test('a short id tells sessions apart that were not made at once; others stay whole', () => {
  expect(shortId(idOf(1))).toBe('01a1fbc5-0001');
  expect(shortId('some-other-id-of-a-server')).toBe('some-other-id-of-a-server');
});
