/** Whether the heap grows for as long as a tool is called, and by how much. */

/** What was in use when so many calls had ended. */
export interface HeapMark {
  readonly calls: number;
  readonly bytes: number;
}

/**
 * When to look, as parts of a run. Before the first, code is compiled and caches fill; calls that are cut
 * short by faults may be missing at the end.
 */
const looks = [0.3, 0.45, 0.6, 0.75, 0.9] as const;

/** Fewer calls than this between the first look and the last say nothing about memory. */
const callsMin = 200;

/** After how many calls of a run to look at its heap; none for a run that is too short. */
export function looksOf(calls: number): readonly number[] {
  const due = looks.map((part) => Math.round(calls * part));
  return (due.at(-1) ?? 0) - (due[0] ?? 0) < callsMin ? [] : due;
}

/**
 * Growth in bytes for 1,000 calls: what the heap grew by at least from look to look, but for one, or 0.
 * What is kept of calls adds up each time; what comes of compiling and of caches that fill is much at one
 * time and nothing at another. And once in a run something large may be let go of.
 */
export function steadyGrowth(marks: readonly HeapMark[]): number {
  const growths = marks.flatMap(({ calls, bytes }, index) => {
    const before = marks[index - 1];
    return before ? [((bytes - before.bytes) / (calls - before.calls)) * 1_000] : [];
  });
  const [, leastButOne = 0] = growths.toSorted((one, two) => one - two);
  return Math.max(0, leastButOne);
}
