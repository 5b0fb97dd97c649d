/**
 * The frames published last, for those who were away for a moment. Bounded by number and by bytes; the
 * oldest go first, and whoever asks for one of those is told that it is gone.
 */
import type { Limits } from '../limits.ts';
import type { Frame } from './frame.ts';

/** A frame with its place in the sequence, written out once for everybody. */
export interface PublishedFrame {
  readonly seq: number;
  readonly threadId: string | null;
  /** Goes to everybody who may see the session, whatever they follow. */
  readonly isBroadcast: boolean;
  readonly text: string;
}

/** The frame as it is sent. */
export function writeFrame(frame: Frame, seq: number, more: object = {}): string {
  const { type, threadId, payload } = frame;
  return JSON.stringify({ type, threadId, payload, seq, ...more });
}

/** The last frames of one start of the service. The first has the number 1. */
export class FrameRing {
  readonly #limits: Limits;
  #frames: PublishedFrame[] = [];
  /** Where in the list the oldest frame that still counts stands; what is before it is dropped in bulk. */
  #head = 0;
  #chars = 0;
  #lastSeq = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** The number of the last frame, 0 before the first. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Numbers a frame and keeps it. */
  add(frame: Frame, isBroadcast: boolean): PublishedFrame {
    this.#lastSeq += 1;
    const seq = this.#lastSeq;
    const text = writeFrame(frame, seq);
    const published = { seq, threadId: frame.threadId, isBroadcast, text };
    this.#frames.push(published);
    this.#chars += text.length;
    this.#dropOldest();
    return published;
  }

  /** What came after the frame `seq`: the frames that are kept, and how many before them are gone. */
  since(seq: number): { readonly frames: readonly PublishedFrame[]; readonly missing: number } {
    const kept = this.#frames.slice(this.#head).filter((frame) => frame.seq > seq);
    const oldestWanted = seq + 1;
    const oldestKept = kept[0]?.seq ?? this.#lastSeq + 1;
    return { frames: kept, missing: Math.max(0, oldestKept - oldestWanted) };
  }

  #dropOldest(): void {
    const { streamFramesKeptMax, streamFramesKeptBytesMax } = this.#limits;
    while (
      this.#frames.length - this.#head > streamFramesKeptMax ||
      this.#chars > streamFramesKeptBytesMax
    ) {
      const oldest = this.#frames[this.#head];
      if (!oldest) break;
      this.#chars -= oldest.text.length;
      this.#head += 1;
    }
    if (this.#head <= streamFramesKeptMax) return;
    this.#frames = this.#frames.slice(this.#head);
    this.#head = 0;
  }
}
