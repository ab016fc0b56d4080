import { defineConfig } from 'vitest/config';
import everyTest from './vitest.config.ts';

const { projects: _, ...common } = everyTest.test ?? {};

/** The slow tests: `npx vitest run --config vitest.nightly.config.ts`. */
export default defineConfig({
  test: {
    ...common,
    include: ['test/**/*.nightly.test.ts'],
    exclude: ['node_modules/**'],
    maxWorkers: 2,
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
  },
});
