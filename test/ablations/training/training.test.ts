import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, it } from 'vitest';
import { killGroup, pause, start, workplace } from '../../e2e/support/command.ts';
import { command, type Said } from '../../harness/support/command.ts';
import { runsHere } from '../../harness/support/runs-here.ts';
import { shortBalance } from '../../harness/support/task-file.ts';

const words = ['ablate', 'eta', '--variants', 'eta-0,adaptive', '--tasks', './short.ts', '--seeds', '2'];
const sizes = ['--steps', '300', '--set', 'batchSize=16', '--set', 'integrationSteps=3'];
const evaluations = ['--set', 'randomSteps=200', '--evaluate-every', '100', '--evaluation-episodes', '2'];
const all = [...words, ...sizes, ...evaluations];

const table = (...path: string[]): Record<string, string>[] =>
  parse(readFileSync(join(...path), 'utf8'), { columns: true });

runsHere();

describe('harness ablate eta, end to end', () => {
  let folder: string;
  let outcome: Said;

  beforeAll(async () => {
    folder = workplace({ 'short.ts': shortBalance });
    outcome = await command(folder, ...all, '--out', 'it');
  }, 300_000);

  const results = (...path: string[]) => join(folder, 'results/it', ...path);

  it('says its duration first and its table last', () => {
    expect(outcome.code, outcome.stderr).toBe(0);
    const [before] = outcome.stderr.split('begins');
    expect(before).toMatch(/duration +about .* with \d worker/);
    expect(outcome.stdout).toMatch(/short-balance +eta-0 +2 /);
    expect(outcome.stderr).toContain(`ablation: ${results()}`);
  });

  it('leaves a complete comparison of the variants', () => {
    const manifest = JSON.parse(readFileSync(results('eta/manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ format: 'rfm-harness-results/1', status: 'done' });
    const configs = manifest.config.agents.map(({ label, config }: { label: string; config: object }) => ({
      label,
      ...config,
    }));
    expect(configs).toMatchObject([
      { label: 'eta-0', estimator: 'eta=0', randomSteps: 200, batchSize: 16 },
      { label: 'adaptive', estimator: 'adaptive', randomSteps: 200, batchSize: 16 },
    ]);
    expect(readFileSync(results('eta/report.html'), 'utf8')).toContain('adaptive');
    expect(existsSync(results('eta/plots/curve-short-balance.svg'))).toBe(true);
  });

  it('has a row per task and variant, with the scores of the comparison', () => {
    const rows = table(results('eta.csv'));
    expect(rows.map((row) => [row.task, row.variant, row.estimator, row.seeds, row.step])).toEqual([
      ['short-balance', 'eta-0', 'eta=0', '2', '300'],
      ['short-balance', 'adaptive', 'adaptive', '2', '300'],
    ]);
    const episodes = table(results('eta/evaluations.csv'));
    const ofTraining = table(results('eta/training.csv'));
    for (const row of rows) {
      const isOwn = (other: Record<string, string>) => other.task === row.task && other.agent === row.variant;
      const last = episodes.filter((episode) => isOwn(episode) && episode.step === '300');
      expect(last).toHaveLength(4);
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const bySeed = ['0', '1'].map((seed) =>
        mean(last.filter((episode) => episode.seed === seed).map((episode) => Number(episode.return))),
      );
      expect(Number(row.return)).toBeCloseTo(mean(bySeed), 9);
      expect(Number(row.ci_low)).toBeLessThanOrEqual(Number(row.return));
      expect(Number(row.ci_high)).toBeGreaterThanOrEqual(Number(row.return));
      for (const column of ['auc', 'steps_per_second', 'ess', 'actor_loss_max', 'ess_t0.3']) {
        expect(Number(row[column]), column).toBeGreaterThan(0);
      }
      // The last fifth of 300 steps, logged every 50: the rows at 250 and 300.
      const ess = ofTraining.filter((line) => isOwn(line) && Number(line.step) > 240);
      expect(ess).toHaveLength(4);
      expect(Number(row.ess)).toBeCloseTo(mean(ess.map((line) => Number(line.ess))), 9);
    }
    expect(rows.filter((row) => row.variant === 'eta-0').map((row) => row.cv_weight)).toEqual(['0']);
  });

  it('draws its returns, with the numbers in its section of the report', () => {
    const svg = readFileSync(results('eta-returns.svg'), 'utf8');
    for (const name of ['short-balance', 'eta-0', 'adaptive']) expect(svg).toContain(name);
    const report = readFileSync(results('report.html'), 'utf8');
    expect(report).toContain('<section id="eta">');
    expect(report).toContain('harness ablate eta --variants eta-0,adaptive');
    expect(report).toContain('actor_loss_t0.3');
  });

  it('goes on where it was, without repeating what is done, and prints its rows as JSON', async () => {
    const before = table(results('eta.csv'));
    const kept = readFileSync(results('eta/runs/short-balance/eta-0/0/run.json'), 'utf8');
    rmSync(results('eta/runs/short-balance/adaptive/1'), { recursive: true });
    rmSync(results('eta.csv'));
    const resumed = await command(folder, 'ablate', 'eta', '--resume', '--out', 'it', '--json');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(readFileSync(results('eta/runs/short-balance/eta-0/0/run.json'), 'utf8')).toBe(kept);
    // Seconds are measured anew; everything else comes out the same.
    const timeless = (rows: Record<string, string>[]) => rows.map(({ steps_per_second: _, ...rest }) => rest);
    expect(timeless(table(results('eta.csv')))).toEqual(timeless(before));
    const printed = JSON.parse(resumed.stdout);
    expect(printed).toHaveLength(2);
    expect(Object.keys(printed[0])).toEqual(Object.keys(before[0]));
  });

  it('neither overwrites results nor goes on with other settings', async () => {
    const again = await command(folder, ...all, '--out', 'it');
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/results\/it\/eta exists; --resume goes on with it/);
    const other = await command(folder, ...all, '--set', 'priorDraws=9', '--resume', '--out', 'it');
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/was made with other settings: 'agents\.0\.config\.priorDraws' differs/);
  });
});

describe('an ablation of several lengths', () => {
  it('knows after a crash also the comparisons that had not begun', async () => {
    const folder = workplace();
    const some = ['--variants', 'eta-0', '--seeds', '1', '--preset', 'smoke', '--set', 'randomSteps=100000'];
    const both = ['--tasks', 'cartpole-swingup,cartpole-balance', '--evaluate-every', '10k'];
    const { child, ended } = start(folder, 'ablate', 'eta', '--full', ...some, ...both, '--out', 'it');
    const plans = join(folder, 'results/it/eta/comparisons.json');
    for (let i = 0; i < 600 && !existsSync(plans); i++) await pause(100);
    killGroup(child);
    await ended;
    // Shorter, so that the test is: the plans are read, not made again.
    const text = readFileSync(plans, 'utf8').replaceAll(/"steps": [35]0000/g, '"steps": 400');
    writeFileSync(
      plans,
      text.replaceAll('"every": 10000', '"every": 400').replaceAll('"episodes": 5', '"episodes": 1'),
    );
    rmSync(join(folder, 'results/it/eta/30k'), { recursive: true, force: true });
    const resumed = await command(folder, 'ablate', 'eta', '--resume', '--out', 'it');
    expect(resumed.code, resumed.stderr).toBe(0);
    const rows = table(folder, 'results/it/eta.csv');
    expect(rows.map((row) => [row.task, row.step])).toEqual([
      ['cartpole-swingup', '400'],
      ['cartpole-balance', '400'],
    ]);
    const joint = readFileSync(join(folder, 'results/it/eta/report.html'), 'utf8');
    expect(joint).toContain('cartpole-swingup');
    expect(joint).toContain('cartpole-balance');
    // One panel a task.
    const svg = readFileSync(join(folder, 'results/it/eta-returns.svg'), 'utf8');
    for (const name of ['cartpole-swingup', 'cartpole-balance', 'eta-0']) expect(svg).toContain(name);
  });
});
