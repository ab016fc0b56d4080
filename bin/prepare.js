/**
 * npm's `prepare`: builds dist/ unless it is newer than every source. `npx harness` in a checkout makes npm link
 * the package into its cache and run `prepare` again; that must neither cost a build nor rewrite files that a
 * running comparison has open, nor fail (npm then keeps a broken link), so with a build present it does nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'dist', '.built');
const sources = [
  'index.ts',
  'envs',
  'engine',
  'agents',
  'harness',
  'math',
  'ablations',
  'playground',
  'bin/bundle.js',
  'tsconfig.json',
  'tsconfig.build.json',
];

function newestChange(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newestChange(join(path, name))));
}

function isFresh() {
  if (process.env.npm_command === 'exec' && existsSync(join(root, 'dist/harness/cli/main.js'))) return true;
  if (!existsSync(stamp)) return false;
  const built = statSync(stamp).mtimeMs;
  return sources.every((source) => newestChange(join(root, source)) < built);
}

if (!isFresh()) {
  const begun = new Date();
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  for (const command of [[compiler, '-p', 'tsconfig.build.json'], ['bin/bundle.js']]) {
    const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
    if (status !== 0) process.exit(status ?? 1);
  }
  writeFileSync(stamp, `${begun.toISOString()}\n`);
}
