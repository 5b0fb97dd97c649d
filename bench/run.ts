/**
 * `npm run bench`: how fast and how large SessionMesh is, each figure as a ratio to a floor measured in the
 * same run. `--json` prints the figures for programs; a name prints that benchmark only.
 */
import { runApart } from './apart.ts';
import { benchCalls } from './calls.ts';
import { benchImport } from './import.ts';
import { benchMemory } from './memory.ts';
import { benchDashboard } from './dashboard.ts';
import { benchService } from './service.ts';
import { benchSoak } from './soak.ts';
import type { Figure } from './figure.ts';

const benches: Record<string, () => Figure[] | Promise<Figure[]>> = {
  calls: benchCalls,
  memory: benchMemory,
  import: benchImport,
  service: benchService,
  dashboard: benchDashboard,
  soak: benchSoak,
};

const asJson = process.argv.includes('--json');
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const unknown = wanted.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(
    `no benchmark named ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}`,
  );
  process.exit(2);
}

const measureApart = (name: string) => runApart(import.meta.filename, name, '--json') as Figure[];

const names = Object.keys(benches).filter((name) => wanted.length === 0 || wanted.includes(name));
const figures: Figure[] = [];
for (const name of names) {
  if (!asJson) console.error(`measuring ${name} ...`);
  const own = names.length === 1 ? await benches[name]?.() : measureApart(name);
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
