/** Which sessions are listed, and in which order. */
import { signal } from '@preact/signals';
import type { SessionRow } from '../../../src/service/inspection/frame.ts';
import { rows } from '../model/run.ts';
import { phaseOf, phases, type Phase } from '../model/words.ts';

/** What the list can be ordered by. */
export type SortKey =
  'name' | 'member' | 'state' | 'lock' | 'inFlight' | 'calls' | 'failures' | 'lastAt';

export const search = signal('');
export const phaseFilter = signal<Phase | null>(null);
export const sort = signal<{ readonly key: SortKey; readonly isDown: boolean }>({
  key: 'lastAt',
  isDown: true,
});

const byText = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);
const nameOf = ({ title, id }: SessionRow) => title ?? id;

const orders: Record<SortKey, (one: SessionRow, other: SessionRow) => number> = {
  name: (one, other) => byText(nameOf(one), nameOf(other)),
  member: (one, other) => byText(one.member ?? '', other.member ?? ''),
  state: (one, other) => phases.indexOf(phaseOf(one.state)) - phases.indexOf(phaseOf(other.state)),
  lock: (one, other) => byText(one.mode, other.mode),
  inFlight: (one, other) => one.inFlight - other.inFlight,
  calls: (one, other) => one.calls - other.calls,
  failures: (one, other) => one.failures - other.failures,
  lastAt: (one, other) => one.lastAt - other.lastAt,
};

function matches(row: SessionRow, words: readonly string[], phase: Phase | null): boolean {
  if (phase !== null && phaseOf(row.state) !== phase) return false;
  if (words.length === 0) return true;
  const text = `${row.id} ${row.title ?? ''} ${row.member ?? ''} ${row.mode}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** All sessions as they were ordered last: they are nearly so the next time, which is quick to sort. */
let ordered: SessionRow[] = [];

function presentRows(): SessionRow[] {
  const known = new Set<string>();
  const present: SessionRow[] = [];
  for (const { id } of ordered) {
    const row = rows.get(id);
    if (!row) continue;
    known.add(id);
    present.push(row);
  }
  for (const row of rows.values()) if (!known.has(row.id)) present.push(row);
  return present;
}

/** The ids of the listed sessions, in order. */
export function listedIds(): readonly string[] {
  const { key, isDown } = sort.value;
  const order = orders[key];
  ordered = presentRows();
  // The id decides between equals, so that rows do not change places for nothing.
  ordered.sort(
    (one, other) => (isDown ? order(other, one) : order(one, other)) || byText(one.id, other.id),
  );
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const phase = phaseFilter.value;
  const isAll = words.length === 0 && phase === null;
  const found = isAll ? ordered : ordered.filter((row) => matches(row, words, phase));
  return found.map(({ id }) => id);
}

/** Orders by this column, or the other way round if it is ordered by it already. */
export function sortBy(key: SortKey): void {
  const { key: known, isDown } = sort.value;
  const isText = key === 'name' || key === 'member' || key === 'state' || key === 'lock';
  sort.value = { key, isDown: known === key ? !isDown : !isText };
}
