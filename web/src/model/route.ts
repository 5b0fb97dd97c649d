/** Where the reader is: the part of the address after `#`. */
import { computed, signal } from '@preact/signals';

/** A place. */
export type Route =
  | { readonly view: 'overview' | 'team' | 'waiting' | 'host' | 'soak' }
  | { readonly view: 'member'; readonly name: string }
  | { readonly view: 'session'; readonly sessionId: string }
  | { readonly view: 'call'; readonly sessionId: string; readonly key: string };

const simple = new Set(['team', 'waiting', 'host', 'soak']);

function isSimple(name: string | undefined): name is 'team' | 'waiting' | 'host' | 'soak' {
  return name !== undefined && simple.has(name);
}

function parse(hash: string): Route {
  const [view, id, inner, key] = hash
    .replace(/^#\/?/, '')
    .split('/')
    .map((part) => decodeURIComponent(part));
  if (isSimple(view)) return { view };
  if (view === 'member' && id) return { view, name: id };
  if (view !== 'session' || !id) return { view: 'overview' };
  return inner === 'call' && key
    ? { view: 'call', sessionId: id, key }
    : { view: 'session', sessionId: id };
}

const hash = signal(location.hash);
addEventListener('hashchange', () => (hash.value = location.hash));

/** Where the reader is. */
export const route = computed(() => parse(hash.value));

/** The address of a place. */
export function hrefOf(place: Route): string {
  if (place.view === 'overview') return '#/';
  if (place.view === 'member') return `#/member/${encodeURIComponent(place.name)}`;
  if (place.view === 'session') return `#/session/${encodeURIComponent(place.sessionId)}`;
  if (place.view !== 'call') return `#/${place.view}`;
  return `${hrefOf({ view: 'session', sessionId: place.sessionId })}/call/${encodeURIComponent(place.key)}`;
}
