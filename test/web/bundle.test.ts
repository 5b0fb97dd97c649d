/** What the page weighs, and what it is made of. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { buildPage, pageFolder } from './built-page.ts';

const gzipBytesMax = 150 * 1024;

beforeAll(buildPage, 60_000);

const html = () => readFileSync(join(pageFolder, 'index.html'), 'utf8');

test('all of it together stays under 150 KB', () => {
  const assets = readdirSync(join(pageFolder, 'assets'));
  const files = ['index.html', ...assets.map((name) => join('assets', name))];
  expect(files.length).toBeGreaterThanOrEqual(4);
  const sizes = files.map((name) => gzipSync(readFileSync(join(pageFolder, name))).length);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThan(gzipBytesMax);
});

test('names change with content, so that a browser may keep them for ever', () => {
  for (const name of readdirSync(join(pageFolder, 'assets'))) {
    expect(name).toMatch(/^[\w-]+-[\w-]{8}\.(js|css|svg)$/);
  }
});

test('nothing runs inline, and nothing comes from elsewhere', () => {
  expect(html()).not.toMatch(/<script(?![^>]*\ssrc=)/);
  expect(html()).not.toMatch(/<style|\sstyle=|\son\w+=/);
  expect(html()).not.toMatch(/https?:/);
  for (const name of readdirSync(join(pageFolder, 'assets'))) {
    const text = readFileSync(join(pageFolder, 'assets', name), 'utf8');
    // Namespaces are names, not addresses.
    const addresses = text.match(/https?:\/\/(?!www\.w3\.org\/)[\w.]+/g) ?? [];
    expect([name, addresses]).toEqual([name, []]);
  }
});

test('no layout engine, server or Node is in the bundle', () => {
  const [script = ''] = readdirSync(join(pageFolder, 'assets')).filter((name) =>
    name.endsWith('.js'),
  );
  const text = readFileSync(join(pageFolder, 'assets', script), 'utf8');
  expect(text).not.toMatch(/org\.eclipse\.elk|node:|fastify/);
});
