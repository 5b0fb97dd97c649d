/**
 * Timers by due time: a binary heap that knows each timer's place, so that setting, clearing and taking
 * the next one cost O(log n). A cleared timer leaves at once and holds nothing.
 */

/** One timer in the heap. */
export interface HeapTimer {
  /** When it is due, in milliseconds of the clock's monotonic time. */
  readonly dueMs: number;
  /** Breaks ties: of two timers due at the same time the one set first comes first. */
  readonly order: number;
  readonly callback: () => void;
  /** Its place in the heap, or -1 once it has left. Kept by the heap. */
  place: number;
}

const isBefore = (a: HeapTimer, b: HeapTimer): boolean =>
  a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

export class TimerHeap {
  readonly #timers: HeapTimer[] = [];

  get size(): number {
    return this.#timers.length;
  }

  /** The timer that is due next, which stays in the heap. */
  peek(): HeapTimer | undefined {
    return this.#timers[0];
  }

  add(timer: HeapTimer): void {
    this.#timers.push(timer);
    this.#rise(timer, this.#timers.length - 1);
  }

  /** Takes `timer` out. Does nothing if it has left already. */
  remove(timer: HeapTimer): void {
    const hole = timer.place;
    if (hole < 0) return;
    timer.place = -1;
    const last = this.#timers.pop();
    if (last === undefined || last === timer) return;
    this.#sink(last, hole);
    this.#rise(last, last.place);
  }

  #rise(timer: HeapTimer, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#timers[above];
      if (parent === undefined || !isBefore(timer, parent)) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(timer, place);
  }

  #sink(timer: HeapTimer, from: number): void {
    let place = from;
    for (;;) {
      const left = this.#timers[2 * place + 1];
      const right = this.#timers[2 * place + 2];
      const child = left && right && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, timer)) break;
      const below = child.place;
      this.#put(child, place);
      place = below;
    }
    this.#put(timer, place);
  }

  #put(timer: HeapTimer, place: number): void {
    this.#timers[place] = timer;
    timer.place = place;
  }
}
