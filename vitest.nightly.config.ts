import { defineConfig } from 'vitest/config';
import everyTest from './vitest.config.ts';

/** The slow tests: `npx vitest run --config vitest.nightly.config.ts`. */
export default defineConfig({
  test: {
    ...everyTest.test,
    include: ['test/**/*.nightly.test.ts'],
    exclude: ['node_modules/**'],
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
  },
});
