import { appendFileSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { harness, workplace } from './support/command.ts';
import { comparison, files, killedAtInstants } from './support/disturbed.ts';
import { tableBytes } from './support/tables.ts';

describe('a comparison of four runs', () => {
  let folder: string;
  let undisturbed: Record<string, string>;
  const results = (name: string) => join(folder, 'results', name);

  beforeAll(async () => {
    folder = workplace(files);
    expect((await harness(folder, ...comparison, '--out', 'undisturbed')).code).toBe(0);
    undisturbed = tableBytes(results('undisturbed'));
  });

  it('that is killed at twenty instants ends with the same bytes', async () => {
    expect(await killedAtInstants(folder, 20)).toBeGreaterThan(5);
    expect((await harness(folder, ...comparison, '--out', 'killed', '--resume')).code).toBe(0);
    expect(tableBytes(results('killed'))).toEqual(undisturbed);
  });

  it('repairs what was damaged after its end: CSVs, checkpoints, marks', async () => {
    const run = (task: string, agent: string, file: string) =>
      join(results('undisturbed'), 'runs', `short-${task}`, agent, '0', file);
    truncateSync(run('balance', 'sac', 'evaluations.csv'), 100);
    appendFileSync(run('balance', 'tiny', 'training.csv'), 'torn');
    rmSync(run('longer', 'sac', 'evaluations.csv'));
    truncateSync(run('longer', 'tiny', 'run.json'), 10);
    truncateSync(run('longer', 'tiny', 'checkpoint/last.safetensors'), 1000);
    rmSync(run('balance', 'tiny', 'run.json'));
    for (const file of readdirSync(run('balance', 'tiny', 'checkpoint'))) {
      truncateSync(run('balance', 'tiny', `checkpoint/${file}`), 3);
    }
    rmSync(join(results('undisturbed'), 'evaluations.csv'));
    const { code, stderr } = await harness(folder, ...comparison, '--out', 'undisturbed', '--resume');
    expect(stderr).toMatch(/short-longer\/tiny\/0: checkpoint .*last\.safetensors is damaged .*falling back/);
    expect(code).toBe(0);
    expect(tableBytes(results('undisturbed'))).toEqual(undisturbed);
  });
});
