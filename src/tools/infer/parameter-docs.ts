/** Finds what a function's comment says about a parameter or a part of it. */
import type { Doc, FunctionDoc, ParameterDoc } from './documentation.ts';
import type { Parameter } from './parameter.ts';

/** The `@param` entries of one function. Remembers which were asked for. */
export interface ParameterDocs {
  at(path: string): Doc | undefined;
  /** What is said of the parameter that is the argument object itself. */
  ofWhole(): Doc | undefined;
  /** Leaves out what is said of a parameter that is no argument. */
  passOver(parameter: Parameter): void;
  /** Entries that nobody asked for: they document nothing that exists. */
  unused(): readonly (readonly [string, ParameterDoc])[];
}

/** The name without its first part: `options.limit` is said of `limit`. */
function withoutRoot(name: string): string | undefined {
  const dot = name.indexOf('.');
  return dot < 0 ? undefined : name.slice(dot + 1);
}

/**
 * The entries of `doc`.
 * @param whole the parameter that is the argument object itself. Its properties may be documented under
 * its name, under any name if it is destructured, or by their own names.
 */
export function createParameterDocs(doc: FunctionDoc, whole: Parameter | null): ParameterDocs {
  const asked = new Set<string>();
  const read = (name: string): ParameterDoc | undefined => {
    const found = doc.parameters.get(name);
    if (found) asked.add(name);
    return found;
  };
  const names = [...doc.parameters.keys()];
  return {
    at(path) {
      const exact = read(path);
      if (exact || !whole) return exact;
      if (!whole.isDestructured) return read(withoutRoot(path) ?? path);
      const name = names.find((each) => withoutRoot(each) === path);
      return name === undefined ? undefined : read(name);
    },
    ofWhole() {
      if (!whole) return undefined;
      if (!whole.isDestructured) return read(whole.name);
      const known = new Set(whole.type.getProperties().map((property) => property.getName()));
      const name = names.find((each) => !each.includes('.') && !known.has(each));
      return name === undefined ? undefined : read(name);
    },
    passOver({ name, isDestructured }) {
      const root = isDestructured ? names.findLast((each) => !each.includes('.')) : name;
      const ofRoot = names.filter((each) => each === root || each.startsWith(`${root}.`));
      for (const each of ofRoot) asked.add(each);
    },
    unused: () => [...doc.parameters].filter(([name]) => !asked.has(name)),
  };
}
