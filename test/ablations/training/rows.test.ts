import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainingAblations } from '../../../ablations/training/definitions.ts';
import { planTraining } from '../../../ablations/training/plan.ts';
import { writeTrainingAblation } from '../../../ablations/training/report.ts';
import { endedRuns, trainingRows } from '../../../ablations/training/rows.ts';
import type { ComparisonPlan } from '../../../harness/plan/plan.ts';
import { writeReport } from '../../../harness/report/write.ts';
import { waitingRun, writeManifest } from '../../../harness/results/manifest.ts';
import type { RunIdentity } from '../../../harness/run/streams.ts';
import { workplace } from '../../e2e/support/command.ts';

const ablation = (name: string) => {
  const found = trainingAblations.find((each) => each.name === name);
  if (found === undefined) throw new Error(name);
  return found;
};

async function planned(name: string, variants?: readonly string[]): Promise<ComparisonPlan> {
  const settings = { seeds: 3, steps: 1000 };
  const request = { agent: 'rfm-flow', variants, set: [], full: false, settings };
  const [{ plan }] = await planTraining(ablation(name), request);
  return plan;
}

/** A comparison as its CSVs tell it: final returns by variant and seed, one metric, logged at four steps. */
function comparison(
  plan: ComparisonPlan,
  returns: Readonly<Record<string, readonly number[]>>,
  failed: readonly RunIdentity[] = [],
): string {
  const folder = join(workplace(), 'made');
  mkdirSync(folder);
  const evaluations = ['task,agent,seed,step,episode,return,length,wall_seconds'];
  const training = ['task,agent,seed,step,ess,actor_loss,ess_t0.1,unrelated'];
  for (const [variant, scores] of Object.entries(returns)) {
    scores.forEach((score, seed) => {
      const run = `cartpole-balance,${variant},${seed}`;
      evaluations.push(`${run},0,0,0,1000,1`, `${run},1000,0,${score},1000,${10 + seed}`);
      for (const step of [250, 500, 750, 1000]) {
        training.push(`${run},${step},${step + seed},${step === 250 ? 9000 + seed : 1},,7`);
      }
      training.push(`${run},900,,,${seed},`);
    });
  }
  writeFileSync(join(folder, 'evaluations.csv'), `${evaluations.join('\n')}\n`);
  writeFileSync(join(folder, 'training.csv'), `${training.join('\n')}\n`);
  writeManifest(folder, {
    format: 'rfm-harness-results/1',
    name: 'made',
    id: randomUUID(),
    command: ['harness', 'ablate', '--resume'],
    config: plan,
    versions: {},
    cpu: { model: 'made', cores: 1, memoryGiB: 1 },
    startedAt: '2026-01-01T00:00:00.000Z',
    wallSeconds: 1,
    executor: 'local',
    status: 'done',
    runs: failed.map((run) => ({ ...waitingRun(run), status: 'failed' })),
  });
  writeReport({ directories: [folder], out: folder, resamples: 1000 });
  return folder;
}

describe('rows of an ablation that trains', () => {
  it('have the metrics of the last fifth of training, and the largest loss of all', async () => {
    const plan = await planned('eta', ['optimal']);
    const folder = comparison(plan, { optimal: [10, 20, 60] });
    const [row] = trainingRows(ablation('eta'), [{ folder, plan }]);
    expect(row).toMatchObject({ variant: 'optimal', varied: { estimator: 'optimal' }, seeds: 3, step: 1000 });
    expect(row.return).toBeCloseTo(30, 12);
    // Of 250, 500, 750 and 1000 only the last lies in the last fifth; 900 has another metric alone.
    expect(row.metrics).toEqual({ ess: 1001, actor_loss: 1, 'ess_t0.1': 1, actor_loss_max: 9002 });
    expect(row.stepsPerSecond).toBeCloseTo((1000 / 10 + 1000 / 11 + 1000 / 12) / 3, 9);
  });

  it('leave out a variant without a run that ended well', async () => {
    const plan = await planned('eta', ['eta-0', 'optimal']);
    const folder = comparison(plan, { optimal: [10, 20, 60] });
    expect(trainingRows(ablation('eta'), [{ folder, plan }]).map((row) => row.variant)).toEqual(['optimal']);
  });

  it('of noisy-q have the return as a share of the same estimator without noise', async () => {
    const variants = ['gradient-q0', 'gradient-q1', 'noise-q1'];
    const plan = await planned('noisy-q', variants);
    const folder = comparison(plan, {
      'gradient-q0': [100, 200, 300],
      'gradient-q1': [80, 90, 130],
      'noise-q1': [1, 2, 3],
    });
    const rows = trainingRows(ablation('noisy-q'), [{ folder, plan }]);
    const relative = Object.fromEntries(rows.map((row) => [row.variant, row.relative]));
    expect(relative['gradient-q0']).toEqual({ value: 1, low: 1, high: 1 });
    const share = relative['gradient-q1'];
    expect(share?.value).toBeCloseTo(0.5, 12);
    // Numpy and scipy: Student's t on the logarithm, relative errors 0.2646 / √3 and 0.5 / √3, 3.04 degrees of freedom.
    expect(share?.low).toBeCloseTo(0.17815440395726925, 9);
    expect(share?.high).toBeCloseTo(1.403277126171762, 9);
    expect(relative['noise-q1'], 'its own reference is not there').toBeUndefined();
  });
});

describe('a run that failed', () => {
  it('counts in no number and no curve', async () => {
    const variants = ['gradient-q0', 'gradient-q1'];
    const plan = await planned('noisy-q', variants);
    const failed = [{ task: 'cartpole-balance', agent: 'gradient-q1', seed: 3 }];
    const returns = { 'gradient-q0': [100, 200, 300], 'gradient-q1': [80, 90, 130, 7] };
    const without = { ...returns, 'gradient-q1': [80, 90, 130] };
    const fourSeeds = { ...plan, seeds: [0, 1, 2, 3] };
    const rowsOf = (folder: string) => trainingRows(ablation('noisy-q'), [{ folder, plan: fourSeeds }]);
    const folder = comparison(plan, returns, failed);
    expect(rowsOf(folder)).toEqual(rowsOf(comparison(plan, without)));
    expect(endedRuns(folder).map(({ agent, seed }) => `${agent} ${seed}`)).not.toContain('gradient-q1 3');
    expect(rowsOf(comparison(plan, returns))[1].metrics.actor_loss_max).toBe(9003);
  });
});

describe('the section of an ablation that trains', () => {
  it('draws sensitivity as three panels, each with the reference', async () => {
    const plan = await planned('sensitivity');
    const scores = plan.agents.map(({ label }, i) => [label, [100 + i, 200, 300]] as const);
    const folder = comparison(plan, Object.fromEntries(scores));
    const out = workplace();
    writeTrainingAblation(ablation('sensitivity'), out, [{ folder, plan }]);
    const svg = readFileSync(join(out, 'sensitivity-returns.svg'), 'utf8');
    for (const axis of ['prior draws N', 'temperature λ', 't_min']) expect(svg).toContain(`, ${axis}<`);
    // Three values per panel: the reference and the two ends.
    expect(svg.match(/>0\.01</g)).toHaveLength(1);
    expect(svg.match(/>16</g)).toHaveLength(1);
    expect(svg.match(/>0\.02</g)).toHaveLength(1);
    const report = readFileSync(join(out, 'report.html'), 'utf8');
    expect(report).toContain('<code>harness ablate</code>');
    expect(report).toContain('rfm-flow at preset smoke, cartpole-balance: 1000 control steps, 3 seeds');
  });

  it('draws returns against seconds for soft-q and metrics by t where there are any', async () => {
    const plan = await planned('proposal');
    const folder = comparison(plan, { buffer: [1, 2, 3], policy: [2, 3, 4], adaptive: [3, 4, 5] });
    const out = workplace();
    writeTrainingAblation(ablation('proposal'), out, [{ folder, plan }]);
    expect(readFileSync(join(out, 'proposal-by-time.svg'), 'utf8')).toContain('effective sample size');
    const soft = await planned('soft-q');
    const softFolder = comparison(soft, { none: [1, 2, 3], exact: [2, 3, 4], hutchinson: [3, 4, 5] });
    writeTrainingAblation(ablation('soft-q'), out, [{ folder: softFolder, plan: soft }]);
    const curves = readFileSync(join(out, 'soft-q-curves.svg'), 'utf8');
    for (const text of ['wall-clock seconds', 'environment steps', 'hutchinson'])
      expect(curves).toContain(text);
    const report = readFileSync(join(out, 'report.html'), 'utf8');
    for (const id of ['proposal', 'soft-q']) expect(report).toContain(`<section id="${id}">`);
  });
});
