/** What a command prints at once: painted lines, and no status line below them. */
import { styleText } from 'node:util';
import type { Terminal } from './terminal.ts';

/** Lines on a stream. */
export type Page = Pick<Terminal, 'paint' | 'line'>;

/** Lines on `stream`, with colours where it shows them. */
export function openPage(stream: NodeJS.WriteStream): Page {
  return {
    paint: (style, text) => styleText(style, text, { stream }),
    line: (text) => void stream.write(`${text}\n`),
  };
}
