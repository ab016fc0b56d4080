import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeSafetensors } from '../../harness/run/safetensors.ts';
import { harness, type Outcome, workplace } from './support/command.ts';

describe('an RFM run whose critic diverges', () => {
  let outcome: Outcome;
  let run: { status: string; reason?: string; steps: number };
  let folder: string;

  beforeAll(async () => {
    const place = workplace();
    // A critic's step of 15 per weight and targets that follow at once: Q grows by orders of magnitude, over
    // some hundred updates, during which several checkpoints fall due.
    const broken = ['criticLearningRate=15', 'maxGradNorm=1e30', 'tau=1'];
    outcome = await harness(
      place,
      ...['train', 'rfm-flow', 'cartpole-balance', '--preset', 'smoke', '--steps', '4000', '--out', 'broken'],
      ...[
        '--evaluation-episodes',
        '1',
        '--evaluate-every',
        '1000',
        '--log-every',
        '5',
        '--json',
        '--quiet',
        '--backend',
        'wasm',
      ],
      ...['--checkpoint-seconds', '0.01', ...broken.flatMap((set) => ['--set', `rfm-flow.${set}`])],
    );
    folder = join(place, 'results/broken');
    [run] = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')).runs;
  });

  it('ends at its first number that is not finite, names it, and is marked failed', () => {
    expect(outcome.code).toBe(1);
    expect(run.status).toBe('failed');
    expect(run.reason).toMatch(/agent 'rfm-flow': update\(\) returned the metric '\w+' = (-?Infinity|NaN)/);
    expect(run.reason).toContain('expected a finite number');
    expect(outcome.stderr).toContain(`failed: cartpole-balance/rfm-flow/0: ${run.reason}`);
  });

  it('keeps the last checkpoint, whose weights are finite and whose rows show a Q that cannot be', () => {
    const file = join(folder, 'runs/cartpole-balance/rfm-flow/0/checkpoint/last.safetensors');
    const { arrays, metadata } = decodeSafetensors(readFileSync(file));
    const state = JSON.parse(metadata.run) as {
      step: number;
      training: { metrics: Record<string, number> }[];
    };
    expect(state.step).toBeGreaterThan(500); // beyond the random steps: it has learnt
    expect(state.step).toBeLessThanOrEqual(run.steps);
    const weights = Object.entries(arrays).filter(([name]) => name.endsWith('params'));
    expect(weights.length).toBe(2);
    for (const [name, { data }] of weights) expect(Array.from(data).every(Number.isFinite), name).toBe(true);
    const largest = state.training.map(({ metrics }) => metrics.q_max_abs).filter((q) => q > 0);
    expect(largest.length).toBeGreaterThan(2);
    // Rewards are within [0, 1] and γ is 0.99: no Q is above 100.
    expect(largest[largest.length - 1]).toBeGreaterThan(1e4);
  });
});
