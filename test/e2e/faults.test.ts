import { appendFileSync, existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { builtCommand } from '../harness/support/command.ts';
import { killGroup, pause, said, start, workplace } from './support/command.ts';
import { heldComparison, heldFiles, killOneWorker } from './support/disturbed.ts';
import { tableBytes } from './support/tables.ts';

describe('a comparison under faults', () => {
  let folder: string;
  let undisturbed: Record<string, string>;
  const results = (...path: string[]) => join(folder, 'results', ...path);
  const resume = () => start(folder, 'compare', '--resume', '--out', 'disturbed', '--workers', '2');

  beforeAll(async () => {
    folder = workplace(heldFiles);
    const { code, stderr } = await builtCommand(folder, ...heldComparison, '--out', 'undisturbed');
    expect(stderr).toContain('results: ');
    expect(code).toBe(0);
    undisturbed = tableBytes(results('undisturbed'));
  }, 300_000);

  it('gives rows for every run, in the order of the plan', () => {
    const rows = undisturbed.evaluations.trim().split(/\r?\n/).slice(1);
    expect(rows).toHaveLength(2 * 6 * 2);
    const runs = [...new Set(rows.map((row) => row.split(',').slice(0, 3).join()))];
    expect(runs).toEqual(['short-balance,sac,0', 'short-balance,held,0']);
    expect(undisturbed.training.split(/\r?\n/)[0]).toMatch(/^task,agent,seed,step,.*,loss,sum$/);
  });

  // Of one comparison, which goes on each time and which one of its runs keeps from ending until the last.

  it('is killed as a whole; while it runs, a second process on its folder is refused', async () => {
    writeFileSync(join(folder, 'hold-0.1'), '');
    const { child, ended } = start(folder, ...heldComparison, '--out', 'disturbed', '--workers', '2');
    while (!existsSync(results('disturbed/runs'))) await pause(20);
    const second = await builtCommand(folder, 'compare', '--resume', '--out', 'disturbed');
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(/^harness: .*results\/disturbed is in use by process \d+ on .*\n$/m);
    while (!existsSync(results('disturbed/runs/short-balance/sac/0/training.csv'))) await pause(20);
    killGroup(child);
    await ended;
  }, 300_000);

  it('is killed without its workers', async () => {
    const { child, ended } = resume();
    await said(child, /short-balance\/held\/0: (begins|continues)/);
    child.kill('SIGKILL');
    expect((await ended).stderr).not.toMatch(/is in use|fault of the harness/);
  }, 300_000);

  it('starts a run again whose worker was killed; stops at Ctrl-C with checkpoints, and says how to go on', async () => {
    const { child, ended } = resume();
    while (!existsSync(results('disturbed/runs/short-balance/held/0/checkpoint/last.safetensors')))
      await pause(20);
    while (!killOneWorker(child.pid ?? 0)) await pause(20);
    await said(
      child,
      /its process was killed \(SIGKILL; perhaps the machine ran out of memory\); starts again from its last checkpoint/,
    );
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(stderr).not.toMatch(/is in use|fault of the harness/);
    expect(code).toBe(130);
    expect(stderr).toMatch(
      /interrupted with \d+ run\(s\) unfinished; go on with: harness compare --resume --out disturbed/,
    );
  }, 300_000);

  it('stops at once at the second Ctrl-C', async () => {
    const { child, ended } = resume();
    await said(child, /short-balance\/held\/0: continues from step [1-9]/);
    child.kill('SIGINT');
    await pause(30);
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
  }, 300_000);

  it('ends with the same bytes after all of this', async () => {
    rmSync(join(folder, 'hold-0.1'));
    const { code, stderr } = await builtCommand(folder, 'compare', '--resume', '--out', 'disturbed');
    expect(stderr).toMatch(/short-balance\/held\/0: continues from step [1-9]/);
    expect(code).toBe(0);
    expect(tableBytes(results('disturbed'))).toEqual(undisturbed);
  }, 300_000);

  it('repairs what was damaged after its end: CSVs, checkpoints, marks', async () => {
    const run = (agent: string, file: string) => results('undisturbed/runs/short-balance', agent, '0', file);
    truncateSync(run('sac', 'evaluations.csv'), 100);
    rmSync(run('sac', 'run.json'));
    for (const file of readdirSync(run('sac', 'checkpoint')))
      truncateSync(run('sac', `checkpoint/${file}`), 3);
    appendFileSync(run('held', 'training.csv'), 'torn');
    truncateSync(run('held', 'run.json'), 10);
    truncateSync(run('held', 'checkpoint/last.safetensors'), 1000);
    rmSync(results('undisturbed/evaluations.csv'));
    const { code, stderr } = await builtCommand(
      folder,
      ...heldComparison,
      '--out',
      'undisturbed',
      '--resume',
    );
    expect(stderr).toMatch(
      /short-balance\/held\/0: checkpoint .*last\.safetensors is damaged .*falling back/,
    );
    expect(code).toBe(0);
    expect(tableBytes(results('undisturbed'))).toEqual(undisturbed);
  }, 300_000);
});
