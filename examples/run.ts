/** `npm run example NAME`: runs one file of this folder. */
import { readdirSync } from 'node:fs';

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -'.ts'.length));

const [name] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  console.error(`usage: npm run example NAME\n\nNAME is one of:\n  ${names.join('\n  ')}`);
  process.exitCode = 2;
} else {
  await import(`./${name}.ts`);
}
