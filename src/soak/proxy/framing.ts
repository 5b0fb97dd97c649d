/**
 * Finds the frames in a stream of bytes, so that whole ones can be dropped, copied or moved. What is no
 * frame (the head of an HTTP message, a control frame of a WebSocket, a frame above the bound) passes as
 * it is.
 */
import type { Framing } from './frame.ts';
import type { StreamName } from './toxic.ts';
import { LineFraming } from './line-framing.ts';
import { WebSocketFraming } from './websocket-framing.ts';

/** What the frames of a connection are; `none`: bytes without frames, as in HTTP. */
export type FramingName = 'websocket' | 'lines' | 'none';

const noBytes = Buffer.alloc(0);

const unframed: Framing = {
  push: (bytes) => [{ bytes, isFrame: false }],
  flush: () => noBytes,
  textOf: () => '',
  truncate: (frame) => frame,
  garbage: () => null,
};

/** The framing of one direction of a new connection. */
export function createFraming(
  name: FramingName,
  stream: StreamName,
  frameBytesMax: number,
): Framing {
  switch (name) {
    case 'websocket':
      return new WebSocketFraming(stream, frameBytesMax);
    case 'lines':
      return new LineFraming(frameBytesMax);
    case 'none':
      return unframed;
  }
}
