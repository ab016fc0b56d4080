import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockFolder } from '../../harness/files/lock.ts';
import { workplace } from '../e2e/support/command.ts';

/** A lock as another process leaves it. */
function lockedBy(owner: object | undefined, secondsAgo = 0): string {
  const folder = workplace();
  mkdirSync(join(folder, '.lock'));
  const then = Date.now() / 1000 - secondsAgo;
  utimesSync(join(folder, '.lock'), then, then);
  if (owner !== undefined) writeFileSync(join(folder, '.lock-owner.json'), JSON.stringify(owner));
  return folder;
}

const DEAD = 2 ** 22 + 1; // above the largest process id

describe('the lock of a results folder', () => {
  it('is for one at a time and can be given back', async () => {
    const folder = workplace();
    const release = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow(`is in use by process ${process.pid} on ${hostname()}`);
    await release();
    await (await lockFolder(folder))();
  });

  it('of a process that died on this machine is taken over at once', async () => {
    const release = await lockFolder(lockedBy({ pid: DEAD, host: hostname() }));
    await release();
  });

  it('of a process that lives is respected, however old a clock that jumped makes it look', async () => {
    const folder = workplace();
    const release = await lockFolder(folder);
    for (const days of [-3, 3]) {
      const then = Date.now() / 1000 + 86_400 * days;
      utimesSync(join(folder, '.lock'), then, then);
      await expect(lockFolder(folder)).rejects.toThrow(`is in use by process ${process.pid}`);
    }
    await release();
  });

  it.skipIf(!existsSync('/proc/self/stat'))(
    'of a process that died is taken over though another one has its number now',
    async () => {
      const earlier = { pid: process.pid, host: hostname(), born: 'before the machine started/1' };
      await (await lockFolder(lockedBy(earlier)))();
    },
  );

  it('that cannot be written leaves nothing behind', async () => {
    const folder = workplace();
    mkdirSync(join(folder, '.lock-owner.json'));
    await expect(lockFolder(folder)).rejects.toThrow();
    expect(existsSync(join(folder, '.lock'))).toBe(false);
  });

  it('of another machine is respected while it is fresh, and not after', async () => {
    await expect(lockFolder(lockedBy({ pid: DEAD, host: 'elsewhere' }))).rejects.toThrow(
      /process \d+ on elsewhere/,
    );
    await (await lockFolder(lockedBy({ pid: DEAD, host: 'elsewhere' }, 60)))();
  });

  it('without an owner is respected while it is fresh', async () => {
    await expect(lockFolder(lockedBy(undefined))).rejects.toThrow('is in use by another process');
  });
});
