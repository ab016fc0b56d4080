import { defineConfig } from 'vitest/config';

/** The slow tests: `npx vitest run --config vitest.nightly.config.ts`. */
export default defineConfig({
  test: {
    include: ['test/**/*.nightly.test.ts'],
    env: { RFM_HARNESS_BUILT_PROCESSES: '1', NO_COLOR: '1' },
    setupFiles: ['test/webassembly.ts', 'test/state-folder.ts'],
    // What is built is imported as it is.
    server: { deps: { external: [/^(?!.*node_modules).*\/dist\//] } },
    pool: 'forks',
    // Node 20 has the WebSocket that drives Firefox only so.
    execArgv: globalThis.WebSocket === undefined ? ['--experimental-websocket'] : [],
    maxWorkers: 2,
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
  },
});
