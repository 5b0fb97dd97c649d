/** The bytes of the heap that are really in use. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Collects garbage and returns what is left, in bytes. Slow: some tens of milliseconds. */
export function heapBytes(): number {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    const exposed: () => void = runInNewContext('gc');
    collect = exposed;
  }
  collect();
  return process.memoryUsage().heapUsed;
}
