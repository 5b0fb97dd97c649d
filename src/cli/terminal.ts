/** What a command prints: lines, and on a terminal a status line below them that is drawn over and over. */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

export interface Terminal {
  /** Colours the text where the stream shows colours. */
  paint(style: Style, text: string): string;
  /** Prints a line above the status line. */
  line(text: string): void;
  /** Ends the status line. Idempotent. */
  close(): void;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;

/** @param status what the status line says now; it is not shown where the stream is no terminal */
export function openTerminal(stream: NodeJS.WriteStream, status: () => string): Terminal {
  const isLive = stream.isTTY;
  let frame = 0;
  const clear = () => {
    if (isLive) stream.write('\r\x1b[K');
  };
  const draw = () => {
    if (!isLive) return;
    const text = `${frames[frame % frames.length]} ${status()}`;
    stream.write(`\r\x1b[K${text.slice(0, Math.max(1, stream.columns - 1))}`);
  };
  const timer = isLive
    ? setInterval(() => {
        frame += 1;
        draw();
      }, frameMs)
    : undefined;
  return {
    paint: (style, text) => styleText(style, text, { stream }),
    line(text) {
      clear();
      stream.write(`${text}\n`);
      draw();
    },
    close() {
      clearInterval(timer);
      clear();
    },
  };
}
