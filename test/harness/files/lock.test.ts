import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockFolder, whoHolds } from '../../../harness/files/lock.ts';
import { pause, workplace } from '../../e2e/support/command.ts';

/** A lock as another process leaves it. */
function lockedBy(owner: object | undefined, secondsAgo = 0): string {
  const folder = workplace();
  mkdirSync(join(folder, '.lock'));
  const then = Date.now() / 1000 - secondsAgo;
  utimesSync(join(folder, '.lock'), then, then);
  if (owner !== undefined) writeFileSync(join(folder, '.lock-owner.json'), JSON.stringify(owner));
  return folder;
}

/** This start of the machine, and the process's start as the kernel counts it: field 22 of its stat. */
function birthOf(pid: number): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot}/${readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[19]}`;
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

  it('of a process that died is taken over by one of those that ask at once', async () => {
    for (let trial = 0; trial < 20; trial++) {
      const folder = lockedBy({ pid: DEAD, host: hostname() });
      const asked = await Promise.allSettled([1, 2, 3, 4].map(() => lockFolder(folder)));
      const held = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      const refused = asked.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
      expect(held).toHaveLength(1);
      for (const reason of refused) expect(reason).toContain('is in use by');
      await held[0]();
    }
  });

  it.skipIf(!existsSync('/proc/self/ns/pid'))(
    'of a process of another container, whose number says nothing here, is respected as long as it is fresh',
    async () => {
      const owner = { pid: DEAD, host: hostname(), namespace: 'pid:[1]' };
      await expect(lockFolder(lockedBy(owner))).rejects.toThrow(/is in use by process/);
      await (await lockFolder(lockedBy(owner, 60)))();
    },
  );

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

  it.skipIf(!existsSync('/proc/self/stat'))(
    'of a process that ended and that its parent never collected is taken over',
    async () => {
      // The shell becomes `sleep`, which collects no children: its first child stays a zombie.
      const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      try {
        const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)));
        const state = () => /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
        while (state() !== 'Z') await pause(10);
        await (await lockFolder(lockedBy({ pid, host: hostname(), born: birthOf(pid) })))();
        expect(state()).toBe('Z');
      } finally {
        parent.kill('SIGKILL');
      }
    },
  );

  it.skipIf(!existsSync('/proc/self/stat'))(
    'of a process that was killed a moment ago is waited for, and the wait told at most once',
    async () => {
      const owner = spawn('sleep', ['60']);
      const pid = owner.pid ?? 0;
      const folder = lockedBy({ pid, host: hostname(), born: birthOf(pid) });
      const notes: string[] = [];
      setTimeout(() => owner.kill('SIGKILL'), 400);
      const release = await lockFolder(folder, { patience: 20_000, note: (line) => notes.push(line) });
      await release();
      // A process this small may be gone before anybody sees it ending.
      const line = `waiting for process ${pid} on ${hostname()} to end: it was killed and still holds ${folder}`;
      expect(notes.slice(1)).toEqual([]);
      for (const note of notes) expect(note).toBe(line);
    },
  );

  it('of a process that stays alive is refused when patience ends', async () => {
    const folder = workplace();
    const release = await lockFolder(folder);
    const notes: string[] = [];
    const options = { patience: 200, note: (line: string) => notes.push(line) };
    await expect(lockFolder(folder, options)).rejects.toThrow('is in use by process');
    expect(notes).toEqual([]); // it is not ending
    await release();
  });

  it("that came along with a copy of the folder is nobody's", async () => {
    const folder = workplace();
    const release = await lockFolder(folder);
    const copy = join(workplace(), 'copy');
    cpSync(folder, copy, { recursive: true });
    expect(existsSync(join(copy, '.lock-owner.json'))).toBe(true);
    expect(whoHolds(folder)).toBe(`process ${process.pid} on ${hostname()}`);
    expect(whoHolds(copy)).toBeUndefined();
    await (await lockFolder(copy))();
    await release();
  });

  it('whose owner is damaged or speaks to the terminal is told without it', async () => {
    const folder = lockedBy({ pid: DEAD, host: 'elsewhere\u001b[2J' });
    await expect(lockFolder(folder)).rejects.toThrow('on elsewhere\\x1b[2J;');
    await expect(lockFolder(lockedBy({ pid: 'x' }))).rejects.toThrow('is in use by another process');
  });

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
