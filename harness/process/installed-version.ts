/** Versions of installed packages. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The version in a package's own package.json, whatever its exports allow; undefined if it is not installed. */
export function installedVersion(name: string): string | undefined {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  for (const folder of folders) {
    try {
      const file = readFileSync(join(folder, name, 'package.json'), 'utf8');
      return (JSON.parse(file) as { version: string }).version;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}
