/** Writes down what a transport reports, and lets a test wait for it. */
import type { SessionMeshError } from '../../src/errors.ts';
import type { GarbageKind } from '../../src/rpc/message.ts';
import type { TransportHandlers } from '../../src/rpc/transport.ts';

export interface Recorder extends TransportHandlers {
  readonly frames: string[];
  readonly garbage: GarbageKind[];
  readonly closes: SessionMeshError[];
  /** Resolves once `condition` holds; it is looked at after everything that is reported. */
  until(condition: () => boolean): Promise<void>;
}

export function createRecorder(onFrame: (text: string) => void = () => {}): Recorder {
  const waiting = new Set<() => void>();
  const recorder: Recorder = {
    frames: [],
    garbage: [],
    closes: [],
    onFrame: (text) => {
      recorder.frames.push(text);
      onFrame(text);
      for (const look of waiting) look();
    },
    onGarbage: (kind) => {
      recorder.garbage.push(kind);
      for (const look of waiting) look();
    },
    onClose: (cause) => {
      recorder.closes.push(cause);
      for (const look of waiting) look();
    },
    until: (condition) =>
      new Promise((resolve) => {
        const look = () => {
          if (!condition()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
  return recorder;
}
