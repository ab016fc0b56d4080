/** What is listed in one place is found everywhere: each test adds a made-up record and looks for it. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { varianceRows } from '../../ablations/variance/command.ts';
import { isEstimator, parseEstimator } from '../../agents/posterior/estimator.ts';
import { estimators } from '../../agents/posterior/estimators.ts';
import { posteriorMean } from '../../agents/posterior/posterior-mean.ts';
import { createSchedule } from '../../agents/posterior/schedules.ts';
import { findAgent } from '../../agents/registry.ts';
import { pages } from '../../bench/docs-tables.ts';
import { toyCommand } from '../../harness/cli/ablate/toy.ts';
import { varianceCommand } from '../../harness/cli/ablate/variance.ts';

const page = (name: string) => pages().find(({ path }) => path.endsWith(name))?.wanted ?? '';

describe('an estimator', () => {
  afterEach(() => {
    delete estimators['half-way'];
  });
  const add = () => {
    estimators['half-way'] = {
      coefficient: 'I / 2',
      readsScore: true,
      rule: (a, draws) => ({
        y0: a.sub(draws.meanPrior, a.mul(draws.meanStein, 0.5)),
        cvWeight: a.add(a.mul(draws.ess, 0), 0.5),
      }),
    };
  };

  it('is not known before', () => {
    expect(isEstimator('half-way')).toBe(false);
  });

  it('is read, named among the others, and computes', () => {
    add();
    expect(isEstimator('half-way')).toBe(true);
    expect(() => parseEstimator('quarter')).toThrow(/half-way/);
    const mean = (estimator: string) =>
      posteriorMean({
        schedule: createSchedule('linear'),
        t: tf.tensor1d([0.4]),
        yt: tf.tensor2d([0.3, -0.2], [1, 2]),
        prior: tf.tensor3d([0.5, -1, 1.5, 0.2, -0.3, 0.8], [1, 3, 2]),
        logDensity: (y1) => ({ logDensity: tf.mul(tf.sum(tf.square(y1), 2), -2), score: tf.mul(y1, -4) }),
        estimator: parseEstimator(estimator),
      }).y0.dataSync();
    expect(mean('half-way')).toEqual(mean('eta=0.5'));
  });

  it('is a setting of the RFM agents, in every command and in the docs', () => {
    add();
    const factory = findAgent('rfm-flow');
    const preset = factory?.presets.smoke;
    expect(factory?.config.parse({ ...preset, estimator: 'half-way' })).toMatchObject({
      estimator: 'half-way',
    });
    expect(factory?.config.safeParse({ ...preset, estimator: 'quarter' }).error?.message).toContain(
      'half-way',
    );
    expect(varianceCommand().helpInformation()).toContain('half-way');
    expect(toyCommand().helpInformation()).toContain('half-way');
    const rows = varianceRows({
      ...{ problem: [], particles: [3], times: [0.5], points: 1, repetitions: 1 },
      ...{ schedule: 'linear', proposal: 'prior', seed: 0 },
    });
    expect(rows.map(({ estimator }) => estimator)).toContain('half-way');
    expect(page('estimators.md')).toContain('| `half-way` | I / 2 | yes |');
  });
});
