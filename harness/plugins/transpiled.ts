/**
 * Users' files as JavaScript, kept from process to process: each run loads them in a process of its own, and loading
 * and running Babel takes longer than everything else of it. What cannot be kept is transpiled again.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { JitiOptions } from 'jiti';
import { removeIfPossible, sha256 } from '../files/durable.ts';
import { userFolder } from '../files/user-folder.ts';

type Transform = NonNullable<JitiOptions['transform']>;

/** Files kept at most; the oldest go. */
const MOST_KEPT = 200;

const require = createRequire(import.meta.url);
const { version } = require('jiti/package.json') as { version: string };
let babel: Transform | undefined;

/** jiti's own, which it has no name for outside. */
function transpile(options: Parameters<Transform>[0]): ReturnType<Transform> {
  babel ??= createRequire(require.resolve('jiti'))('../dist/babel.cjs') as Transform;
  return babel(options);
}

/** A transform for jiti. */
export const keptTransform: Transform = (options) => {
  const folder = userFolder('cache', 'transpiled');
  const path = join(folder, sha256(JSON.stringify([version, options])));
  const kept = read(path);
  if (kept !== undefined) return { code: kept };
  const result = transpile(options);
  if (result.error === undefined) keep(folder, path, result.code);
  return result;
};

/** The code, if it is there as it was written. */
function read(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    const end = text.indexOf('\n');
    const code = text.slice(end + 1);
    return text.slice(0, end) === sha256(code) ? code : undefined;
  } catch {
    return undefined;
  }
}

function keep(folder: string, path: string, code: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(temporary, `${sha256(code)}\n${code}`);
    renameSync(temporary, path);
    const names = readdirSync(folder);
    if (names.length <= MOST_KEPT) return;
    const byAge = names
      .map((name) => ({ name, time: statSync(join(folder, name)).mtimeMs }))
      .sort((a, b) => b.time - a.time);
    for (const { name } of byAge.slice(MOST_KEPT)) removeIfPossible(join(folder, name));
  } catch {
    removeIfPossible(temporary); // a full disk, or a home that cannot be written
  }
}
