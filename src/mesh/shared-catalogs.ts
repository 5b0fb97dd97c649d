/**
 * Catalogs that many sessions have in common. A thousand sessions with the same tools need one catalog:
 * it never changes, and a tool is found faster in one that is warm.
 */
import type { Limits } from '../limits.ts';
import type { Catalog } from '../tools/catalog.ts';

function isSame(left: Catalog, right: Catalog): boolean {
  const parts = left.list();
  const others = right.list();
  return parts.length === others.length && parts.every((part, index) => part === others[index]);
}

export class SharedCatalogs {
  readonly #catalogsMax: number;
  readonly #catalogs: Catalog[] = [];

  /** @param limits `catalogsSharedMax` bounds how many different ones are held for new sessions */
  constructor({ catalogsSharedMax }: Limits) {
    this.#catalogsMax = catalogsSharedMax;
  }

  /** A catalog of exactly the same tools in the same order that is in use already, or this one. */
  share(catalog: Catalog): Catalog {
    const known = this.#catalogs.find((other) => isSame(other, catalog));
    if (known) return known;
    this.#catalogs.push(catalog);
    if (this.#catalogs.length > this.#catalogsMax) this.#catalogs.shift();
    return catalog;
  }
}
