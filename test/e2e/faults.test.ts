import { appendFileSync, existsSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { harness, killGroup, pause, said, start, workplace } from './support/command.ts';
import { comparison, files, killedAtInstants, killOneWorker } from './support/disturbed.ts';
import { tableBytes } from './support/tables.ts';

describe('a comparison under faults', () => {
  let folder: string;
  let undisturbed: Record<string, string>;
  const results = (name: string) => join(folder, 'results', name);
  const compare = (out: string, ...more: string[]) => harness(folder, ...comparison, '--out', out, ...more);

  beforeAll(async () => {
    folder = workplace(files);
    const { code, stderr } = await compare('undisturbed', '--workers', '1');
    expect(stderr).toContain('results: ');
    expect(code).toBe(0);
    undisturbed = tableBytes(results('undisturbed'));
  }, 300_000);

  it('gives rows for every run, in the order of the plan', () => {
    const rows = undisturbed.evaluations.trim().split(/\r?\n/).slice(1);
    expect(rows).toHaveLength(2 * 2 * 6 * 2);
    const runs = [...new Set(rows.map((row) => row.split(',').slice(0, 3).join()))];
    expect(runs).toEqual(
      ['balance', 'longer'].flatMap((task) => ['sac', 'tiny'].map((agent) => `short-${task},${agent},0`)),
    );
    expect(undisturbed.training.split(/\r?\n/)[0]).toMatch(/^task,agent,seed,step,.*,loss,sum$/);
  });

  it('ends with the same bytes after being killed at seven instants', async () => {
    expect(await killedAtInstants(folder, 7)).toBeGreaterThan(2);
    expect((await compare('killed', '--resume')).code).toBe(0);
    expect(tableBytes(results('killed'))).toEqual(undisturbed);
  }, 300_000);

  it('starts a run again whose worker was killed, with the same bytes', async () => {
    const { child, ended } = start(folder, ...comparison, '--out', 'worker', '--workers', '2');
    for (let killed = false; !killed; ) {
      await pause(100);
      killed = killOneWorker(child.pid ?? 0);
    }
    const { code, stderr } = await ended;
    expect(stderr).toMatch(/its process was killed .*; starts again from its last checkpoint/);
    expect(code).toBe(0);
    expect(tableBytes(results('worker'))).toEqual(undisturbed);
  }, 300_000);

  it('stops at Ctrl-C with checkpoints, says how to go on, and goes on; at once at the second one', async () => {
    const { child, ended } = start(folder, ...comparison, '--out', 'stopped', '--workers', '2');
    while (!existsSync(join(results('stopped'), 'runs/short-balance/sac/0/training.csv'))) await pause(50);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(
      /interrupted with \d+ run\(s\) unfinished; go on with: harness compare --resume --out stopped/,
    );
    // It goes on, and ends at once at the second Ctrl-C.
    const again = start(folder, 'compare', '--resume', '--out', 'stopped');
    await said(again.child, /short-\w+\/\w+\/0: (begins|continues)/);
    again.child.kill('SIGINT');
    await pause(30);
    again.child.kill('SIGINT');
    expect((await again.ended).code).toBe(130);
    const last = await harness(folder, 'compare', '--resume', '--out', 'stopped');
    expect(last.code).toBe(0);
    expect(tableBytes(results('stopped'))).toEqual(undisturbed);
  }, 300_000);

  it('refuses a second process on its folder', async () => {
    const { child, ended } = start(folder, ...comparison, '--out', 'locked');
    while (!existsSync(join(results('locked'), 'runs'))) await pause(20);
    const second = await compare('locked', '--resume');
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(/^harness: .*results\/locked is in use by process \d+ on .*\n$/m);
    killGroup(child);
    await ended;
  }, 300_000);

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
    const { code, stderr } = await compare('undisturbed', '--resume');
    expect(stderr).toMatch(/short-longer\/tiny\/0: checkpoint .*last\.safetensors is damaged .*falling back/);
    expect(code).toBe(0);
    expect(tableBytes(results('undisturbed'))).toEqual(undisturbed);
  }, 300_000);
});
