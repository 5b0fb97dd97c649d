/**
 * How the processes of a run testify: each writes its records to one named pipe, before the deed that a
 * record speaks of has any effect. A write of at most `PIPE_BUF` bytes is never mixed with another one's,
 * so the order in the pipe is an order in which things happened, and a process that is killed leaves
 * whole records only.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { createHash } from 'node:crypto';
import type { WorldEvent, HistoryEvent } from '../../history/record.ts';
import type { Env } from '../../env.ts';

/** Bytes that Linux and macOS write in one piece; 512 by POSIX, but nobody here is that small. */
const pieceBytesMax = 4_096;

/** One record on its way to the desk. */
export interface Testimony {
  readonly at: number;
  readonly event: HistoryEvent;
}

/** One process's end of the pipe. */
export interface Witness {
  /** Writes synchronously; waits while the pipe is full. */
  write(event: HistoryEvent, at?: number): void;
  close(): void;
}

/** A stable, short hash of any JSON value. */
export function hashOf(value: unknown): string {
  return createHash('sha1')
    .update(JSON.stringify(value) ?? '')
    .digest('base64url')
    .slice(0, 16);
}

/** Texts are nothing for a history of this kind, and may be long. */
function withoutTexts(event: HistoryEvent): HistoryEvent {
  if (event.type !== 'mesh' || event.event.type !== 'turn.ended') return event;
  return { ...event, event: { ...event.event, reply: null } };
}

/** Opens the pipe for writing; waits for nobody. */
export function openWitness(path: string, { clock }: Pick<Env, 'clock'>): Witness {
  const pipe = openSync(path, constants.O_WRONLY | constants.O_APPEND);
  let isOpen = true;
  return {
    write(event, at = clock.now()) {
      if (!isOpen) return;
      const line = Buffer.from(`${JSON.stringify({ at, event: withoutTexts(event) })}\n`);
      if (line.length > pieceBytesMax) throw new RangeError(`a record of ${line.length} bytes`);
      writeSync(pipe, line);
    },
    close() {
      isOpen = false;
      closeSync(pipe);
    },
  };
}

/** What a call carries in its arguments, and its result brings back: who asked, and for what. */
export interface Canary {
  readonly epoch: string;
  readonly requestId: number;
  readonly number: string;
}

/** The canary as text: `canary-EPOCH-REQUEST-NUMBER`. */
export const formatCanary = ({ epoch, requestId, number }: Canary): string =>
  `canary-${epoch}-${requestId}-${number}`;

/** The canary within a text, or null. */
export function findCanary(text: string): string | null {
  return /canary-[\w.]+-\d+-\w+/.exec(text)?.[0] ?? null;
}

/** The parts of a canary, or null for another text. */
export function parseCanary(text: string): Canary | null {
  const [, epoch, requestId, number] = /^canary-([\w.]+)-(\d+)-(\w+)$/.exec(text) ?? [];
  if (epoch === undefined || number === undefined) return null;
  return { epoch, requestId: Number(requestId), number };
}

/** A record that only the world can make. */
export type Testify = (event: WorldEvent) => void;
