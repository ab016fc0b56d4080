import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockFolder } from '../../harness/lock.ts';
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
