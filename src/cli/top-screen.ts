/** The terminal under `top`: a screen of lines of which only those that changed are written, and its keys. */
import { emitKeypressEvents } from 'node:readline';
import { styleText } from 'node:util';
import type { Line, LineStyle } from './top-text.ts';
import type { Key } from './top-view.ts';

/** A screen that is drawn on until it is closed. */
export interface Screen extends Disposable {
  readonly columns: number;
  readonly rows: number;
  draw(lines: readonly Line[]): void;
}

/** Who is told of the person at the terminal. */
export interface ScreenHandlers {
  readonly onKey: (key: Key) => void;
  readonly onResize: () => void;
}

const styles = {
  plain: 'reset',
  bold: 'bold',
  faint: 'dim',
  good: 'green',
  bad: 'red',
  attention: 'yellow',
  chosen: 'inverse',
} as const satisfies Record<LineStyle, Parameters<typeof styleText>[0]>;

/** The alternate screen without a cursor, so that what stood there before comes back. */
const enter = '\x1b[?1049h\x1b[?25l\x1b[2J';
const leave = '\x1b[?25h\x1b[?1049l';
/** What is between them a terminal shows at once, if it knows how. */
const begin = '\x1b[?2026h';
const end = '\x1b[?2026l';

/** A line of the screen with what clears the rest of it, as a terminal takes it. */
function written({ text, style }: Line, stream: NodeJS.WriteStream): string {
  return `${style === 'plain' ? text : styleText(styles[style], text, { stream })}\x1b[K`;
}

/** What has to be written so that `shown` becomes `wanted`; both are the lines of a screen, as written. */
export function redraw(shown: readonly string[], wanted: readonly string[]): string {
  const changes = wanted.flatMap((text, at) =>
    text === shown[at] ? [] : `\x1b[${at + 1};1H${text}`,
  );
  return changes.length === 0 ? '' : begin + changes.join('') + end;
}

interface Keypress {
  readonly name?: string | undefined;
  readonly ctrl?: boolean;
}

/** Takes over the terminal until the screen is disposed of, also when the process ends before that. */
export function openScreen(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  { onKey, onResize }: ScreenHandlers,
): Screen {
  let shown: readonly string[] = [];
  const onKeypress = (text: string | undefined, { name = '', ctrl = false }: Keypress) =>
    onKey({ name, text: text ?? '', ctrl });
  const onResized = () => {
    shown = [];
    output.write('\x1b[2J');
    onResize();
  };
  const restore = () => output.write(leave);
  emitKeypressEvents(input);
  input.on('keypress', onKeypress);
  if (input.isTTY) input.setRawMode(true);
  input.resume();
  output.on('resize', onResized);
  process.once('exit', restore);
  output.write(enter);
  return {
    get columns() {
      return output.columns;
    },
    get rows() {
      return output.rows;
    },
    draw(lines) {
      const wanted = lines.map((line) => written(line, output));
      const text = redraw(shown, wanted);
      if (text !== '') output.write(text);
      shown = wanted;
    },
    [Symbol.dispose]() {
      process.off('exit', restore);
      output.off('resize', onResized);
      input.off('keypress', onKeypress);
      if (input.isTTY) input.setRawMode(false);
      input.pause();
      restore();
    },
  };
}
