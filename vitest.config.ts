import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Each has a process of its own: it measures that, or loads modules twice. */
const alone = [
  'test/engine/codegen/x86/second-engine.test.ts',
  'test/engine/long-runs.test.ts',
  'test/harness/bench/update.test.ts',
  'test/harness/process/memory.test.ts',
  'test/envs/room.test.ts',
  'test/backend-records.test.ts',
  'test/engine/codegen/elements.test.ts',
];
/** They start processes, and load the package as built: its kernels and the source's replace each other. */
const built = [
  'test/docs/cookbook.test.ts',
  'test/e2e/**/*.test.ts',
  'test/library/**/*.test.ts',
  'test/harness/cli/wrong-input.test.ts',
  'test/examples/environment.test.ts',
  'test/harness/comparison/verify.test.ts',
  'test/harness/plugins/trust.test.ts',
];
/** Those of them that take longest. */
const longest = ['playground', 'queue', 'check-apart', 'plugin-loading', 'cookbook'];
/** ONNX Runtime, once opened, rounds denormal numbers to zero in the process that it is in. */
const withOnnx = [
  'test/engine/**/*.test.ts',
  'test/agents/networks.test.ts',
  'test/agents/reference-program/**/*.test.ts',
];
const nightly = ['test/**/*.nightly.test.ts', 'node_modules/**'];

/** What waits for processes and browsers begins first; then the files that share a process, so that it stays. */
class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project, moduleId }: TestSpecification) => {
      const isLong = longest.some((name) => moduleId.endsWith(`/${name}.test.ts`));
      return isLong ? -1 : projects.findIndex(({ name }) => name === project.name);
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

/** Files of a project share what their process has loaded, which takes longer than most of their tests. */
const projects = [
  { name: 'built', include: built, exclude: nightly, isolate: false },
  { name: 'alone', include: alone, exclude: nightly },
  { name: 'with-onnx', include: withOnnx, exclude: [...alone, ...nightly], isolate: false },
  {
    name: 'source',
    include: ['test/**/*.test.ts'],
    exclude: [...alone, ...built, ...withOnnx, ...nightly],
    setupFiles: ['test/denormals.ts'],
    isolate: false,
  },
];

export default defineConfig({
  test: {
    // `npm test` builds what is older: the processes that tests start need not read the source again.
    env: { RFM_HARNESS_BUILT_PROCESSES: '1', NO_COLOR: '1' },
    globalSetup: 'test/temporary-folder.ts',
    setupFiles: ['test/webassembly.ts', 'test/state-folder.ts'],
    // What is built is imported as it is.
    server: { deps: { external: [/^(?!.*node_modules).*\/dist\//] } },
    pool: 'forks',
    // Node 20 has the WebSocket that drives Firefox only so.
    execArgv: globalThis.WebSocket === undefined ? ['--experimental-websocket'] : [],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    // One more than cores: some wait.
    maxWorkers: 3,
    sequence: { sequencer: WaitingFirst },
    projects: projects.map((test) => ({ extends: true as const, test })),
  },
});
