import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/*.nightly.test.ts', 'node_modules/**'],
    // `npm test` builds first: the processes that tests start need not read the source again.
    env: { RFM_HARNESS_BUILT_PROCESSES: '1', NO_COLOR: '1' },
    setupFiles: ['test/webassembly.ts', 'test/state-folder.ts'],
    // What is built is imported as it is.
    server: { deps: { external: [/^(?!.*node_modules).*\/dist\//] } },
    pool: 'forks',
    // Node 20 has the WebSocket that drives Firefox only so.
    execArgv: globalThis.WebSocket === undefined ? ['--experimental-websocket'] : [],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
