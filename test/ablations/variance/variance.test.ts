import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readProblems } from '../../../ablations/problems.ts';
import { commandLine } from '../../../ablations/row-output.ts';
import { varianceRows } from '../../../ablations/variance/command.ts';
import { float64Algebra, float64Tensor } from '../../../agents/posterior/float64.ts';
import { GaussianMixture } from '../../../agents/posterior/mixture.ts';
import { createSchedule } from '../../../agents/posterior/schedules.ts';
import { impliedData, weighDraws } from '../../../agents/posterior/weighing.ts';
import { RandomStream } from '../../../engine/random.ts';
import { UserError } from '../../../harness/text/errors.ts';
import { variance } from '../../agents/posterior/reference.ts';
import { expectTable } from './table.ts';

const folder = mkdtempSync(join(tmpdir(), 'ablate-'));
const problemFile = (name: string, content: unknown) => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

describe('what repeats an experiment', () => {
  test('has every setting that was given, in words that a shell reads', () => {
    const settings = {
      problem: ["reader's mixture.json", 'b.json'],
      times: [0.1, 0.5],
      estimators: ['noise', 'eta=0.5'],
      points: undefined,
      proposal: 'policy',
      seed: 3,
      full: true,
      json: true,
      out: 'somewhere',
    };
    const line = commandLine('variance', settings);
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' });
    expect(words.trimEnd().split('\n')).toEqual([
      ...['harness', 'ablate', 'variance', '--problem', "reader's mixture.json", '--problem', 'b.json'],
      ...['--times', '0.1,0.5', '--estimators', 'noise,eta=0.5', '--proposal', 'policy'],
      ...['--seed', '3', '--full', '--out', 'DIR'],
    ]);
  });
});

describe('the variance experiment', () => {
  // Every mixture at every time: variance.nightly.test.ts.
  test.each([
    ['circle8', 0.02],
    ['anisotropic2', 0.9],
  ])('%s t=%f: every estimator and N within 4 standard errors of the reference table', (name, t) => {
    expect.hasAssertions();
    expectTable(name, t);
  });

  test('bias² and variance add up to the mean squared error', () => {
    for (const row of varianceRows({
      problem: [],
      schedule: 'cosine',
      proposal: 'prior',
      seed: 3,
      times: [0.5],
      particles: [10],
      points: 5,
      repetitions: 20,
    })) {
      expect(row.bias2 + row.variance).toBeCloseTo(row.mse, 8);
      expect(row.mse_high - row.mse).toBeCloseTo(1.96 * row.mse_se, 10);
      expect(row.mse_low).toBeCloseTo(Math.max(0, row.mse - 1.96 * row.mse_se), 10);
    }
  });

  test('the same seed gives the same numbers, whatever else is computed beside them', () => {
    const settings = {
      problem: [],
      schedule: 'linear',
      proposal: 'prior',
      seed: 5,
      particles: [10],
      points: 4,
      repetitions: 5,
    } as const;
    const pick = (rows: ReturnType<typeof varianceRows>) =>
      rows.filter((row) => row.estimator === 'noise' && row.t === 0.5).map((row) => row.mse);
    const alone = pick(varianceRows({ ...settings, times: [0.5], estimators: ['noise'] }));
    expect(pick(varianceRows({ ...settings, times: [0.3, 0.5], estimators: ['gradient', 'noise'] }))).toEqual(
      alone,
    );
  });

  test.each(['linear', 'cosine', 'vp', 've'] as const)(
    '%s: the Stein term has mean zero within 4 standard errors',
    (name) => {
      const mixture = new GaussianMixture(variance.anisotropic2);
      const t = 0.6;
      const { alpha, beta } = createSchedule(name).at(t);
      const yt = variance.anisotropic2.y_t['0.5'][3];
      const random = RandomStream.fromSeed(11);
      const [batch, count] = [400, 500];
      const one = (x: number) => float64Tensor(Float64Array.of(x), [1, 1, 1]);
      const sums = [0, 0];
      const squares = [0, 0];
      for (let i = 0; i < batch; i++) {
        const normals = random.fillNormal(new Float32Array(2 * count));
        const y0 = float64Tensor(Float64Array.from(normals), [1, 2, count]);
        const y1 = impliedData(
          float64Algebra,
          one(alpha),
          one(beta),
          float64Tensor(Float64Array.from(yt), [1, 2, 1]),
          y0,
        );
        const { logDensity, score } = mixture.evaluate(y1);
        // Unnormalised weights: the Stein term's expectation is then exactly zero, without the ratio's bias.
        const { meanStein } = weighDraws(float64Algebra, {
          ratio: one(beta / alpha),
          y0,
          score,
          logWeight: logDensity,
        });
        const total = logDensity.data.reduce((sum, value) => sum + Math.exp(value), 0) / count;
        meanStein.data.forEach((value, d) => {
          sums[d] += value * total;
          squares[d] += (value * total) ** 2;
        });
      }
      for (const d of [0, 1]) {
        const mean = sums[d] / batch;
        const standardError = Math.sqrt((squares[d] / batch - mean * mean) / (batch - 1));
        expect(Math.abs(mean)).toBeLessThan(4 * standardError);
      }
    },
  );
});

describe('problem files', () => {
  const mixture = { dim: 1, weights: [1], means: [[0.5]], covariances: [[[2]]] };

  test('one mixture, and several by name', () => {
    expect(readProblems(problemFile('one.json', mixture)).map(({ name }) => name)).toEqual(['one']);
    expect(
      readProblems(problemFile('two.json', { mixtures: { a: mixture, b: mixture } })).map(({ name }) => name),
    ).toEqual(['a', 'b']);
  });

  test.each([
    ['not JSON', '{', /not JSON/],
    ['a missing key', { ...mixture, means: undefined }, /means/],
    ['a mean of another size', { ...mixture, means: [[0, 1]] }, /means: every one must have 1 numbers/],
    [
      'a covariance that is not positive definite',
      { ...mixture, covariances: [[[-2]]] },
      /positive definite/,
    ],
    ['a negative weight', { ...mixture, weights: [-1] }, /weights/],
  ])('%s is refused with one line that names the file', (_, content, message) => {
    const file = problemFile('bad.json', content);
    expect(() => readProblems(file)).toThrow(UserError);
    expect(() => readProblems(file)).toThrow(message);
    expect(() => readProblems(file)).toThrow(/bad\.json/);
  });

  test('a missing file is named', () => {
    expect(() => readProblems(join(folder, 'absent.json'))).toThrow(/absent\.json: no such file/);
  });
});
