import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['sessionmesh-source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    reporters: process.env.CI
      ? ['default', ['json', { outputFile: '.vitest-report.json' }]]
      : ['default'],
    // The end-to-end tests start real Codex processes; more of them at once than this starves small machines.
    maxWorkers: 2,
  },
});
