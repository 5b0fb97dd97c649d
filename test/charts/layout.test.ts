/** Every machine is drawn whole, and nothing in a drawing stands on something else. */
import { expect, test } from 'vitest';
import { createMachine, type AnyStateMachine, type AnyStateNode } from 'xstate';
import { machines } from '../../machines/index.ts';
import { chartOf } from '../../src/charts/chart.ts';
import type { Box, Drawing, DrawnState } from '../../src/charts/drawing.ts';
import { layOut } from '../../src/charts/layout/layout.ts';
import { crosses, isInside, isOnBorder, overlap } from './geometry.ts';

/** What the product's machines lack: three levels, transitions up, across, from and to everything. */
const everything = createMachine({
  id: 'everything',
  initial: 'first',
  on: { reset: '.first', 'root.noted': { actions: 'note' } },
  states: {
    first: {
      always: { target: 'outer', guard: 'isReady' },
      on: { next: 'outer.middle.inner', again: 'first', stay: { actions: ['one', 'two'] } },
    },
    outer: {
      initial: 'middle',
      on: { back: 'first' },
      after: { 5000: 'sides', patience: { target: 'ended', guard: 'isLate' } },
      states: {
        middle: {
          initial: 'inner',
          states: {
            inner: { on: { up: '#everything.outer.other', out: '#everything.ended' } },
            twin: { on: { swap: 'inner' } },
          },
          on: { swap: '.twin' },
        },
        other: { on: { deep: 'middle.twin' } },
      },
    },
    sides: {
      type: 'parallel',
      on: { merge: 'ended' },
      states: {
        left: {
          initial: 'a',
          states: { a: { on: { go: 'b' } }, b: { on: { leave: '#everything.first' } } },
        },
        middle: { initial: 'a', states: { a: {} } },
        right: { initial: 'a', states: { a: { on: { go: 'b' } }, b: { type: 'final' } } },
      },
    },
    'ended with "quotes" & <signs>': {},
    ended: { type: 'final' },
  },
});

const drawn: [string, AnyStateMachine][] = [
  ...Object.entries<AnyStateMachine>(machines),
  ['everything', everything],
];

const drawings = new Map<string, Drawing>();
async function drawingOf(name: string, machine: AnyStateMachine): Promise<Drawing> {
  const known = drawings.get(name) ?? (await layOut(chartOf(machine)));
  drawings.set(name, known);
  return known;
}

const idOf = (node: AnyStateNode) => (node.path.length === 0 ? node.key : node.path.join('.'));

function nodesOf(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values<AnyStateNode>(node.states).flatMap(nodesOf)];
}

/** All transitions of a machine as lines of text, read from XState and not from the chart. */
function transitionsOf(machine: AnyStateMachine): string[] {
  return nodesOf(machine.root).flatMap((node) =>
    [...node.transitions.values(), node.always ?? []].flat().map((transition) => {
      const guard = transition.guard as string | { type: string } | undefined;
      const guardName = typeof guard === 'object' ? guard.type : (guard ?? '');
      const target = transition.target?.[0];
      const event = transition.eventType.replace(/^xstate\.after\.([^.]+)\..*/, 'after $1');
      return [idOf(node), event, guardName, target ? idOf(target) : ''].join(' | ');
    }),
  );
}

function linesOf({ states, arrows }: Drawing) {
  return [...states.flatMap(({ inner }) => inner), ...arrows.flatMap(({ lines }) => lines)];
}

const byId = ({ states }: Drawing) => new Map(states.map((state) => [state.id, state]));

function pairs<Value>(values: readonly Value[]): [Value, Value][] {
  return values.flatMap((a, index) => values.slice(index + 1).map((b): [Value, Value] => [a, b]));
}

test.each(drawn)(
  '%s: every state is drawn once, of its kind and in its parent',
  async (name, machine) => {
    const { states } = await drawingOf(name, machine);
    const shown = states.map(({ id, name, kind, parent }) => ({ id, name, kind, parent }));
    const expected = nodesOf(machine.root).map((node) => ({
      id: idOf(node),
      name: node.key,
      kind: node.type,
      parent: node.parent ? idOf(node.parent) : null,
    }));
    expect(shown).toEqual(expected);
    for (const { id, region, parent } of states) {
      expect(region, id).toBe(states.find((state) => state.id === parent)?.kind === 'parallel');
    }
  },
);

test.each(drawn)(
  '%s: every transition is drawn once, with event and guard',
  async (name, machine) => {
    const drawing = await drawingOf(name, machine);
    const lines = linesOf(drawing);
    const shown = lines.map(({ transition: { from, event, guard, to } }) =>
      [from, event, guard ?? '', to ?? ''].join(' | '),
    );
    expect(shown.toSorted()).toEqual(transitionsOf(machine).toSorted());
    expect(new Set(lines.map(({ index }) => index)).size).toBe(lines.length);
    const { transitions } = chartOf(machine);
    for (const { index, transition } of lines) expect(transition).toEqual(transitions[index]);
    for (const { from, to, lines: own } of drawing.arrows) {
      for (const { transition } of own) expect(transition).toMatchObject({ from, to });
    }
  },
);

test.each(drawn)(
  '%s: every compound state has a dot that leads to its first state',
  async (name, machine) => {
    const { starts } = await drawingOf(name, machine);
    const shown = starts.map((start) => [start.in, start.to]);
    const expected = nodesOf(machine.root)
      .filter(({ type }) => type === 'compound')
      .map((node) => [idOf(node), idOf(node.initial.target[0]!)]);
    expect(shown).toEqual(expected);
  },
);

test.each(drawn)('%s: everything is inside of what it belongs to', async (name, machine) => {
  const drawing = await drawingOf(name, machine);
  const picture: Box = { x: 0, y: 0, width: drawing.width, height: drawing.height };
  const states = byId(drawing);
  for (const state of drawing.states) {
    const around = state.parent === null ? picture : states.get(state.parent)!;
    expect(isInside(state, around), `${state.id} in its parent`).toBe(true);
    expect(isInside(state.nameBox, state), `name of ${state.id}`).toBe(true);
    for (const { box } of state.inner) expect(isInside(box, state), state.id).toBe(true);
  }
  for (const { label, lines, points, from, to } of drawing.arrows) {
    expect(isInside(label, picture)).toBe(true);
    for (const { box } of lines) expect(isInside(box, label), `${from} > ${to}`).toBe(true);
    for (const { x, y } of points) {
      expect(isInside({ x, y, width: 0, height: 0 }, picture), `${from} > ${to}`).toBe(true);
    }
  }
  for (const start of drawing.starts) expect(isInside(start.dot, states.get(start.in)!)).toBe(true);
});

test.each(drawn)('%s: states side by side do not overlap', async (name, machine) => {
  const { states, starts } = await drawingOf(name, machine);
  const groups = Map.groupBy(states, ({ parent }) => parent);
  for (const siblings of groups.values()) {
    for (const [a, b] of pairs(siblings)) expect(overlap(a, b), `${a.id}, ${b.id}`).toBe(false);
  }
  for (const { in: id, dot } of starts) {
    for (const state of groups.get(id) ?? []) expect(overlap(dot, state)).toBe(false);
  }
});

test.each(drawn)('%s: no text stands on another or on a state', async (name, machine) => {
  const { states, arrows, starts } = await drawingOf(name, machine);
  const texts = [
    ...states.flatMap(({ nameBox, inner }) => [nameBox, ...inner.map(({ box }) => box)]),
    ...arrows.map(({ label }) => label),
  ];
  for (const [a, b] of pairs(texts)) expect(overlap(a, b), JSON.stringify([a, b])).toBe(false);
  const leaves = states.filter(({ kind }) => kind === 'atomic' || kind === 'final');
  for (const { label } of arrows) {
    for (const leaf of leaves) expect(overlap(label, leaf), leaf.id).toBe(false);
    for (const { dot } of starts) expect(overlap(label, dot)).toBe(false);
  }
});

test.each(drawn)(
  '%s: arrows are straight, meet their states and cross no text',
  async (name, machine) => {
    const drawing = await drawingOf(name, machine);
    const states = byId(drawing);
    const leaves = drawing.states.filter(({ kind }) => kind === 'atomic' || kind === 'final');
    const labels = drawing.arrows.map(({ label }) => label);
    for (const { from, to, points, label } of drawing.arrows) {
      const arrow = `${from} > ${to}`;
      const [first, last] = [points[0]!, points.at(-1)!];
      expect(isOnBorder(first, states.get(from)!), `${arrow} begins at its state`).toBe(true);
      expect(isOnBorder(last, states.get(to)!), `${arrow} ends at its state`).toBe(true);
      expect(crosses(points, label), `${arrow} runs through its own label`).toBe(true);
      for (const [index, { x, y }] of points.slice(1).entries()) {
        expect(x === points[index]!.x || y === points[index]!.y, arrow).toBe(true);
      }
      const inTheWay = [...labels.filter((other) => other !== label), ...leaves];
      for (const box of inTheWay) expect(crosses(points, box), arrow).toBe(false);
      for (const { id, nameBox, inner } of drawing.states) {
        for (const { box } of inner) expect(crosses(points, box), `${arrow} in ${id}`).toBe(false);
        expect(crosses(points, nameBox), `${arrow} through the name of ${id}`).toBe(false);
      }
    }
  },
);

test('regions stand side by side, in the machine’s order and equally tall', async () => {
  const { states } = await drawingOf('session', machines.session);
  const regions = states.filter(({ region }) => region);
  expect(regions.map(({ name }) => name)).toEqual(['link', 'dispatch', 'turn']);
  const [first] = regions as [DrawnState];
  for (const { y, height } of regions) expect([y, height]).toEqual([first.y, first.height]);
  expect(regions.map(({ x }) => x)).toEqual(regions.map(({ x }) => x).toSorted((a, b) => a - b));
});

test('the first state stands above the others', async () => {
  for (const [name, machine] of Object.entries<AnyStateMachine>(machines)) {
    const drawing = await drawingOf(name, machine);
    const states = byId(drawing);
    const start = drawing.starts.find(({ in: id }) => id === drawing.states[0]!.id)!;
    const first = states.get(start.to)!;
    for (const { parent, y } of drawing.states) {
      if (parent === first.parent) expect(y).toBeGreaterThanOrEqual(first.y);
    }
  }
});

test('a drawing is the same every time, and is made of whole numbers', async () => {
  for (const [name, machine] of drawn) {
    const drawing = await drawingOf(name, machine);
    expect(await layOut(chartOf(machine))).toEqual(drawing);
    const numbers = JSON.stringify(drawing).match(/"(?:x|y|width|height)":[^,}]+/g)!;
    expect(numbers.filter((text) => /[.e-]\d/.test(text))).toEqual([]);
  }
});
