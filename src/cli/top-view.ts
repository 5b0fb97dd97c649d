/** What a person at `top` looks at, and what their keys make of it. Pure. */
import type { Picture } from './top-picture.ts';
import { stateOf, type SessionPicture } from './top-session.ts';
import { sessionStates } from './service-rows.ts';

/** What is looked at. */
export interface View {
  /** The session that is looked at, or null for the overview. */
  readonly sessionId: string | null;
  /** The session that is chosen in the overview. */
  readonly chosenId: string | null;
  readonly filter: string;
  /** Keys go into the filter. */
  readonly isTyping: boolean;
  /** Sessions that are not loaded are listed as well. */
  readonly showsStored: boolean;
  /** Events that are scrolled past, from the newest. */
  readonly scroll: number;
  /** The person wants to end. */
  readonly isOver: boolean;
}

/** A key, as Node names it. */
export interface Key {
  readonly name: string;
  /** What it writes, or the empty text. */
  readonly text: string;
  readonly ctrl: boolean;
}

/** Where everybody begins. */
export const firstView: View = {
  sessionId: null,
  chosenId: null,
  filter: '',
  isTyping: false,
  showsStored: false,
  scroll: 0,
  isOver: false,
};

const filterCharsMax = 60;

const rank = (session: SessionPicture): number => sessionStates.indexOf(stateOf(session));

/** Ids begin with the time they were made at. */
const older = (one: SessionPicture, other: SessionPicture): number =>
  one.id < other.id ? 1 : one.id > other.id ? -1 : 0;

/** The sessions that are listed: by what they do, then the newest first. A filter finds stored ones too. */
export function listedSessions(
  { sessions }: Picture,
  { filter, showsStored }: Pick<View, 'filter' | 'showsStored'>,
): readonly SessionPicture[] {
  const wanted = filter.trim().toLowerCase();
  const isListed = (session: SessionPicture) => {
    const state = stateOf(session);
    if (wanted === '') return showsStored || state !== 'stored';
    const { id, title, cwd } = session;
    return [id, title, cwd, state].some((part) => part.toLowerCase().includes(wanted));
  };
  return [...sessions.values()]
    .filter(isListed)
    .toSorted((one, other) => rank(one) - rank(other) || older(one, other));
}

/** The place of the chosen session in the list; the first one if it is not there. */
export function chosenIndex(
  sessions: readonly SessionPicture[],
  { chosenId }: Pick<View, 'chosenId'>,
): number {
  return Math.max(
    0,
    sessions.findIndex(({ id }) => id === chosenId),
  );
}

function afterTyping(view: View, { name, text, ctrl }: Key): View {
  if (name === 'return' || name === 'enter') return { ...view, isTyping: false };
  if (name === 'escape') return { ...view, isTyping: false, filter: '' };
  if (name === 'backspace') return { ...view, filter: view.filter.replace(/.$/su, '') };
  if (ctrl && name === 'u') return { ...view, filter: '' };
  const isText = !ctrl && text !== '' && !/\p{Cc}/u.test(text);
  if (!isText) return view;
  return { ...view, filter: (view.filter + text).slice(0, filterCharsMax) };
}

function steps(name: string, page: number): number | null {
  switch (name) {
    case 'up':
    case 'k':
      return -1;
    case 'down':
    case 'j':
      return 1;
    case 'pageup':
      return -page;
    case 'pagedown':
      return page;
    case 'home':
      return -Infinity;
    case 'end':
      return Infinity;
    default:
      return null;
  }
}

function inOverview(view: View, key: Key, picture: Picture, page: number): View {
  const sessions = listedSessions(picture, view);
  const index = chosenIndex(sessions, view);
  const step = steps(key.name, page);
  if (step !== null) {
    const next = sessions[Math.min(Math.max(index + step, 0), sessions.length - 1)];
    return { ...view, chosenId: next?.id ?? null };
  }
  switch (key.name) {
    case 'return':
    case 'enter':
    case 'right': {
      const id = sessions[index]?.id ?? null;
      return { ...view, chosenId: id, sessionId: id, scroll: 0 };
    }
    case 'a':
      return { ...view, showsStored: !view.showsStored };
    case 'escape':
      return { ...view, filter: '' };
    case 'q':
      return { ...view, isOver: true };
    default:
      return key.text === '/' ? { ...view, isTyping: true } : view;
  }
}

function inSession(view: View, { name }: Key, page: number): View {
  const step = steps(name, page);
  if (step !== null) {
    // Up is back in time. How far there is anything to see the renderer knows.
    const scroll = name === 'home' ? Infinity : name === 'end' ? 0 : view.scroll - step;
    return { ...view, scroll: Math.max(0, scroll) };
  }
  const isBack = name === 'escape' || name === 'q' || name === 'left' || name === 'backspace';
  return isBack ? { ...view, sessionId: null, scroll: 0 } : view;
}

/** What is looked at after a key. `page`: rows of a page. */
export function afterKey(view: View, key: Key, picture: Picture, page: number): View {
  if (key.ctrl && (key.name === 'c' || key.name === 'd')) return { ...view, isOver: true };
  if (view.isTyping) return afterTyping(view, key);
  return view.sessionId === null
    ? inOverview(view, key, picture, page)
    : inSession(view, key, page);
}
