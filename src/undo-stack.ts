/**
 * What is to be undone at the end of a scope, the last thing first. As `AsyncDisposableStack`, which Node has
 * from version 24 on only.
 */

/** A thing that can be let go of. */
type Resource = Disposable | AsyncDisposable;

async function letGo(resource: Resource): Promise<void> {
  if (Symbol.asyncDispose in resource) await resource[Symbol.asyncDispose]();
  else resource[Symbol.dispose]();
}

export class UndoStack implements AsyncDisposable {
  #steps: (() => unknown)[] = [];

  /** Calls `undo` at the end, and waits for it. */
  defer(undo: () => unknown): void {
    this.#steps.push(undo);
  }

  /** Lets go of `resource` at the end. Returns it. */
  use<Used extends Resource>(resource: Used): Used {
    this.defer(() => letGo(resource));
    return resource;
  }

  /** Hands everything over to the stack that is returned: this one has nothing to undo any more. */
  move(): UndoStack {
    const other = new UndoStack();
    other.#steps = this.#steps;
    this.#steps = [];
    return other;
  }

  /** Undoes everything, whatever fails. Throws what failed first. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch (thrown) {
        failures.push(thrown);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
