/** Tells a person who looks elsewhere that something waits for them. */
import { useSignalEffect } from '@preact/signals';
import { signal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { waiting } from './run.ts';

const isSupported = typeof Notification !== 'undefined';

/** Whether the browser may show notifications: `unsupported`, or as the browser says it. */
export const permission = signal<NotificationPermission | 'unsupported'>(
  isSupported ? Notification.permission : 'unsupported',
);

/** Asks the person; only ever after a click. */
export async function askPermission(): Promise<void> {
  if (isSupported) permission.value = await Notification.requestPermission();
}

function announce(summary: string, id: string): void {
  const shown = new Notification('SessionMesh waits for you', { body: summary, tag: id });
  shown.addEventListener('click', () => {
    focus();
    location.hash = '#/waiting';
    shown.close();
  });
}

/** Puts what waits into the title, and shows a notification for what is new. */
export function useWaitingAnnouncements(): void {
  const known = useRef<ReadonlySet<string> | null>(null);
  useSignalEffect(() => {
    const rows = waiting.value;
    document.title = rows.length > 0 ? `(${rows.length}) SessionMesh` : 'SessionMesh';
    const fresh = known.current ? rows.filter(({ id }) => !known.current?.has(id)) : [];
    known.current = new Set(rows.map(({ id }) => id));
    if (permission.peek() !== 'granted' || document.visibilityState === 'visible') return;
    for (const { summary, id } of fresh.slice(0, 3)) announce(summary, id);
  });
}
