import { join } from 'node:path';
import { describe, it } from 'vitest';
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
import { makeReadOnly, unmountAfterAll, whyNoMounts } from './support/mounts.ts';

describe('a comparison on a bad disk', () => {
  unmountAfterAll();

  it('that becomes read-only ends with one line, and goes on once it can be written', async (context) => {
    const folder = workplace(files);
    skipIf(
      context,
      process.getuid?.() === 0 ? whyNoMounts(folder) : 'without root a folder alone is read-only',
    );
    const { ended } = await begin(folder);
    const { undo, refusal } = makeReadOnly(join(folder, 'results'));
    const outcome = await ended;
    expectClearEnd(
      outcome,
      new RegExp(`^harness: cannot write .*: ${refusal}; .* harness compare --resume --out bad$`),
    );
    expectClearEnd(await builtCommand(folder, 'compare', '--resume', '--out', 'bad'), new RegExp(refusal));
    undo();
    await expectNothingLost(folder, await undisturbedTables());
  }, 300_000);
});
