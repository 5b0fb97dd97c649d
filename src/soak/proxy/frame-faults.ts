/** What becomes of one whole frame: dropped, doubled, moved behind others, cut short, or with noise before it. */
import type { Clock, Timer } from '../../env.ts';
import type { Framing } from './frame.ts';
import { isFrameToxic, type FrameToxic, type Toxic } from './toxic.ts';

/** More frames held back at once pass as they are. */
const heldFramesMax = 64;

/** What the faults need. */
export interface FrameFaultOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly framing: Framing;
  /** Takes what passes on, in the order in which it is to pass. */
  readonly pass: (bytes: Buffer) => void;
  readonly onFault: (toxic: FrameToxic, detail: string | null) => void;
  /** The connection must be reset behind what was passed. */
  readonly onCut: () => void;
}

interface HeldFrame {
  readonly bytes: Buffer;
  /** Frames that are still to pass it; of a copy none do. */
  passes: number;
  readonly timer: Timer;
}

/** The frame faults of one direction of a connection. */
export class FrameFaults {
  readonly #options: FrameFaultOptions;
  readonly #held = new Set<HeldFrame>();
  #isCut = false;

  constructor(options: FrameFaultOptions) {
    this.#options = options;
  }

  /** Bytes that are held back. */
  get heldBytes(): number {
    return [...this.#held].reduce((bytes, frame) => bytes + frame.bytes.length, 0);
  }

  /** Takes one frame; what becomes of it is passed on, now or soon. */
  take(frame: Buffer, toxics: readonly Toxic[]): void {
    // Nothing follows a frame that was cut short together with its connection.
    if (this.#isCut) return;
    const { random, onFault } = this.#options;
    let bytes = frame;
    let copyDelayMs: number | null = null;
    for (const toxic of toxics) {
      if (!isFrameToxic(toxic) || random() >= toxic.toxicity) continue;
      switch (toxic.type) {
        case 'drop':
          onFault(toxic, `${frame.length} bytes`);
          return;
        case 'garbage':
          this.#insertNoise(toxic.attributes.size, toxic);
          break;
        case 'truncate':
          bytes = this.#options.framing.truncate(frame, random());
          this.#isCut = toxic.attributes.close > 0;
          onFault(toxic, `${bytes.length} of ${frame.length} bytes`);
          break;
        case 'duplicate':
          copyDelayMs = toxic.attributes.delay;
          onFault(toxic, `${frame.length} bytes`);
          break;
        case 'reorder':
          if (this.#isFull) break;
          onFault(toxic, `${frame.length} bytes`);
          this.#holdBack(bytes, toxic.attributes);
          return;
      }
    }
    this.#pass(bytes);
    if (copyDelayMs === 0) this.#pass(bytes);
    else if (copyDelayMs !== null && !this.#isFull) this.#hold(bytes, Infinity, copyDelayMs);
    if (this.#isCut) this.#options.onCut();
  }

  /** Passes on at once what is held back. */
  flush(): void {
    for (const frame of this.#held) this.#release(frame);
  }

  /** Forgets what is held back. Idempotent; leaves no timer behind. */
  close(): void {
    for (const { timer } of this.#held) this.#options.clock.clearTimeout(timer);
    this.#held.clear();
  }

  get #isFull(): boolean {
    return this.#held.size >= heldFramesMax;
  }

  #insertNoise(size: number, toxic: FrameToxic): void {
    const { framing, random, onFault, pass } = this.#options;
    const garbage = framing.garbage(size, random);
    if (!garbage) return;
    onFault(toxic, `${garbage.length} bytes`);
    pass(garbage);
  }

  #holdBack(bytes: Buffer, { window, delay }: { window: number; delay: number }): void {
    this.#hold(bytes, 1 + Math.floor(this.#options.random() * window), delay);
  }

  #hold(bytes: Buffer, passes: number, delayMs: number): void {
    const frame: HeldFrame = {
      bytes,
      passes,
      timer: this.#options.clock.setTimeout(() => this.#release(frame), delayMs),
    };
    this.#held.add(frame);
  }

  #pass(bytes: Buffer): void {
    this.#options.pass(bytes);
    for (const frame of this.#held) {
      frame.passes -= 1;
      if (frame.passes === 0) this.#release(frame);
    }
  }

  #release(frame: HeldFrame): void {
    this.#options.clock.clearTimeout(frame.timer);
    if (this.#held.delete(frame)) this.#options.pass(frame.bytes);
  }
}
