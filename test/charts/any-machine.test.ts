/** Machines that nobody thought of: nested, parallel and criss-crossed, they are drawn as cleanly. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { chartOf } from '../../src/charts/chart.ts';
import { layOut } from '../../src/charts/layout/layout.ts';
import { crosses, isInside, overlap } from './geometry.ts';

interface Config {
  type?: 'parallel';
  initial?: string;
  on?: Record<string, { target: string; guard?: string }>;
  states?: Record<string, Config>;
}

/** A machine made of choices; where they run out, the first choice is made. */
function machineOf(choices: readonly number[]) {
  let next = 0;
  const choose = (count: number) => (choices[next++] ?? 0) % count;
  const all: [id: string, state: Config][] = [];
  const grow = (path: string, depth: number): Config => {
    const states: Record<string, Config> = {};
    const count = 1 + choose(4);
    for (let index = 0; index < count; index += 1) {
      const name = choose(5) === 1 ? `s${index} with a long name` : `s${index}`;
      const id = `${path}.${name}`;
      const state = depth < 2 && choose(3) === 1 ? grow(id, depth + 1) : {};
      states[name] = state;
      all.push([id, state]);
    }
    return depth > 0 && choose(4) === 1
      ? { type: 'parallel', states }
      : { initial: Object.keys(states)[0]!, states };
  };
  const config = grow('#m', 0);
  for (const [, state] of all) {
    const events = Array.from({ length: choose(3) }, () => {
      const [target] = all[choose(all.length)]!;
      const guard = choose(2) === 1 ? { guard: 'isSomething' } : {};
      return [`event.${choose(20)}`, { target, ...guard }];
    });
    state.on = Object.fromEntries(events);
  }
  return createMachine({ id: 'm', ...config } as never);
}

test('no label, name or state is run over in any machine', async () => {
  const tape = fc.array(fc.nat(1_000), { minLength: 20, maxLength: 150 });
  await fc.assert(
    fc.asyncProperty(tape, async (choices) => {
      const chart = chartOf(machineOf(choices));
      const { states, arrows } = await layOut(chart);
      const shown = [...states.map(({ inner }) => inner), ...arrows.map(({ lines }) => lines)];
      expect(shown.flat()).toHaveLength(chart.transitions.length);
      for (const state of states) expect(isInside(state.nameBox, state)).toBe(true);
      const labels = arrows.map(({ label }) => label);
      const atomic = states.filter(({ kind }) => kind === 'atomic');
      for (const { points, label } of arrows) {
        const others = labels.filter((other) => other !== label);
        for (const box of [...others, ...atomic]) {
          expect(overlap(label, box)).toBe(false);
          expect(crosses(points, box)).toBe(false);
        }
        for (const { nameBox } of states) expect(crosses(points, nameBox)).toBe(false);
      }
    }),
    // Always the same machines: what fails must not depend on luck.
    { numRuns: 60, seed: 7, endOnFailure: true },
  );
}, 60_000);
