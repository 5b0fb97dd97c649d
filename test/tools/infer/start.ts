/**
 * One start of a program, as a process of its own: prints what its tools are, what a call gives, whether
 * the compiler was loaded, and how long it took. `--without-compiler` runs as if ts-morph were not installed.
 */
import { registerHooks } from 'node:module';

const [file = '', cacheDir = '', mode] = process.argv.slice(2);
const requested: string[] = [];

registerHooks({
  resolve(specifier, context, next) {
    if (!/^(@ts-morph|ts-morph)(\/|$)/.test(specifier)) return next(specifier, context);
    if (mode === '--without-compiler') {
      throw Object.assign(new Error(`Cannot find package '${specifier}'`), {
        code: 'ERR_MODULE_NOT_FOUND',
      });
    }
    if (!specifier.endsWith('/package.json')) requested.push(specifier);
    return next(specifier, context);
  },
});

const { toolsFromModule } = await import('../../../src/tools/infer/index.ts');
const { run } = await import('./call.ts');

try {
  const before = performance.now();
  const tools = await toolsFromModule(file, { cacheDir });
  const tookMs = performance.now() - before;
  const canFind = tools.some(({ name }) => name === 'find');
  const result = canFind ? await run(tools, 'find', { when: '2026-01-31T09:30:00Z' }) : null;
  const schemas = tools.map(({ name, inputSchema }) => ({ name, inputSchema }));
  console.log(JSON.stringify({ schemas, result, requested, tookMs }));
} catch (thrown) {
  console.log(JSON.stringify({ error: thrown, requested }));
}
