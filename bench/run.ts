/**
 * `npm run bench`: how fast and how large SessionMesh is, each figure as a ratio to a floor measured in the
 * same run. `--help` says what there is.
 */
import { parseArgs } from 'node:util';
import { runApart } from './apart.ts';
import { benchCalls } from './calls.ts';
import { benchImport } from './import.ts';
import { benchMemory } from './memory.ts';
import { benchDashboard } from './dashboard.ts';
import { benchService } from './service.ts';
import { benchSoak } from './soak.ts';
import type { Figure } from './figure.ts';

const benches: Record<string, { what: string; measure: () => Figure[] | Promise<Figure[]> }> = {
  calls: { what: 'a tool call, by load, against a bare loop', measure: benchCalls },
  memory: { what: 'heap of an idle session', measure: benchMemory },
  import: { what: 'loading the package', measure: benchImport },
  service: { what: 'calls through the control service', measure: benchService },
  dashboard: { what: 'the dashboard in a browser', measure: benchDashboard },
  soak: { what: 'the simulator', measure: benchSoak },
};

const help = `Usage: npm run bench -- [--json] [name ...]

Measures how fast and how large SessionMesh is, and prints each figure beside its floor and its target.
Everything takes some ten minutes; a machine that does something else meanwhile spoils the figures.

${Object.entries(benches)
  .map(([name, { what }]) => `  ${name.padEnd(10)} ${what}`)
  .join('\n')}

  --json     the figures for programs
  --help     this text`;

function refuse(problem: string): never {
  console.error(`${problem}; see npm run bench -- --help`);
  process.exit(2);
}

function readCommand() {
  try {
    const options = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
    return parseArgs({ options, allowPositionals: true });
  } catch (thrown) {
    return refuse(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

const { values, positionals: wanted } = readCommand();
if (values.help) {
  console.log(help);
  process.exit();
}
const unknown = wanted.filter((name) => !(name in benches));
if (unknown.length > 0) refuse(`no benchmark named ${unknown.join(', ')}`);
const asJson = values.json ?? false;

const measureApart = (name: string) => runApart(import.meta.filename, name, '--json') as Figure[];

const names = Object.keys(benches).filter((name) => wanted.length === 0 || wanted.includes(name));
const figures: Figure[] = [];
for (const name of names) {
  if (!asJson) console.error(`measuring ${name} ...`);
  const own = names.length === 1 ? await benches[name]?.measure() : measureApart(name);
  figures.push(...(own ?? []));
}

if (asJson) console.log(JSON.stringify(figures, null, 2));
else {
  const rows = figures.map(({ name, value, unit, floor, target, isReached }) => [
    name,
    `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`,
    floor ?? '',
    target,
    isReached === undefined ? '' : isReached ? 'yes' : 'no',
  ]);
  const header = ['figure', 'measured', 'floor', 'target', 'reached'];
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => row[column]!.length)),
  );
  for (const row of [header, ...rows]) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
  }
}
