/** The recorded run of a replay as a whole, and moving through it. */
import { computed, effect, signal } from '@preact/signals';
import type { RunMark, RunTimeline } from '../../../src/service/inspection/frame.ts';
import { get } from '../feed/api.ts';
import { seek } from '../feed/commands.ts';
import { growth, link, now } from './run.ts';

/** Null until it is there. */
export const timeline = signal<RunTimeline | null>(null);
export const isPlaying = signal(false);
/** Records a second, while it plays. */
export const speed = signal(50);

let asked: Promise<void> | null = null;

/** Asks for it, if nobody has yet. */
export function loadTimeline(): void {
  asked ??= get<RunTimeline>('/api/replay/timeline').then(
    (body) => void (timeline.value = body),
    () => void (asked = null),
  );
}

const refreshMs = 1_000;
let refresh: ReturnType<typeof setTimeout> | undefined;

// A run that goes on is asked for again, now and then.
effect(() => {
  if (growth.value === null) return;
  refresh ??= setTimeout(() => {
    refresh = undefined;
    asked = null;
    loadTimeline();
  }, refreshMs);
});

/** The last record by now. */
export const lastSeq = computed(() =>
  Math.max(timeline.value?.lastSeq ?? 0, growth.value?.lastSeq ?? 0),
);

/** Whether records may still come. */
export const isGoingOn = computed(() => growth.value?.isOver === false);

/** Whether the reader moves on with a run that goes on. */
export const isFollowing = signal(true);

/** Shows the end of the run, and what comes after it as it comes. */
export function follow(): void {
  isFollowing.value = true;
  isPlaying.value = false;
  seek(Number.MAX_SAFE_INTEGER);
}

// Whoever followed before the connection broke follows afterwards.
effect(() => {
  if (link.value.type === 'live' && isGoingOn.peek() && isFollowing.peek()) follow();
});

/** Marks that one jumps to: everything but the phases. */
export const jumps = computed<readonly RunMark[]>(
  () => timeline.value?.marks.filter(({ kind }) => kind !== 'phase') ?? [],
);

/** Shows the run as of this record. */
export function goTo(seq: number): void {
  const known = timeline.value;
  if (!known) return;
  if (isGoingOn.value && seq >= lastSeq.value) follow();
  else {
    isFollowing.value = false;
    seek(Math.min(lastSeq.value, Math.max(known.firstSeq, Math.round(seq))));
  }
}

/** Shows the run as of this time. The service knows which record that is. */
export async function goToTime(at: number): Promise<void> {
  const { seq } = await get<{ seq: number }>(`/api/replay/moment?at=${Math.round(at)}`);
  goTo(seq);
}

/** Shows the run as of the next jump, or the one before. */
export function jump(direction: 1 | -1): void {
  const { seq } = now.value;
  const found =
    direction > 0
      ? jumps.value.find((mark) => mark.seq > seq)
      : jumps.value.findLast((mark) => mark.seq < seq);
  if (found) goTo(found.seq);
}

const stepMs = 50;

/** Begins or ends playing. */
export function togglePlaying(): void {
  const known = timeline.value;
  if (!isPlaying.value && known && now.value.seq >= known.lastSeq) goTo(known.firstSeq);
  isPlaying.value = !isPlaying.value;
}

/** Plays while it is wanted; returns how to stop. */
export function startPlaying(): () => void {
  let position = now.peek().seq;
  const timer = setInterval(() => {
    const known = timeline.peek();
    if (!known || !isPlaying.peek()) {
      position = now.peek().seq;
      return;
    }
    position = Math.max(position, now.peek().seq) + (speed.peek() * stepMs) / 1_000;
    if (position >= known.lastSeq) isPlaying.value = false;
    if (Math.floor(position) > now.peek().seq) goTo(Math.floor(position));
  }, stepMs);
  return () => clearInterval(timer);
}
