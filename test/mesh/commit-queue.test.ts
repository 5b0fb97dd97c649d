/** Whoever waits for one commit is called back once, in order, with what became of it. */
import { expect, test } from 'vitest';
import { CommitQueue } from '../../src/mesh/commit-queue.ts';

function openQueue() {
  const seen: string[] = [];
  const queue = new CommitQueue<string>(
    (item) => seen.push(item),
    (item, cause) => seen.push(`${item}: ${String(cause)}`),
  );
  return { seen, queue };
}

test('all that wait for one commit are called back together, in order', async () => {
  const { seen, queue } = openQueue();
  const commit = Promise.withResolvers<void>();
  for (const item of ['a', 'b', 'c']) queue.add(item, commit.promise);
  await Promise.resolve();
  expect(seen).toEqual([]);
  commit.resolve();
  await commit.promise;
  expect(seen).toEqual(['a', 'b', 'c']);
});

test('one that comes when its commit is over already is called back all the same', async () => {
  const { seen, queue } = openQueue();
  const commit = Promise.resolve();
  queue.add('a', commit);
  await commit;
  queue.add('b', commit);
  await commit;
  expect(seen).toEqual(['a', 'b']);
});

test('commits fail apart from each other, and each tells its own why', async () => {
  const { seen, queue } = openQueue();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  queue.add('a', first.promise);
  queue.add('b', second.promise);
  queue.add('c', second.promise);
  second.resolve();
  await second.promise;
  first.reject('disk');
  await first.promise.catch(() => {});
  expect(seen).toEqual(['b', 'c', 'a: disk']);
});
