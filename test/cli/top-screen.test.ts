/** What is written to the terminal, and what comes from it. */
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { openScreen, redraw } from '../../src/cli/top-screen.ts';
import type { Key } from '../../src/cli/top-view.ts';

test('only lines that changed are written, at once', () => {
  expect(redraw(['a', 'b', 'c'], ['a', 'x', 'c'])).toBe('\u001b[?2026h\u001b[2;1Hx\u001b[?2026l');
});

test('nothing is written if nothing changed', () => {
  expect(redraw(['a', 'b'], ['a', 'b'])).toBe('');
});

test('an empty screen is written whole', () => {
  expect(redraw([], ['a', 'b'])).toContain('\u001b[1;1Ha\u001b[2;1Hb');
});

/** A terminal that a test holds both ends of. */
function terminal() {
  const modes: boolean[] = [];
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => void modes.push(isRaw),
  });
  const output = Object.assign(new PassThrough({ encoding: 'utf8' }), {
    isTTY: true,
    columns: 80,
    rows: 24,
  });
  const written = () => String(output.read() ?? '');
  const keys: Key[] = [];
  const resizes: number[] = [];
  const screen = openScreen(
    input as unknown as NodeJS.ReadStream,
    output as unknown as NodeJS.WriteStream,
    { onKey: (key) => keys.push(key), onResize: () => resizes.push(output.columns) },
  );
  return { input, output, modes, written, keys, resizes, screen };
}

test('the terminal is taken over, and left as it was found', () => {
  const before = process.listenerCount('exit');
  const { screen, written, modes, input, output } = terminal();
  expect(written()).toBe('\u001b[?1049h\u001b[?25l\u001b[2J');
  screen[Symbol.dispose]();
  expect(written()).toBe('\u001b[?25h\u001b[?1049l');
  expect(modes).toEqual([true, false]);
  expect(process.listenerCount('exit')).toBe(before);
  expect([input.listenerCount('keypress'), output.listenerCount('resize')]).toEqual([0, 0]);
  expect(input.isPaused()).toBe(true);
});

test('keys come by their names, also where a sequence comes in pieces', async () => {
  const { input, keys, screen } = terminal();
  input.write('\u001b[');
  input.write('A/x\r\u0003');
  await expect.poll(() => keys.length).toBe(5);
  expect(keys).toMatchObject([
    { name: 'up' },
    { text: '/' },
    { name: 'x', text: 'x' },
    { name: 'return' },
    { name: 'c', ctrl: true },
  ]);
  screen[Symbol.dispose]();
});

test('after a change of its size everything is written again', () => {
  const { screen, output, written, resizes } = terminal();
  const lines = [{ text: 'a', style: 'plain' as const }];
  screen.draw(lines);
  written();
  screen.draw(lines);
  expect(written()).toBe('');
  output.columns = 40;
  output.emit('resize');
  expect(resizes).toEqual([40]);
  expect(screen.columns).toBe(40);
  screen.draw(lines);
  expect(written()).toContain('\u001b[2J');
  screen[Symbol.dispose]();
});
