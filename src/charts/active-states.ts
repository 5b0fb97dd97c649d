/** Which states of a chart a machine is in. */

/**
 * A state value as XState has it: a name, or an object from regions or compound states to what is active in
 * them. A name may also be a path, `waiting.retry`.
 */
export type StateValue = string | { readonly [state: string]: StateValue };

/**
 * The ids of all active states, from the outside in, without the machine's own.
 * `{ running: { link: 'online' } }` → `running`, `running.link`, `running.link.online`.
 */
export function activeStates(value: StateValue, prefix = ''): string[] {
  if (typeof value === 'string') {
    const names = value.split('.');
    return names.map((_, index) => prefix + names.slice(0, index + 1).join('.'));
  }
  return Object.entries(value).flatMap(([name, inner]) => {
    const id = `${prefix}${name}`;
    return [id, ...activeStates(inner, `${id}.`)];
  });
}

/** Reads a state value out of data from elsewhere; null where it is none. */
export function parseStateValue(data: unknown): StateValue | null {
  if (typeof data === 'string') return data;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return null;
  const value: Record<string, StateValue> = {};
  for (const [name, inner] of Object.entries(data)) {
    const parsed = parseStateValue(inner);
    if (parsed === null) return null;
    value[name] = parsed;
  }
  return value;
}
