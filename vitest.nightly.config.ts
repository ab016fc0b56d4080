import { defineConfig } from 'vitest/config';

/** The slow tests: `npx vitest run --config vitest.nightly.config.ts`. */
export default defineConfig({
  test: {
    include: ['test/**/*.nightly.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
  },
});
