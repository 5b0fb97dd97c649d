/**
 * Which controls the thread of each bound session has, so that Codex is told of those that it does not
 * have, and of no others.
 *
 * A life of Codex begins with what the session was opened with; what was said since is gone with it.
 */
import type { MeshKeeper } from './mesh-keeper.ts';
import { sameControls, turnSettings, type SessionControls } from './session-controls.ts';

interface Applied {
  /** Whether this service made the thread, and told Codex all of its tools. */
  readonly isMade: boolean;
  /** What each life of Codex begins with, or null where that is not known. */
  readonly opening: SessionControls | null;
  readonly changed: { readonly epoch: string | null; readonly controls: SessionControls } | null;
}

/** What a session is opened with says nothing of the network. */
const opened = (controls: SessionControls): SessionControls => ({
  ...controls,
  networkAccess: 'restricted',
});

/** The controls that the threads of one service have. */
export class AppliedControls {
  readonly #keeper: MeshKeeper;
  readonly #applied = new Map<string, Applied>();

  constructor(keeper: MeshKeeper) {
    this.#keeper = keeper;
  }

  /** A session was made (`isMade`) or bound, with these controls or with whatever its thread has. */
  begin(id: string, controls: SessionControls | null, isMade: boolean): void {
    this.#applied.set(id, { isMade, opening: controls && opened(controls), changed: null });
  }

  /** Whether the session was made by this start of the service. */
  isMade(id: string): boolean {
    return this.#applied.get(id)?.isMade === true;
  }

  /** The session is gone. */
  forget(id: string): void {
    this.#applied.delete(id);
  }

  /** Tells Codex what it does not know yet. Throws as `MeshKeeper.ask`. */
  async apply(id: string, controls: SessionControls): Promise<void> {
    const { epoch } = this.#keeper;
    const applied = this.#applied.get(id);
    if (!applied) return;
    const { opening, changed } = applied;
    const present = changed?.epoch === epoch ? changed.controls : opening;
    if (present !== null && sameControls(present, controls)) return;
    await this.#keeper.ask('thread/settings/update', { threadId: id, ...turnSettings(controls) });
    this.#applied.set(id, { ...applied, changed: { epoch, controls } });
  }
}
