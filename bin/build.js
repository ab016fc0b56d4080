/**
 * Builds dist/; with `--if-stale`, unless it is newer than every source. So do npm's `prepare`, and `npm test`, which
 * then need not repeat what `npm ci` did. `npx harness` in a checkout makes npm link the package into its cache and run
 * `prepare` again; that must neither cost a build nor rewrite files that a running comparison has open, nor fail (npm
 * then keeps a broken link), so with a build present it does nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
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
  'names',
  'ablations',
  'playground',
  'bin/build.js',
  'bin/bundle.js',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/** A folder changes when a file comes or goes. */
function newestChange(path) {
  const stats = statSync(path);
  const inside = stats.isDirectory() ? readdirSync(path).map((name) => newestChange(join(path, name))) : [];
  return Math.max(stats.mtimeMs, ...inside);
}

function isFresh() {
  if (process.env.npm_command === 'exec' && existsSync(join(root, 'dist/harness/cli/main.js'))) return true;
  if (!existsSync(stamp)) return false;
  const built = statSync(stamp).mtimeMs;
  return sources.every((source) => newestChange(join(root, source)) < built);
}

if (!process.argv.includes('--if-stale') || !isFresh()) {
  const begun = new Date();
  rmSync(stamp, { force: true });
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  for (const command of [[compiler, '-p', 'tsconfig.build.json'], ['bin/bundle.js']]) {
    const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
    if (status !== 0) process.exit(status ?? 1);
  }
  writeFileSync(stamp, `${begun.toISOString()}\n`);
  utimesSync(stamp, begun, begun); // what changes meanwhile is newer
}
