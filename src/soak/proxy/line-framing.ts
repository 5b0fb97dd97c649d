import { noise, type Framing, type Piece } from './frame.ts';

const lineFeed = 0x0a;
const lineEnd = Buffer.from('\n');

/** Frames that are lines, each with the line feed that ends it. */
export class LineFraming implements Framing {
  readonly #frameBytesMax: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Within a line that is too long to be held. */
  #isPassing = false;

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  push(chunk: Buffer): Piece[] {
    const pieces: Piece[] = [];
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(lineFeed, from);
      if (end < 0) break;
      pieces.push(this.#end(chunk.subarray(from, end + 1)));
      from = end + 1;
    }
    if (from < chunk.length) this.#hold(chunk.subarray(from), pieces);
    return pieces;
  }

  flush(): Buffer {
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return bytes;
  }

  textOf(frame: Buffer): string {
    return frame.toString('utf8', 0, frame.length - 1);
  }

  truncate(frame: Buffer, part: number): Buffer {
    return Buffer.concat([frame.subarray(0, Math.floor((frame.length - 1) * part)), lineEnd]);
  }

  garbage(bytes: number, random: () => number): Buffer {
    return Buffer.concat([noise(bytes, random), lineEnd]);
  }

  #end(rest: Buffer): Piece {
    const isFrame = !this.#isPassing;
    this.#isPassing = false;
    if (this.#heldBytes === 0) return { bytes: rest, isFrame };
    return { bytes: Buffer.concat([this.flush(), rest]), isFrame };
  }

  #hold(bytes: Buffer, pieces: Piece[]): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (!this.#isPassing && this.#heldBytes <= this.#frameBytesMax) return;
    this.#isPassing = true;
    pieces.push({ bytes: this.flush(), isFrame: false });
  }
}
