/** The chart of a machine by its name, drawn as soon as its drawing is there. */
import { useEffect } from 'preact/hooks';
import { drawings, loadDrawings, type Drawings } from '../model/charts.ts';
import { ChartPicture } from './chart.tsx';

/** Which machine, and where it is. */
export interface MachineChartProps {
  readonly name: keyof Drawings;
  readonly state: unknown;
  readonly title: string;
}

export function MachineChart({ name, state, title }: MachineChartProps) {
  useEffect(loadDrawings, []);
  const machine = drawings.value?.[name];
  if (!machine) return <p class="quiet">Drawing the chart …</p>;
  return (
    <div class="chart-scroll" tabIndex={0} role="region" aria-label={`${title}, scrollable`}>
      <ChartPicture drawing={machine.drawing} state={state} title={title} />
    </div>
  );
}
