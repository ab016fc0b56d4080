import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { agentFile } from '../harness/support/agent-files.ts';
import { builtCommand } from '../harness/support/command.ts';
import { workplace } from './support/command.ts';

describe('a comparison goes on as it began, or not at all', () => {
  let folder: string;
  const run = (out: string, seed: number, ...path: string[]) =>
    join(folder, 'results', out, 'runs/cartpole-balance/tiny', String(seed), ...path);
  const resume = (out: string, ...more: string[]) =>
    builtCommand(folder, 'compare', '--resume', '--quiet', '--out', out, ...more);
  /** A copy of the comparison of which a part is to be made again. */
  const copy = (out: string) =>
    cpSync(join(folder, 'results/whole'), join(folder, 'results', out), { recursive: true });

  beforeAll(async () => {
    folder = workplace({ 'tiny.ts': agentFile() });
    const words = ['--agents', './tiny.ts', '--tasks', 'cartpole-balance', '--seeds', '2', '--steps', '60'];
    const options = ['--evaluation-episodes', '1', '--evaluate-every', '30', '--preset', 'smoke', '--quiet'];
    expect((await builtCommand(folder, 'compare', ...words, ...options, '--out', 'whole')).code).toBe(0);
  }, 300_000);

  it("seed 1's checkpoint in seed 0's folder fails that run, with a line and a way on", async () => {
    copy('swapped');
    rmSync(run('swapped', 0), { recursive: true });
    cpSync(run('swapped', 1, 'checkpoint'), run('swapped', 0, 'checkpoint'), { recursive: true });
    const { code, stderr } = await resume('swapped');
    expect(stderr).toBe(
      `failed: cartpole-balance/tiny/0: ${run('swapped', 0, 'checkpoint/last.safetensors')} is of another run: 'identity.seed' differs (1 there, 0 asked); remove ${run('swapped', 0, 'checkpoint')} to begin the run anew\n`,
    );
    expect(code).toBe(1);
    rmSync(run('swapped', 0, 'checkpoint'), { recursive: true });
    expect((await resume('swapped')).code).toBe(0);
    const rows = (out: string) =>
      withoutTimes(readFileSync(join(folder, 'results', out, 'evaluations.csv'), 'utf8'));
    expect(rows('swapped')).toEqual(rows('whole'));
  }, 120_000);

  it('a manifest with fewer steps fails every run, the complete ones too', async () => {
    copy('shorter');
    rmSync(run('shorter', 0, 'run.json'));
    const file = join(folder, 'results/shorter/manifest.json');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('"steps": 60,\n    "evaluation"', '"steps": 30,\n    "evaluation"'),
    );
    const { code, stderr } = await resume('shorter');
    const [first, second] = stderr.split('\n');
    expect(first).toContain(
      `last.safetensors is of another run: 'steps' differs (60 there, 30 asked); remove `,
    );
    expect(second).toBe(
      `failed: cartpole-balance/tiny/1: ${run('shorter', 1)} holds another run: 'steps' differs (60 there, 30 asked); remove that folder to begin the run anew`,
    );
    expect(code).toBe(1);
  }, 120_000);

  it('an agent that was edited meanwhile is refused, and accepted on purpose', async () => {
    copy('edited');
    rmSync(run('edited', 0), { recursive: true });
    appendFileSync(join(folder, 'tiny.ts'), '// edited\n');
    const { code, stderr } = await resume('edited');
    expect(stderr).toBe(
      `harness: ${join(folder, 'results/edited')} cannot go on as it began: ${join(folder, 'tiny.ts')} is not the same as before; put it back, begin anew with --force or another --out, or mix both on purpose with --accept-changes\n`,
    );
    expect(code).toBe(2);
    expect(await resume('edited', '--accept-changes')).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(join(folder, 'results/edited/manifest.json'), 'utf8')).changes).toEqual([
      `${join(folder, 'tiny.ts')} is not the same as before`,
    ]);
  }, 120_000);
});

/** The rows of a CSV without the column of wall-clock times. */
function withoutTimes(csv: string): string[][] {
  const rows = csv.split('\n').map((line) => line.split(','));
  const column = rows[0].indexOf('wall_seconds');
  return rows.map((row) => row.toSpliced(column, 1));
}
