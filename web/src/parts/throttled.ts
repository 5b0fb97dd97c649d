/** Follows a signal that changes faster than people read. */
import { useSignal, useSignalEffect, type ReadonlySignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

/**
 * Renders again when `source` changed: at once the first time, and then at most once every `periodMs`.
 * Returns how often it has.
 */
export function useThrottled(source: ReadonlySignal<unknown>, periodMs: number): number {
  const version = useSignal(0);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const lastAt = useRef(-Infinity);
  const isNew = useRef(true);
  useSignalEffect(() => {
    void source.value;
    // What is there now is being rendered already.
    if (isNew.current) {
      isNew.current = false;
      return;
    }
    if (timer.current !== undefined) return;
    const delayMs = Math.max(0, lastAt.current + periodMs - performance.now());
    timer.current = setTimeout(() => {
      timer.current = undefined;
      lastAt.current = performance.now();
      version.value += 1;
    }, delayMs);
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return version.value;
}
