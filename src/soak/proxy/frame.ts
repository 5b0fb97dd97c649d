/** What a framing is: the seam between a lane and the protocol that runs through it. */

/** A part of a stream, in its encoded form. */
export interface Piece {
  readonly bytes: Buffer;
  /** Whether it is one whole frame. */
  readonly isFrame: boolean;
}

/** How one direction of a connection is cut into frames. Holds at most one unfinished frame. */
export interface Framing {
  /** The pieces that are complete now, in order. Their bytes are those of the stream, none left out. */
  push(chunk: Buffer): Piece[];
  /** What is held of an unfinished frame; afterwards nothing is. */
  flush(): Buffer;
  /** The text within a whole frame. */
  textOf(frame: Buffer): string;
  /** A well-formed frame with the first part of this one's text. */
  truncate(frame: Buffer, part: number): Buffer;
  /** A well-formed frame of text that means nothing, or null while the stream has no frames. */
  garbage(bytes: number, random: () => number): Buffer | null;
}

/** Printable noise. */
export function noise(bytes: number, random: () => number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, () => 33 + Math.floor(random() * 94)));
}
