/** Documents say what is true: they are compared with the code they speak of. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { machines } from '../../machines/index.ts';
import { chartOf } from '../../src/charts/chart.ts';
import { layOut } from '../../src/charts/layout/layout.ts';
import { svgOf } from '../../src/charts/svg.ts';
import { errorTable } from '../../src/errors.ts';
import { invariants } from '../../src/soak/check/verdict.ts';
import { faultKinds } from '../../src/soak/fault.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

test('the picture in the README shows the session machine as it is', async () => {
  expect(read('README.md')).toContain('](docs/images/session-chart.svg)');
  const svg = svgOf(await layOut(chartOf(machines.session)));
  await expect(svg).toMatchFileSnapshot(join(root, 'docs/images/session-chart.svg'));
});

test('docs/errors.md lists the table of errors', async () => {
  const rows = Object.entries(errorTable).map(
    ([code, { summary, retryable, fix }]) =>
      `| \`${code}\` | ${summary} | ${retryable ? 'yes' : 'no'} | ${fix} |`,
  );
  const text = [
    '# Errors',
    '',
    'Every error that leaves SessionMesh is a `SessionMeshError` with a stable `code`. `retryable` says whether',
    'the same call may succeed later without any change. The message says what was expected, what was found,',
    'which session and call, and what to do; `cause` holds the error underneath.',
    '',
    '| code | meaning | retryable | what to do |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
  await expect(text).toMatchFileSnapshot(join(root, 'docs/errors.md'));
});

test('docs/soak.md lists the rules and the faults there are', () => {
  const text = read('docs/soak.md');
  const rules = Object.entries(invariants).map(([name, title]) => `| ${name} | ${title} |`);
  const numbers = { probability: '0.05', period: '30s', duration: '2s' };
  const faults = faultKinds.map(({ name, parameter, tiers, description }) => {
    const where = tiers.length === 2 ? 'both' : tiers.join();
    return `| \`${name}=${numbers[parameter]}\` | ${where} | ${description} |`;
  });
  for (const row of [...rules, ...faults]) expect(text).toContain(`\n${row}\n`);
  expect(text.match(/^\| `\S+=\S+` \|/gm)).toHaveLength(faults.length);
});

test('every relative link in the documents leads somewhere', () => {
  const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];
  const broken = documents.flatMap((document) =>
    [...read(document).matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
      .map((match) => match[1]!)
      .filter((target) => !existsSync(join(root, target)))
      .map((target) => `${document}: ${target}`),
  );
  expect(broken).toEqual([]);
});
