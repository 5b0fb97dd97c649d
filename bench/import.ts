/** From `import` to a ready module, in a fresh process each time, against an empty module. */
import { execFileSync } from 'node:child_process';
import { median, type Figure } from './figure.ts';

const rounds = 9;

function importMs(specifier: string): number {
  const script = `
    const startedMs = performance.now();
    await import(${JSON.stringify(specifier)});
    console.log(performance.now() - startedMs);`;
  const args = ['--input-type=module', '-e', script];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

export function benchImport(): Promise<Figure[]> {
  const floor = median(Array.from({ length: rounds }, () => importMs('data:text/javascript,')));
  const figures = ['sessionmesh', 'sessionmesh/tools', 'sessionmesh/testing'].map((specifier) => ({
    name: `import of ${specifier}`,
    value: median(Array.from({ length: rounds }, () => importMs(specifier))),
    unit: 'ms',
    floor: `empty module ${floor.toFixed(1)} ms`,
    target: '',
  }));
  return Promise.resolve(figures);
}
