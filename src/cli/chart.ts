/** `sessionmesh chart`: prints the chart of a machine. */
import { machines } from '../../machines/index.ts';
import { chartOf } from '../charts/chart.ts';
import { mermaidOf } from '../charts/mermaid.ts';

export interface ChartOptions {
  readonly format: 'mermaid' | 'json';
}

export function runChartCommand(name: keyof typeof machines, { format }: ChartOptions): void {
  const chart = chartOf(machines[name]);
  process.stdout.write(
    format === 'json' ? `${JSON.stringify(chart, null, 2)}\n` : mermaidOf(chart),
  );
}
