/** A file that is still being written, as a stream that waits for more at its end. */
import { sleep, type Env } from '../../env.ts';

/** How a growing file is read. */
export interface GrowingFileOptions {
  readonly env: Pick<Env, 'clock' | 'files'>;
  /** How often its end is looked at. */
  readonly pollMs: number;
  /** Ends the stream. */
  readonly signal: AbortSignal;
}

const chunkBytes = 64 * 1024;

/**
 * The bytes of the file, and then whatever is appended, until the signal aborts. Throws what opening and
 * reading throw.
 */
export async function* readGrowing(
  path: string,
  { env, pollMs, signal }: GrowingFileOptions,
): AsyncGenerator<Uint8Array> {
  await using file = await env.files.promises.open(path, 'r');
  const buffer = new Uint8Array(chunkBytes);
  while (!signal.aborted) {
    const { bytesRead } = await file.read(buffer, 0, chunkBytes, null);
    if (bytesRead > 0) yield buffer.slice(0, bytesRead);
    else await sleep(env.clock, pollMs, signal).catch(() => {});
  }
}
