/**
 * Bundles the scripts of pages into dist/pages/, from the compiled modules: one file a script, with what it imports.
 * three.js is needed here alone. MuJoCo's module is left out: it finds its WebAssembly beside itself.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');

const scripts = [
  'harness/replay/browser/embedded-replay.js',
  'harness/replay/browser/simulated-replay.js',
  'harness/view/browser/comparison.js',
];

for (const script of scripts) {
  await build({
    input: join(dist, script),
    platform: 'browser',
    external: ['@mujoco/mujoco'],
    output: { dir: join(dist, 'pages'), format: 'esm', minify: true, comments: { legal: true } },
  });
}
