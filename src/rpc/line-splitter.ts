import { SessionMeshError } from '../errors.ts';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** The room kept between lines; what one long line needed beyond it is given back. */
const roomKeptBytes = 64 * 1024;

/**
 * Cuts a stream of bytes into lines. Bytes are split before they are decoded, so a chunk may end within
 * a UTF-8 sequence or between CR and LF. Each byte is copied a bounded number of times, however small
 * the chunks and however long the line, and no chunk is kept alive.
 */
export class LineSplitter {
  readonly #lineBytesMax: number;
  /** The beginning of a line whose end has not come yet: the first `#heldBytes` of it. */
  #held: Buffer = Buffer.alloc(0);
  #heldBytes = 0;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** Bytes of the line that is not finished yet. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Calls `onLine` for each line that `chunk` completes, without its LF or CR LF. Empty lines are skipped.
   * @throws SessionMeshError `frame_too_long` once a line has more than `lineBytesMax` bytes, its LF not
   * counted. The splitter is of no use afterwards.
   */
  push(chunk: Buffer, onLine: (line: string) => void): void {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      this.#assertFits(end - start);
      if (this.#heldBytes === 0) {
        decodeLine(chunk, start, end, onLine);
      } else {
        this.#hold(chunk, start, end);
        const line = this.#held;
        const bytes = this.#heldBytes;
        this.#heldBytes = 0;
        if (line.length > roomKeptBytes) this.#held = Buffer.alloc(0);
        decodeLine(line, 0, bytes, onLine);
      }
      start = end + 1;
    }
    if (start === chunk.length) return;
    this.#assertFits(chunk.length - start);
    this.#hold(chunk, start, chunk.length);
  }

  #assertFits(moreBytes: number): void {
    if (this.#heldBytes + moreBytes <= this.#lineBytesMax) return;
    throw new SessionMeshError('frame_too_long', {
      expected: `lines of at most ${this.#lineBytesMax} bytes`,
    });
  }

  #hold(chunk: Buffer, start: number, end: number): void {
    const neededBytes = this.#heldBytes + end - start;
    if (neededBytes > this.#held.length) {
      // Doubling keeps the copying linear.
      const roomier = Buffer.allocUnsafe(Math.max(neededBytes, this.#held.length * 2, 1024));
      this.#held.copy(roomier, 0, 0, this.#heldBytes);
      this.#held = roomier;
    }
    chunk.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes = neededBytes;
  }
}

function decodeLine(bytes: Buffer, start: number, end: number, onLine: (line: string) => void) {
  const textEnd = end > start && bytes[end - 1] === carriageReturn ? end - 1 : end;
  if (textEnd > start) onLine(bytes.toString('utf8', start, textEnd));
}
