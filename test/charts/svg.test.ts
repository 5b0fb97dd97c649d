/** What an SVG of a chart shows, and that it is well formed whatever states are called. */
import { expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { machines } from '../../machines/index.ts';
import { activeStates } from '../../src/charts/active-states.ts';
import { chartOf } from '../../src/charts/chart.ts';
import { layOut } from '../../src/charts/layout/layout.ts';
import { svgOf } from '../../src/charts/svg.ts';

const all = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, found]) => found!);

/** The ids of the states whose element has the class. */
function statesWith(svg: string, className: string): string[] {
  const states = [...svg.matchAll(/<g class="(state[^"]*)" data-state="([^"]+)"/g)];
  return states.flatMap(([, classes, id]) =>
    classes!.split(' ').includes(className) ? [id!] : [],
  );
}

/** Throws for tags that do not nest, attributes without quotes and signs that are not escaped. */
function checkWellFormed(xml: string): void {
  const tag = /<(\/?)([a-z]+)(?: [a-zA-Z:-]+="[^"<]*")*(\/?)>/g;
  const open: string[] = [];
  for (const [, closes, name, isEmpty] of xml.matchAll(tag)) {
    if (closes) expect(open.pop()).toBe(name);
    else if (!isEmpty) open.push(name!);
  }
  expect(open).toEqual([]);
  const rest = xml.replaceAll(tag, '');
  // A style sheet may hold `>` as it is.
  expect(rest).not.toMatch(/<|&(?!amp;|lt;|gt;|quot;)/);
}

test.each(Object.keys(machines) as (keyof typeof machines)[])(
  '%s: each state, transition and start stands in the picture once',
  async (name) => {
    const chart = chartOf(machines[name]);
    const drawing = await layOut(chart);
    const svg = svgOf(drawing);
    checkWellFormed(svg);
    expect(all(svg, /data-state="([^"]+)"/g)).toEqual(drawing.states.map(({ id }) => id));
    const indices = all(svg, /data-transition="(\d+)"/g).map(Number);
    expect(indices.toSorted((a, b) => a - b)).toEqual(chart.transitions.map((_, index) => index));
    expect(all(svg, /<g class="(start)"/g)).toHaveLength(drawing.starts.length);
    expect(svg).toBe(svgOf(await layOut(chart)));
  },
);

test('a transition is written with its event, its guard and the sign of a deadline', async () => {
  const svg = svgOf(await layOut(chartOf(machines.session)));
  expect(svg).toContain(
    '<tspan class="event">link.lost</tspan><tspan class="guard"> [pollsWhileLost]</tspan>',
  );
  expect(svg).toContain('<tspan class="action"> / addTool</tspan>');
  const deadlines = all(
    svg,
    /<g class="transition deadline"[^>]*>.*?<tspan class="event">([^<]+)/g,
  );
  expect(deadlines.toSorted()).toEqual([
    'after closeGrace',
    'after openTimeout',
    'after releaseTimeout',
  ]);
});

test('an arrow from a state to one inside it begins with a dot', async () => {
  const inner = createMachine({
    id: 'm',
    initial: 'a',
    on: { reset: '.a' },
    states: {
      a: { on: { next: 'b' } },
      b: { initial: 'c', on: { redo: '.c' }, states: { c: {} } },
    },
  });
  const svg = svgOf(await layOut(chartOf(inner)));
  const dotted = all(svg, /data-from="([^"]+)" data-to="[^"]+"><circle class="dot"/g);
  expect(dotted).toEqual(['m', 'b']);
});

test('the active states are lit, and said to those who cannot see', async () => {
  const drawing = await layOut(chartOf(machines.session));
  const active = activeStates({ running: { link: 'online', dispatch: 'signal', turn: 'active' } });
  expect(active).toEqual([
    'running',
    'running.link',
    'running.link.online',
    'running.dispatch',
    'running.dispatch.signal',
    'running.turn',
    'running.turn.active',
  ]);
  const svg = svgOf(drawing, { active });
  expect(statesWith(svg, 'active').toSorted()).toEqual(active.toSorted());
  expect(svg).toContain('<title id="chart-session-title">State chart of session</title>');
  expect(svg).toContain('Active: running, running.link,');
  expect(svg).toContain('aria-labelledby="chart-session-title chart-session-desc"');
  expect(statesWith(svgOf(drawing), 'active')).toEqual([]);
});

test('a path with dots is a state value too', () => {
  expect(activeStates('waiting.retry')).toEqual(['waiting', 'waiting.retry']);
});

test('the colours follow the reader, or one theme', async () => {
  const drawing = await layOut(chartOf(machines.call));
  expect(svgOf(drawing)).toContain('@media (prefers-color-scheme: dark)');
  for (const theme of ['light', 'dark'] as const) {
    const svg = svgOf(drawing, { theme });
    expect(svg).not.toContain('prefers-color-scheme');
    expect(svg).toContain(`--chart-ground: ${theme === 'dark' ? '#12161c' : '#ffffff'}`);
  }
});

test('names cannot break out of the picture', async () => {
  const hostile = '</text><script>alert("1")</script>&amp;';
  const machine = createMachine({
    id: hostile,
    initial: 'a',
    states: { a: { on: { [hostile]: { target: hostile, guard: hostile } } }, [hostile]: {} },
  });
  const svg = svgOf(await layOut(chartOf(machine)), { active: [hostile] });
  checkWellFormed(svg);
  expect(svg).not.toContain('<script');
});
