/** The drawings of the machines, asked for once. */
import { signal } from '@preact/signals';
import type { Chart } from '../../../src/charts/chart.ts';
import type { Drawing } from '../../../src/charts/drawing.ts';
import { get } from '../feed/api.ts';

/** A machine, drawn. */
export interface DrawnMachine {
  readonly chart: Chart;
  readonly drawing: Drawing;
}

/** By the machine's name. */
export type Drawings = Readonly<Record<'session' | 'connection' | 'call' | 'member', DrawnMachine>>;

/** Null until they are there. */
export const drawings = signal<Drawings | null>(null);

let asked: Promise<void> | null = null;

/** Asks for the drawings, if nobody has yet. */
export function loadDrawings(): void {
  asked ??= get<Drawings>('/api/charts').then(
    (body) => void (drawings.value = body),
    () => void (asked = null),
  );
}
