/** The sessions that are looked at closely: watched while their view is there, and no longer. */
import { computed, effect, signal } from '@preact/signals';
import { route } from './route.ts';
import { about, now, watched, watchedVersion, type WatchedSession } from './run.ts';
import { SessionFold, type ShownSession } from './session-fold.ts';

/** The session whose view is shown, or null. */
export const shownSession = computed(() =>
  'sessionId' in route.value ? route.value.sessionId : null,
);

/** Where on its recorded history the reader stands: a record's number, or null for the present. */
export const cursor = signal<number | null>(null);

// A moment of one session is none of another.
effect(() => {
  if (shownSession.value !== undefined) cursor.value = null;
});

/** The last record that is shown: where the reader stands, or a replay does; null for the present. */
export const moment = computed(() =>
  about.value?.kind === 'replay' ? now.value.seq : cursor.value,
);

const folds = new WeakMap<WatchedSession, SessionFold>();

/** The session whose view is shown, as of the cursor; null while nothing is known of it. */
export const sessionView = computed<ShownSession | null>(() => {
  void watchedVersion.value;
  const id = shownSession.value;
  const source = id === null ? undefined : watched.get(id);
  if (id === null || !source) return null;
  const until = moment.value;
  if (until !== null) return new SessionFold(id, source, until).advance();
  let fold = folds.get(source);
  if (!fold) {
    fold = new SessionFold(id, source);
    folds.set(source, fold);
  }
  return fold.advance();
});

/** What is kept of the session that is shown, or undefined. A new object whenever there is more of it. */
export const shownRecords = computed(() => {
  void watchedVersion.value;
  const id = shownSession.value;
  const source = id === null ? undefined : watched.get(id);
  return source && { ...source };
});
