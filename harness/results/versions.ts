/** What two machines must have alike for their rows to be of one comparison. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../files/durable.ts';
import { packageFolder, versions } from './manifest.ts';

/** Versions of the packages, and a checksum of the harness, agents, tasks and models that this process runs. */
export function ownVersions(): Record<string, string> {
  return { ...versions(), code: codeChecksum() };
}

/** The first difference, as a sentence; undefined if there is none. */
export function versionDifference(
  wanted: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): string | undefined {
  for (const name of new Set([...Object.keys(wanted), ...Object.keys(own)])) {
    if (wanted[name] === own[name]) continue;
    if (name === 'code') return 'the code of rfm-harness is another (another commit, or changed files)';
    return `${name} is ${own[name] ?? 'missing'} here and ${wanted[name] ?? 'missing'} there`;
  }
  return undefined;
}

function codeChecksum(): string {
  const built = import.meta.url.endsWith('.js');
  const code = fileURLToPath(new URL('../..', import.meta.url));
  const isCode = (file: string) => (built ? /\.js$/ : /(?<!\.d)\.ts$/).test(file);
  const folders = ['agents', 'chunks', 'engine', 'envs', 'harness', 'math', 'names'].map((name) =>
    join(code, name),
  );
  const models = join(packageFolder(), 'assets');
  const parts = [
    ...folders.filter((folder) => existsSync(folder)).flatMap((folder) => filesBelow(folder).filter(isCode)),
    ...filesBelow(models).filter((file) => file.endsWith('.xml')),
  ].flatMap((file) => [
    relative(code, file)
      .split(sep)
      .join('/')
      .replace(/^\.\.\//, ''),
    readFileSync(file),
  ]);
  return sha256(...parts);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .sort();
}
