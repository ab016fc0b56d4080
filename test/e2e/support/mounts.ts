/** Small and read-only disks, for tests of what happens on them. */
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { afterAll } from 'vitest';

const mounted: string[] = [];

/** Takes away every mount of a test file after its tests, the newest first. */
export function unmountAfterAll(): void {
  afterAll(() => {
    while (mounted.length > 0) unmount(mounted.at(-1) ?? '');
  });
}

/**
 * A disk of its own with little room at a folder.
 * @returns why that is not possible here; undefined if it is done
 */
export function mountSmallDisk(folder: string, kibibytes: number): string | undefined {
  return mount(folder, '-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', folder);
}

/**
 * Makes a folder read-only, as far as paths are looked up from now on. Root ignores permissions, so a
 * read-only view of the folder is mounted over it; others lose the permission to write.
 * @returns what undoes it, and the words with which a write is refused
 */
export function makeReadOnly(folder: string): { undo(): void; refusal: string } {
  if (process.getuid?.() !== 0) {
    chmodSync(folder, 0o555);
    return { undo: () => chmodSync(folder, 0o755), refusal: 'permission denied' };
  }
  const failed = mount(folder, '--bind', folder, folder);
  if (failed !== undefined) throw new Error(failed);
  for (let tries = 0; ; tries++) {
    try {
      run('mount', '-o', 'remount,bind,ro', folder);
      break;
    } catch (error) {
      if (tries === 20) throw error; // a file was being written to
    }
  }
  return { undo: () => unmount(folder), refusal: 'the file system is read-only' };
}

/** Whether `makeReadOnly` works here: root in a container may not mount. @returns why not, or undefined */
export function whyNoMounts(folder: string): string | undefined {
  const failed = mountSmallDisk(folder, 64);
  if (failed === undefined) unmount(folder);
  return failed;
}

function mount(folder: string, ...words: string[]): string | undefined {
  if (process.platform !== 'linux') return `mounts are made on Linux alone, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'only root may mount a disk';
  try {
    run('mount', ...words);
  } catch (error) {
    return `this root may not mount: ${(error as Error).message.trim().split('\n').at(-1)}`;
  }
  mounted.push(folder);
  return undefined;
}

function unmount(folder: string): void {
  run('umount', '-l', folder);
  mounted.splice(mounted.lastIndexOf(folder), 1);
}

function run(program: string, ...words: string[]): void {
  execFileSync(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
}
