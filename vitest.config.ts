import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['sessionmesh-source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    // Only where no browser can be had at all, and whoever says so is told what is left out by it.
    exclude: process.env.SESSIONMESH_WITHOUT_BROWSER ? ['test/web/!(bundle).test.ts'] : [],
    testTimeout: 20_000,
    reporters: process.env.CI
      ? ['default', ['json', { outputFile: '.vitest-report.json' }]]
      : ['default'],
    // The end-to-end tests start real Codex processes; more of them at once than this starves small machines.
    maxWorkers: 2,
  },
});
