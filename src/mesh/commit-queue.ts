/** Whoever waits for the journal: all that wait for one commit are called back together, at the cost of one promise. */
export class CommitQueue<Item> {
  readonly #onCommitted: (item: Item) => void;
  readonly #onFailed: (item: Item, cause: unknown) => void;
  /** The commit that is waited for, and by whom. */
  #commit: Promise<void> | undefined;
  #waiting: Item[] = [];

  /** Neither may throw. */
  constructor(onCommitted: (item: Item) => void, onFailed: (item: Item, cause: unknown) => void) {
    this.#onCommitted = onCommitted;
    this.#onFailed = onFailed;
  }

  /** Calls back for `item` once `commit` is settled. */
  add(item: Item, commit: Promise<void>): void {
    if (commit !== this.#commit) this.#begin(commit);
    this.#waiting.push(item);
  }

  #begin(commit: Promise<void>): void {
    const waiting: Item[] = [];
    this.#waiting = waiting;
    this.#commit = commit;
    const end = () => {
      if (this.#commit === commit) this.#commit = undefined;
    };
    commit.then(
      () => {
        end();
        for (const item of waiting) this.#onCommitted(item);
      },
      (cause: unknown) => {
        end();
        for (const item of waiting) this.#onFailed(item, cause);
      },
    );
  }
}
