/** The toxics of one proxy, which may change while it runs. */
import { SessionMeshError } from '../../errors.ts';
import { parseToxic, type Toxic, type ToxicRequest } from './toxic.ts';

/** More toxics of one proxy are refused. */
const toxicsMax = 64;

/** An ordered set, in which names are unique. `current` is a new list after each change. */
export class ToxicSet {
  #current: readonly Toxic[];
  readonly #onChange: () => void;

  constructor(toxics: readonly Toxic[], onChange: () => void) {
    this.#current = [];
    this.#onChange = () => {};
    for (const toxic of toxics) this.add(toxic);
    this.#onChange = onChange;
  }

  get current(): readonly Toxic[] {
    return this.#current;
  }

  find(name: string): Toxic | undefined {
    return this.#current.find((toxic) => toxic.name === name);
  }

  /** @throws SessionMeshError `option_invalid` for a name that is taken, or too many toxics */
  add(toxic: Toxic): void {
    if (this.find(toxic.name)) {
      const expected = 'a name that no other toxic of this proxy has';
      throw new SessionMeshError('option_invalid', { expected, found: toxic.name });
    }
    if (this.#current.length >= toxicsMax) {
      throw new SessionMeshError('option_invalid', { expected: `at most ${toxicsMax} toxics` });
    }
    this.#replace([...this.#current, toxic]);
  }

  /**
   * Changes the toxicity or attributes of one; its type and stream stay. False if there is none.
   * @throws SessionMeshError `option_invalid`
   */
  update(name: string, change: Pick<ToxicRequest, 'toxicity' | 'attributes'>): boolean {
    const old = this.find(name);
    if (!old) return false;
    const attributes = { ...old.attributes, ...change.attributes };
    const toxicity = change.toxicity ?? old.toxicity;
    const changed = parseToxic({ ...old, toxicity, attributes });
    this.#replace(this.#current.map((toxic) => (toxic === old ? changed : toxic)));
    return true;
  }

  /** False if there is none of that name. */
  remove(name: string): boolean {
    const left = this.#current.filter((toxic) => toxic.name !== name);
    if (left.length === this.#current.length) return false;
    this.#replace(left);
    return true;
  }

  clear(): void {
    if (this.#current.length > 0) this.#replace([]);
  }

  #replace(toxics: readonly Toxic[]): void {
    this.#current = toxics;
    this.#onChange();
  }
}
