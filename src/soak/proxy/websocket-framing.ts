/**
 * The messages of a WebSocket (RFC 6455), found behind the HTTP upgrade. A connection that is not upgraded
 * is plain HTTP and has no frames. A fragmented message is one frame here.
 */
import { noise, type Framing, type Piece } from './frame.ts';
import type { StreamName } from './toxic.ts';

const noBytes = Buffer.alloc(0);
const headEnd = Buffer.from('\r\n\r\n');
/** A longer head is no upgrade of anybody we know. */
const headBytesMax = 64 * 1024;

const textOpcode = 1;
const finBit = 0x80;
const maskBit = 0x80;

/** The fixed part of one WebSocket frame. */
interface FrameHead {
  readonly fin: boolean;
  readonly opcode: number;
  /** Null for a frame without a mask. */
  readonly mask: Buffer | null;
  readonly headBytes: number;
  readonly payloadBytes: number;
}

/** Reads the head of a frame, or returns null while it is not complete. */
function readHead(bytes: Buffer): FrameHead | null {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return null;
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const isMasked = (second & maskBit) !== 0;
  const headBytes = 2 + lengthBytes + (isMasked ? 4 : 0);
  if (bytes.length < headBytes) return null;
  const payloadBytes =
    lengthBytes === 0
      ? short
      : lengthBytes === 2
        ? bytes.readUInt16BE(2)
        : Number(bytes.readBigUInt64BE(2));
  return {
    fin: (first & finBit) !== 0,
    opcode: first & 0x0f,
    mask: isMasked ? bytes.subarray(headBytes - 4, headBytes) : null,
    headBytes,
    payloadBytes,
  };
}

function applyMask(payload: Buffer, mask: Buffer | null): Buffer {
  if (!mask) return payload;
  const plain = Buffer.allocUnsafe(payload.length);
  for (let index = 0; index < payload.length; index += 1) {
    plain[index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0);
  }
  return plain;
}

function encode(text: Buffer, mask: Buffer | null): Buffer {
  const { length } = text;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = finBit | textOpcode;
  head[1] = (mask ? maskBit : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(length, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, mask ?? noBytes, applyMask(text, mask)]);
}

/** The frames within the bytes of one message. */
function* framesOf(message: Buffer): Generator<{ head: FrameHead; payload: Buffer }, undefined> {
  let rest = message;
  for (;;) {
    const head = readHead(rest);
    if (!head) return undefined;
    const end = head.headBytes + head.payloadBytes;
    yield { head, payload: applyMask(rest.subarray(head.headBytes, end), head.mask) };
    rest = rest.subarray(end);
  }
}

const payloadOf = (message: Buffer): Buffer =>
  Buffer.concat([...framesOf(message)].map(({ payload }) => payload));

export class WebSocketFraming implements Framing {
  readonly #stream: StreamName;
  readonly #frameBytesMax: number;
  /** What has passed of the first HTTP head. */
  #head: Buffer = noBytes;
  #mode: 'head' | 'frames' | 'bytes' = 'head';
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Nothing can be said before so many bytes are held. */
  #neededBytes = 0;
  /** Bytes of an oversized frame that are still to come. */
  #passingBytes = 0;
  /** The frames so far of a message that is fragmented. */
  #fragments: Buffer[] = [];
  #fragmentBytes = 0;

  constructor(stream: StreamName, frameBytesMax: number) {
    this.#stream = stream;
    this.#frameBytesMax = frameBytesMax;
  }

  push(chunk: Buffer): Piece[] {
    if (this.#mode === 'bytes') return [{ bytes: chunk, isFrame: false }];
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes < this.#neededBytes) return [];
    const pieces: Piece[] = [];
    let rest = this.#takeHeld();
    if (this.#mode === 'head') rest = this.#readUpgrade(rest, pieces);
    if (this.#mode === 'frames') rest = this.#readFrames(rest, pieces);
    this.#held = rest.length > 0 ? [rest] : [];
    this.#heldBytes = rest.length;
    return pieces;
  }

  flush(): Buffer {
    const bytes = Buffer.concat([...this.#fragments, this.#takeHeld()]);
    this.#fragments = [];
    this.#fragmentBytes = 0;
    return bytes;
  }

  textOf(frame: Buffer): string {
    return payloadOf(frame).toString();
  }

  truncate(frame: Buffer, part: number): Buffer {
    const text = payloadOf(frame);
    return encode(text.subarray(0, Math.floor(text.length * part)), readHead(frame)?.mask ?? null);
  }

  garbage(bytes: number, random: () => number): Buffer | null {
    if (this.#mode !== 'frames') return null;
    return encode(noise(bytes, random), this.#stream === 'upstream' ? noise(4, random) : null);
  }

  #takeHeld(): Buffer {
    const [only] = this.#held;
    const bytes = this.#held.length === 1 && only ? only : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return bytes;
  }

  /** Passes everything on while it looks for the end of the first HTTP head, and whether frames follow. */
  #readUpgrade(bytes: Buffer, pieces: Piece[]): Buffer {
    this.#head = Buffer.concat([this.#head, bytes]);
    const end = this.#head.indexOf(headEnd);
    if (end < 0 && this.#head.length <= headBytesMax) {
      pieces.push({ bytes, isFrame: false });
      return noBytes;
    }
    const head = this.#head.toString('latin1', 0, Math.max(0, end));
    const isUpgrade =
      this.#stream === 'upstream'
        ? /\r\nupgrade: *websocket/i.test(head)
        : head.startsWith('HTTP/1.1 101 ');
    this.#mode = end >= 0 && isUpgrade ? 'frames' : 'bytes';
    const framedBytes = this.#mode === 'frames' ? this.#head.length - end - headEnd.length : 0;
    this.#head = noBytes;
    pieces.push({ bytes: bytes.subarray(0, bytes.length - framedBytes), isFrame: false });
    return bytes.subarray(bytes.length - framedBytes);
  }

  #readFrames(bytes: Buffer, pieces: Piece[]): Buffer {
    let rest = bytes;
    for (;;) {
      if (this.#passingBytes > 0) rest = this.#pass(rest, pieces);
      const head = readHead(rest);
      if (!head) {
        this.#neededBytes = 0;
        return rest;
      }
      const frameBytes = head.headBytes + head.payloadBytes;
      if (frameBytes + this.#fragmentBytes > this.#frameBytesMax) {
        this.#passingBytes = frameBytes;
        for (const fragment of this.#fragments) pieces.push({ bytes: fragment, isFrame: false });
        this.#fragments = [];
        this.#fragmentBytes = 0;
        continue;
      }
      this.#neededBytes = frameBytes;
      if (rest.length < frameBytes) return rest;
      this.#take(rest.subarray(0, frameBytes), head, pieces);
      rest = rest.subarray(frameBytes);
    }
  }

  #pass(bytes: Buffer, pieces: Piece[]): Buffer {
    const passed = bytes.subarray(0, this.#passingBytes);
    this.#passingBytes -= passed.length;
    if (passed.length > 0) pieces.push({ bytes: passed, isFrame: false });
    return bytes.subarray(passed.length);
  }

  #take(frame: Buffer, { fin, opcode }: FrameHead, pieces: Piece[]): void {
    if (opcode >= 8) {
      pieces.push({ bytes: frame, isFrame: false });
      return;
    }
    const isStray = opcode === 0 && this.#fragments.length === 0;
    if (isStray || (fin && this.#fragments.length === 0)) {
      // The rest of a message whose beginning has passed must pass, too.
      pieces.push({ bytes: frame, isFrame: !isStray });
      return;
    }
    this.#fragments.push(frame);
    this.#fragmentBytes += frame.length;
    if (!fin) return;
    pieces.push({ bytes: Buffer.concat(this.#fragments), isFrame: true });
    this.#fragments = [];
    this.#fragmentBytes = 0;
  }
}
