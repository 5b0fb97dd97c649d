/** How tools are named. A namespace is always explicit; only the host's registry joins the two parts. */
import { compareUtf8 } from './unicode.ts';

/** The full name of a tool. `null` is the default namespace. */
export interface HostToolName {
  readonly namespace: string | null;
  readonly name: string;
}

/** What the default namespace is called where it has to have a name. */
export const defaultNamespace = 'functions';

/** `name` in the form that is compared: an empty namespace and `functions` are the default one. */
export function canonicalName({ namespace, name }: HostToolName): HostToolName {
  return { namespace: namespace === '' || namespace === defaultNamespace ? null : namespace, name };
}

/** The same text for two names exactly when they name the same tool. */
export function nameKey(name: HostToolName): string {
  const canonical = canonicalName(name);
  return JSON.stringify([canonical.namespace, canonical.name]);
}

/** The name as the host shows it to a model: both parts with nothing between. */
export function displayName({ namespace, name }: HostToolName): string {
  return `${namespace ?? ''}${name}`;
}

/** Orders things by name, in UTF-8 order; for `toSorted`. */
export function byName(left: { readonly name: string }, right: { readonly name: string }): number {
  return compareUtf8(left.name, right.name);
}
