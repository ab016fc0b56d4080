import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maxEntDpPresets } from '../../../agents/maxentdp/config.ts';
import { logSnr, offsetCosine, pathTimes } from '../../../agents/maxentdp/path.ts';
import { denoisingLogDensity, qneNoiseTarget } from '../../../agents/maxentdp/targets.ts';
import { numberArithmetic } from '../../../agents/posterior/arithmetic.ts';
import { tensorAlgebra } from '../../../agents/posterior/tensors.ts';
import { createEngine } from '../../../engine/index.ts';
import { RandomStream } from '../../../engine/random.ts';
import { oneHump } from '../bandit.ts';
import { summary } from '../summary.ts';
import { learnBandit } from './bandit.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the path', () => {
  // The program behind arXiv 2601.08136: ᾱ(t) = cos²((t + s) π/(2(1 + s)))/cos²(s π/(2(1 + s))), s = 0.008
  const signal = (t: number) =>
    (Math.cos(((t + 0.008) * Math.PI) / (2 * 1.008)) / Math.cos((0.008 * Math.PI) / (2 * 1.008))) ** 2;
  const { tMin, tMax } = maxEntDpPresets.paper;
  const times = [tMin, 0.02, 0.3, 0.7, 0.98, tMax];

  it('is the cosine with offset, from ᾱ = .99996 at t = .001 to 0.997998', () => {
    expect(tMax).toBeCloseTo(0.997998, 6);
    expect(signal(tMin)).toBeCloseTo(0.99996, 5);
    for (const t of times) {
      const { alpha, beta } = offsetCosine.at(t);
      expect(alpha / Math.sqrt(signal(t))).toBeCloseTo(1, 10);
      expect(beta / Math.sqrt(1 - signal(t))).toBeCloseTo(1, 10);
    }
  });

  it('is the same in float32 to its precision, at both ends too', () => {
    const found = offsetCosine.atTensor(tf.tensor1d(times));
    const clock = logSnr<tf.Tensor>(tensorAlgebra, found).dataSync();
    for (const [i, t] of Float32Array.from(times).entries()) {
      expect(found.alpha.dataSync()[i] / Math.sqrt(signal(t))).toBeCloseTo(1, 5);
      expect(found.beta.dataSync()[i] / Math.sqrt(1 - signal(t))).toBeCloseTo(1, 5);
      const exact = Math.log(signal(t) / (1 - signal(t)));
      expect(Math.abs(clock[i] - Math.min(Math.max(exact, -11.512915), 11.512915))).toBeLessThan(5e-6);
    }
  });

  it("gives the network's clock from -11.51 at the noise to 10.09 at the data", () => {
    const clock = pathTimes(20, { tMin, tMax }).map((t) => logSnr(numberArithmetic, offsetCosine.at(t)));
    expect(clock).toHaveLength(21);
    expect(clock[0]).toBeCloseTo(-11.51, 2);
    expect(clock[20]).toBeCloseTo(10.09, 2);
  });
});

describe('Q-weighted noise estimation', () => {
  const temperature = 0.2;
  const q = (a: number) => -1.5 * (a - 0.4) ** 2;

  it.each([
    [0.85, 0.2],
    [0.5, -0.6],
    [0.2, 0.1],
    [0.05, 0.9],
  ])('is E[ε | a_t] under exp(Q/λ) in the box, by quadrature, at t = %d', (t, noised) => {
    const { alpha, beta } = offsetCosine.at(t);
    const exact = expectedNoise((a) => q(a) / temperature, alpha, beta, noised);
    const [repeats, draws] = [40, 1000];
    const { noise, ess } = qneNoiseTarget(
      (action) => tf.squeeze(tf.mul(tf.square(tf.sub(action, 0.4)), -1.5), [2]),
      {
        noised: tf.fill([repeats, 1], noised),
        alpha: tf.fill([repeats, 1], alpha),
        beta: tf.fill([repeats, 1], beta),
      },
      tf.tensor(RandomStream.fromSeed(8).fillUniform(new Float32Array(repeats * draws)), [repeats, draws, 1]),
      tf.scalar(temperature),
    );
    const { mean, error } = summary(noise.dataSync());
    expect(Math.abs(mean - exact)).toBeLessThan(5 * error + 1e-4);
    for (const size of ess.dataSync()) expect(size).toBeGreaterThan(100);
  });
});

describe("the policy's log-density by denoising errors", () => {
  // A Gaussian well inside the box has the exact noise prediction ε̂ = β (a_t - α m)/(α² s² + β²).
  const m = 0.1;
  const estimate = (s: number, levels: number) => {
    const [batch, draws] = [400, 5];
    const random = RandomStream.fromSeed(5);
    const action = tf.add(tf.mul(tf.tensor(random.fillNormal(new Float32Array(batch)), [batch, 1]), s), m);
    const times = pathTimes(levels, maxEntDpPresets.paper);
    const noise = tf.tensor(random.fillNormal(new Float32Array(levels * batch * draws)), [
      levels,
      batch * draws,
      1,
    ]);
    const field = (noised: tf.Tensor, level: number) => {
      const { alpha, beta } = offsetCosine.at(times[level]);
      return tf.mul(tf.sub(noised, alpha * m), beta / (alpha ** 2 * s ** 2 + beta ** 2));
    };
    return summary(denoisingLogDensity(action, field, times, offsetCosine, noise).dataSync());
  };
  const exact = (s: number) => -0.5 * Math.log(2 * Math.PI * Math.E * s ** 2);

  it.each([0.1, 0.2])('approaches -½ log 2πe s² on average as the levels get finer, s = %d', (s) => {
    const { mean, error } = estimate(s, 400);
    expect(Math.abs(mean - exact(s))).toBeLessThan(4 * error + 0.05);
  });

  // A sum over the levels by numpy: the exact prediction's error is the variance s² β²/(α² s² + β²).
  it.each([
    [0.2, -0.178],
    [0.1, -0.416],
    [0.05, -0.822],
    [0.02, -1.601],
  ])('is too low with the 20 levels of the paper, s = %d: by %d', (s, gap) => {
    const { mean, error } = estimate(s, 20);
    expect(Math.abs(mean - exact(s) - gap)).toBeLessThan(4 * error + 0.01);
  });
});

describe('maxentdp on a bandit', () => {
  const engine = createEngine({ backend: 'wasm' });
  afterAll(() => engine.dispose());

  // Of two humps: maxentdp.nightly.test.ts.
  it('reaches the Boltzmann policy of one hump', async () => {
    const { distance, best } = await learnBandit(engine, oneHump, 1500);
    // Uniform actions are 0.4 away.
    expect(distance).toBeLessThan(0.12);
    expect(best).toBeGreaterThan(0.97);
  }, 300_000);
});

/** E[(a_t - α a)/β] under exp(log density(a)) N(a_t; α a, β²), a in [-1, 1], by the midpoint rule. */
function expectedNoise(
  logDensity: (a: number) => number,
  alpha: number,
  beta: number,
  noised: number,
): number {
  const cells = 20_000;
  let [mass, sum] = [0, 0];
  for (let i = 0; i < cells; i++) {
    const a = -1 + (2 * (i + 0.5)) / cells;
    const epsilon = (noised - alpha * a) / beta;
    const weight = Math.exp(logDensity(a) - 0.5 * epsilon * epsilon);
    mass += weight;
    sum += weight * epsilon;
  }
  return sum / mass;
}
