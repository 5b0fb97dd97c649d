/** axe-core in a page. It comes in from outside, past the page's own content security policy. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeNode {
  readonly html: string;
  readonly failureSummary?: string;
}

interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly AxeNode[] }[];
}

/** The rules of WCAG 2.2 AA, and what axe-core holds to be good practice. */
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What violates the rules, one line a place. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  // Colours on their way to others are no colours that anybody is meant to read.
  await page.evaluate(`Promise.all(
    document
      .getAnimations()
      .filter(({ effect }) => effect.getComputedTiming().iterations !== Infinity)
      .map(({ finished }) => finished.catch(() => null)),
  )`);
  await page.evaluate(source);
  const results: AxeResults = await page.evaluate(
    (only) => Object(globalThis).axe.run({ runOnly: only }),
    tags,
  );
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = '' }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
  );
}
