/** What was read from files, kept until a file changes. */
import { statSync } from 'node:fs';

interface Entry<T> {
  readonly stamp: string;
  readonly value: T;
}

export class FileCache<T> {
  private readonly entries = new Map<string, Entry<T>>();

  constructor(private readonly read: (path: string) => T) {}

  /** What `read` makes of the file as it is now; undefined if there is none. */
  get(path: string): T | undefined {
    const stamp = stampOf(path);
    if (stamp === undefined) {
      this.entries.delete(path);
      return undefined;
    }
    const known = this.entries.get(path);
    if (known?.stamp === stamp) return known.value;
    const value = this.read(path);
    this.entries.set(path, { stamp, value });
    return value;
  }
}

/** Changes whenever the file does; undefined if there is none. */
function stampOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() ? `${stats.mtimeMs} ${stats.size} ${stats.ino}` : undefined;
}
