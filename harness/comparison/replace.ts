/** What --force replaces: the files of a comparison, and nothing that somebody else put among them. */
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeDiskError } from '../files/durable.ts';
import { tableColumns } from '../results/tables.ts';

/** Removed last, so that what is left of a removal that is cut short is still a comparison. */
const MANIFEST = 'manifest.json';

const files = new Set([
  ...['evaluations.csv', 'training.csv', 'report.html', MANIFEST],
  ...Object.keys(tableColumns).map((table) => `${table}.csv`),
]);
const folders = new Set(['runs', 'tensorboard', 'rollouts']);

/** Whether the harness writes an entry of this name into a comparison's folder. */
function isOwn(name: string, isFolder: boolean, folder: string): boolean {
  if (!isFolder) return files.has(name) || /\.\d+\.tmp$/.test(name);
  return folders.has(name) || (/^against-/.test(name) && !isComparison(join(folder, name)));
}

/** Removes what the harness wrote into a comparison's folder. @returns the names of what stays, but for locks */
export function removeComparison(folder: string): string[] {
  try {
    removePlots(join(folder, 'plots'));
    const entries = readdirSync(folder, { withFileTypes: true }).filter(
      ({ name }) => !name.startsWith('.lock'),
    );
    const own = entries.filter((entry) => isOwn(entry.name, entry.isDirectory(), folder));
    own.sort((a, b) => Number(a.name === MANIFEST) - Number(b.name === MANIFEST));
    for (const { name } of own) rmSync(join(folder, name), { recursive: true, force: true });
    return entries.filter((entry) => !own.includes(entry)).map(({ name }) => name);
  } catch (error) {
    throw describeDiskError(error, folder);
  }
}

/** Pictures beside those of the report stay. */
function removePlots(folder: string): void {
  if (!existsSync(folder)) return;
  const names = readdirSync(folder);
  const own = names.filter((name) => name.endsWith('.svg'));
  for (const name of own) rmSync(join(folder, name), { force: true });
  if (own.length === names.length) rmdirSync(folder);
}

/** The comparison that a folder lies inside, which would take it for its own; undefined for none. */
export function comparisonAround(folder: string): string | undefined {
  for (let above = dirname(folder); above !== dirname(above); above = dirname(above))
    if (isComparison(above)) return above;
  return undefined;
}

/** Other programs have a manifest.json, too. */
function isComparison(folder: string): boolean {
  try {
    const { format } = JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8')) as { format?: unknown };
    return typeof format === 'string' && format.startsWith('rfm-harness-results/');
  } catch {
    return false;
  }
}
