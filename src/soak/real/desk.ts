/**
 * Where the testimony of all processes of a run comes together: read from the named pipe in the order in
 * which it was given, completed where a witness could not know all, numbered, checked and written down.
 */
import { execFile } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import type { Env } from '../../env.ts';
import type { HistoryEvent, HistoryRecord } from '../../history/record.ts';
import { isRecord } from '../../tools/json.ts';
import type { Testimony } from './witness.ts';

const lineFeed = 0x0a;

/** Who takes the records of a run. */
export interface DeskOptions {
  /** Where the pipe is made. */
  readonly path: string;
  readonly env: Env;
  /** Takes each record, in order. */
  readonly onRecord: (record: HistoryRecord) => void;
  /** Is waited for now and then, so that whoever takes the records keeps up. */
  readonly settle: () => Promise<unknown>;
}

/** Records that are taken before `settle` is waited for. */
const recordsAtOnceMax = 2_000;

/** Bytes of a record that is not complete yet; no writer writes longer ones. */
const recordBytesMax = 65_536;

/** Stands in the pipe where everything before it is to be known to have been read. */
const mark = 'mark';

function isTestimony(value: unknown): value is Testimony {
  return (
    isRecord(value) &&
    typeof value.at === 'number' &&
    isRecord(value.event) &&
    typeof value.event.type === 'string'
  );
}

/** The desk of one run. Close it when every witness is gone. */
export class Desk {
  readonly #options: DeskOptions;
  readonly #pipe: Socket;
  readonly #own: FileHandle;
  /** Notes of the desk itself on their way into the pipe. */
  #noting: Promise<unknown> = Promise.resolve();
  /** Those who wait until the mark that they made has been read. */
  readonly #marks: (() => void)[] = [];
  #sinceSettled = 0;
  #held: Buffer = Buffer.alloc(0);
  #seq = 0;
  #at = 0;
  /** Lines that were no testimony: none, unless a witness is broken. */
  unreadable = 0;

  /** Makes the pipe. Throws what `mkfifo` says. */
  static async open(options: DeskOptions): Promise<Desk> {
    await promisify(execFile)('mkfifo', ['-m', '600', options.path]);
    // Open for writing as well, or the pipe would end with its last writer.
    const fd = openSync(options.path, constants.O_RDWR | constants.O_NONBLOCK);
    return new Desk(options, fd, await open(options.path, constants.O_WRONLY));
  }

  private constructor(options: DeskOptions, fd: number, own: FileHandle) {
    this.#options = options;
    this.#own = own;
    this.#pipe = new Socket({ fd, readable: true, writable: false });
    this.#pipe.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#pipe.on('error', () => {});
  }

  /** How many records there are. */
  get records(): number {
    return this.#seq;
  }

  /** Testifies what the run itself does; resolves once it stands behind what came before it. */
  note(event: HistoryEvent): Promise<unknown> {
    const at = this.#options.env.clock.now();
    const line = `${JSON.stringify({ at, event })}\n`;
    return (this.#noting = this.#noting.then(() => this.#own.write(line)));
  }

  /** Resolves once everything that was written so far has been read: the pipe keeps its order. */
  async drained(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#marks.push(resolve);
    this.#noting = this.#noting.then(() => this.#own.write(`${mark}\n`));
    await promise;
  }

  async close(): Promise<void> {
    await this.#noting;
    this.#pipe.destroy();
    for (const resolve of this.#marks.splice(0)) resolve();
    await this.#own.close();
  }

  #take(chunk: Buffer): void {
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    let from = 0;
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, from)) {
      this.#read(bytes.toString('utf8', from, end));
      from = end + 1;
    }
    this.#held = bytes.subarray(from);
    if (this.#held.length > recordBytesMax) this.#held = Buffer.alloc(0);
  }

  #read(line: string): void {
    if (line === mark) {
      this.#marks.shift()?.();
      return;
    }
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      value = null;
    }
    if (isTestimony(value)) this.#put(value);
    else this.unreadable += 1;
  }

  #put({ at, event }: Testimony): void {
    this.#seq += 1;
    // One clock for all, but a record may wait a moment before it is written.
    this.#at = Math.max(this.#at, at);
    this.#options.onRecord({ seq: this.#seq, at: this.#at, event });
    this.#sinceSettled += 1;
    if (this.#sinceSettled < recordsAtOnceMax || this.#pipe.isPaused()) return;
    this.#sinceSettled = 0;
    this.#pipe.pause();
    void this.#options.settle().finally(() => this.#pipe.resume());
  }
}
