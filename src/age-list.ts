/** Items in the order they were added. Each knows its neighbours, so that any of them can be taken out at once. */

/** What an item carries for the list that it is in; one list at a time. */
export interface Aged<Item> {
  /** The items that were added just before it and just after it. */
  older: Item | null;
  newer: Item | null;
}

export class AgeList<Item extends Aged<Item>> {
  #oldest: Item | null = null;
  #newest: Item | null = null;
  #size = 0;

  get oldest(): Item | null {
    return this.#oldest;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds an item that is in no list. */
  add(item: Item): void {
    item.older = this.#newest;
    if (this.#newest) this.#newest.newer = item;
    else this.#oldest = item;
    this.#newest = item;
    this.#size += 1;
  }

  /** Whether the item was in this list, given that it was in no other. */
  delete(item: Item): boolean {
    const { older, newer } = item;
    if (!older && this.#oldest !== item) return false;
    if (older) older.newer = newer;
    else this.#oldest = newer;
    if (newer) newer.older = older;
    else this.#newest = older;
    // Whoever still holds the item shall not hold its neighbours.
    item.older = null;
    item.newer = null;
    this.#size -= 1;
    return true;
  }
}
