/** `sessionmesh chart`: a machine's state chart as a picture, with the states of a session lit if asked. */
import { extname } from 'node:path';
import { machines } from '../../machines/index.ts';
import { activeStates, type StateValue } from '../charts/active-states.ts';
import { chartOf, type Chart, type ChartState } from '../charts/chart.ts';
import { layOut } from '../charts/layout/layout.ts';
import { mermaidOf } from '../charts/mermaid.ts';
import type { Theme } from '../charts/svg-style.ts';
import { svgOf } from '../charts/svg.ts';
import { SessionMeshError } from '../errors.ts';
import { pngOf } from './chart-png.ts';
import { chosenState, type ChartStateOptions } from './chart-state.ts';
import { watchInterruption } from './interruption.ts';
import { writeOutput } from './output-file.ts';

/** What is written. */
type ChartFormat = 'svg' | 'png' | 'mermaid' | 'json';

/** What `chart` takes, as the command line gives it. */
export interface ChartOptions extends ChartStateOptions {
  /** Default: what the name of `out` says, else `mermaid`. */
  readonly format?: ChartFormat;
  /** The file that is written; stdout without it. */
  readonly out?: string;
  /** Default: `auto`, the reader's; a PNG is light. */
  readonly theme?: Theme;
}

const formatOfExtension: Readonly<Record<string, ChartFormat>> = {
  '.svg': 'svg',
  '.png': 'png',
  '.json': 'json',
  '.mmd': 'mermaid',
  '.mermaid': 'mermaid',
};

/** What is asked for, else what the file's name says; Mermaid for a name that says nothing. */
function formatOf({ format, out }: ChartOptions): ChartFormat {
  if (format !== undefined) return format;
  const extension = extname(out ?? '').toLowerCase();
  const known = extension === '' ? 'mermaid' : formatOfExtension[extension];
  if (known !== undefined) return known;
  throw new SessionMeshError('option_invalid', {
    expected: `--out to end in ${Object.keys(formatOfExtension).join(', ')}`,
    found: extension,
    fix: 'name the file so, or say what to write with --format',
  });
}

function idsIn({ id, states }: ChartState): string[] {
  return [id, ...states.flatMap(idsIn)];
}

/** The states to light. Throws `option_invalid` for a state that the machine does not have. */
function litStates(chart: Chart, value: StateValue | null): readonly string[] {
  if (value === null) return [];
  const known = new Set(chart.root.states.flatMap(idsIn));
  const lit = activeStates(value);
  const stranger = lit.find((id) => !known.has(id));
  if (stranger === undefined) return lit;
  const expected = `a state of the ${chart.id} machine: ${[...known].join(', ')}`;
  throw new SessionMeshError('option_invalid', { expected, found: stranger });
}

interface Picture {
  readonly chart: Chart;
  readonly format: ChartFormat;
  readonly active: readonly string[];
  readonly theme: Theme;
}

async function draw(picture: Picture, signal: AbortSignal): Promise<string | Buffer> {
  const { chart, format, active, theme } = picture;
  if (format === 'mermaid') return mermaidOf(chart);
  const drawing = await layOut(chart);
  switch (format) {
    case 'json':
      return `${JSON.stringify({ chart, drawing, active }, null, 2)}\n`;
    case 'svg':
      return svgOf(drawing, { active, theme });
    case 'png': {
      const svg = svgOf(drawing, { active, theme: theme === 'auto' ? 'light' : theme });
      return pngOf({ svg, width: drawing.width, height: drawing.height }, process.env, signal);
    }
  }
}

/**
 * Writes the chart.
 * @throws SessionMeshError `option_invalid` for options that do not fit together or a state that is none;
 * for a session, what asking the service or reading the history throws.
 */
export async function runChartCommand(
  name: keyof typeof machines,
  options: ChartOptions,
): Promise<void> {
  const { out, theme = 'auto' } = options;
  const format = formatOf(options);
  if (format === 'png' && out === undefined && process.stdout.isTTY) {
    const fix = 'name a file with --out, or send the output to one';
    throw new SessionMeshError('option_invalid', { expected: 'a place for the picture', fix });
  }
  using interruption = watchInterruption();
  const { signal } = interruption;
  const chart = chartOf(machines[name]);
  const active = litStates(chart, await chosenState(name, options, signal));
  const output = await draw({ chart, format, active, theme }, signal);
  if (out === undefined) process.stdout.write(output);
  else await writeOutput('--out', out, output);
}
