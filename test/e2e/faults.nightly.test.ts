import { join } from 'node:path';
import { expect, it } from 'vitest';
import { harness, workplace } from './support/command.ts';
import { comparison, files, killedAtInstants } from './support/disturbed.ts';
import { tableBytes } from './support/tables.ts';

it('a comparison that is killed at twenty instants ends with the same bytes', async () => {
  const folder = workplace(files);
  expect((await harness(folder, ...comparison, '--out', 'undisturbed')).code).toBe(0);
  expect(await killedAtInstants(folder, 20)).toBeGreaterThan(5);
  expect((await harness(folder, ...comparison, '--out', 'killed', '--resume')).code).toBe(0);
  const [killed, undisturbed] = ['killed', 'undisturbed'].map((name) =>
    tableBytes(join(folder, 'results', name)),
  );
  expect(killed).toEqual(undisturbed);
});
