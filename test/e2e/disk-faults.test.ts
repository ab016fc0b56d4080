import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtCommand } from '../harness/support/command.ts';
import {
  begin,
  expectClearEnd,
  expectNothingLost,
  files,
  skipIf,
  undisturbedTables,
} from './support/bad-disk.ts';
import { workplace } from './support/command.ts';
import { makeReadOnly, mountSmallDisk, unmountAfterAll, whyNoMounts } from './support/mounts.ts';

/** Without files, for what does not begin. */
const ofBuiltIn = ['compare', '--agents', 'random', '--tasks', 'cartpole-balance', '--steps', '20'];

describe('a comparison on a bad disk', () => {
  unmountAfterAll();

  it('that is full ends with one line, and goes on once there is room', async (context) => {
    const folder = workplace(files);
    mkdirSync(join(folder, 'results'));
    skipIf(context, mountSmallDisk(join(folder, 'results'), 8192));
    const { ended } = await begin(folder);
    const filler = join(folder, 'results/filler');
    expect(() => writeFileSync(filler, new Uint8Array(2 ** 24))).toThrow('ENOSPC');
    const outcome = await ended;
    expectClearEnd(
      outcome,
      /^harness: cannot write .*: the disk is full; every run keeps its last checkpoint; go on with: harness compare --resume --out bad$/,
    );
    rmSync(filler);
    await expectNothingLost(folder, await undisturbedTables());
  }, 300_000);

  it('that is full at the first checkpoint names none', async (context) => {
    const folder = workplace();
    mkdirSync(join(folder, 'results'));
    skipIf(context, mountSmallDisk(join(folder, 'results'), 128));
    const words = ['compare', '--agents', 'sac', '--tasks', 'cartpole-balance', '--seeds', '1'];
    const sizes = [
      '--steps',
      '20',
      '--evaluate-every',
      '20',
      '--evaluation-episodes',
      '1',
      '--preset',
      'paper',
    ];
    expectClearEnd(
      await builtCommand(folder, ...words, ...sizes, '--quiet', '--out', 'bad'),
      /: the disk is full; no run has a checkpoint yet; go on with: harness compare --resume --out bad$/,
    );
  }, 300_000);

  it('that has no room from the start says so and leaves no lock', async (context) => {
    const folder = workplace();
    mkdirSync(join(folder, 'results'));
    skipIf(context, mountSmallDisk(join(folder, 'results'), 64));
    expect(() => writeFileSync(join(folder, 'results/filler'), new Uint8Array(2 ** 20))).toThrow('ENOSPC');
    expectClearEnd(await builtCommand(folder, ...ofBuiltIn, '--out', 'bad'), /: the disk is full$/);
    rmSync(join(folder, 'results/filler'));
    expect(readdirSync(join(folder, 'results/bad'))).toEqual([]);
  });

  it('that is read-only from the start makes nothing', async (context) => {
    const folder = workplace();
    mkdirSync(join(folder, 'results'));
    if (process.getuid?.() === 0) skipIf(context, whyNoMounts(join(folder, 'results')));
    const { undo, refusal } = makeReadOnly(join(folder, 'results'));
    const outcome = await builtCommand(folder, ...ofBuiltIn, '--out', 'bad');
    expectClearEnd(outcome, new RegExp(`^harness: cannot write .*/results/bad: ${refusal}$`));
    expect(readdirSync(join(folder, 'results'))).toEqual([]);
    undo();
  });
});
