import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BackendName } from '../../engine/backends/records.ts';
import { createEngine } from '../../engine/index.ts';
import { constant, normal, orthogonal, uniform, zeros } from '../../engine/initialisers.ts';
import { type AdamState, adam, descend, gradientNorm, polyak } from '../../engine/optimiser.ts';
import { ParameterLayout } from '../../engine/parameters.ts';
import { RandomStream } from '../../engine/random.ts';
import { presentBackends } from './present-backends.ts';

beforeAll(() => tf.setBackend('cpu'));

describe('initialisers', () => {
  const fill = (initialise: typeof zeros, shape: number[], seed = 1) => {
    const out = new Float32Array(shape.reduce((a, b) => a * b, 1));
    initialise(out, shape, RandomStream.fromSeed(seed));
    return out;
  };

  it.each([[[64, 64]], [[64, 20]], [[20, 64]], [[30, 1]], [[4, 5, 7]]])(
    'orthogonal %j has orthonormal columns or rows, times the gain',
    (shape) => {
      const gain = 1.5;
      const columns = shape[shape.length - 1];
      const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1);
      const q = fill(orthogonal(gain), shape);
      const [count, length] = rows >= columns ? [columns, rows] : [rows, columns];
      const at = (vector: number, k: number) =>
        rows >= columns ? q[k * columns + vector] : q[vector * columns + k];
      for (let i = 0; i < count; i++) {
        for (let j = 0; j <= i; j++) {
          let product = 0;
          for (let k = 0; k < length; k++) product += at(i, k) * at(j, k);
          expect(Math.abs(product - (i === j ? gain * gain : 0))).toBeLessThan(1e-5);
        }
      }
    },
  );

  it('orthogonal is uniform over rotations: entries have mean 0 and variance 1/n, determinants both signs', () => {
    let sum = 0;
    let squares = 0;
    let positive = 0;
    const repeats = 2000;
    for (let seed = 0; seed < repeats; seed++) {
      const [a, b, c, d] = fill(orthogonal(), [2, 2], seed);
      sum += a;
      squares += a * a;
      if (a * d - b * c > 0) positive++;
    }
    expect(Math.abs(sum / repeats)).toBeLessThan(4 * Math.sqrt(0.5 / repeats));
    expect(Math.abs(squares / repeats - 0.5)).toBeLessThan(4 * Math.sqrt(0.125 / repeats));
    expect(Math.abs(positive / repeats - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / repeats));
  });

  it('fills simply', () => {
    expect([...fill(zeros, [2])]).toEqual([0, 0]);
    expect([...fill(constant(3), [2])]).toEqual([3, 3]);
    expect(fill(uniform(-1, 1), [100]).every((x) => x >= -1 && x < 1)).toBe(true);
    const spread = fill(normal(0.1), [10_000]).reduce((sum, x) => sum + x * x, 0) / 10_000;
    expect(Math.abs(spread / 0.01 - 1)).toBeLessThan(0.06);
    expect(() => fill(orthogonal(), [3])).toThrow(/two dimensions/);
  });
});

describe('ParameterLayout', () => {
  const specs = {
    kernel: { shape: [3, 2], initialise: orthogonal() },
    bias: { shape: [2], initialise: constant(1) },
    scale: { shape: [], initialise: constant(2) },
  };

  it('names the parts of a flat vector', () => {
    const layout = ParameterLayout.of(specs);
    expect([layout.size, layout.shape, layout.names]).toEqual([9, [9], ['kernel', 'bias', 'scale']]);
    const flat = tf.range(0, 9);
    const named = layout.unflatten(flat);
    expect(named.kernel.shape).toEqual([3, 2]);
    expect([...named.bias.dataSync()]).toEqual([6, 7]);
    expect([named.scale.shape, named.scale.dataSync()[0]]).toEqual([[], 8]);
    expect([...layout.flatten(named).dataSync()]).toEqual([...flat.dataSync()]);
    const host = layout.arrays(Float32Array.from(flat.dataSync()));
    expect([...host.kernel.data]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('keeps an ensemble in rows', () => {
    const layout = ParameterLayout.of(specs, { ensemble: 2 });
    expect(layout.shape).toEqual([2, 9]);
    const flat = tf.reshape(tf.range(0, 18), [2, 9]);
    const named = layout.unflatten(flat);
    expect(named.bias.shape).toEqual([2, 2]);
    expect([...named.bias.dataSync()]).toEqual([6, 7, 15, 16]);
    expect(named.scale.shape).toEqual([2]);
    expect([...layout.flatten(named).dataSync()]).toEqual([...flat.dataSync()]);
    expect([...layout.arrays(Float32Array.from(flat.dataSync())).bias.data]).toEqual([6, 7, 15, 16]);
  });

  it('starts members apart, and each parameter by its name alone', () => {
    const random = RandomStream.fromSeed(1);
    const layout = ParameterLayout.of(specs, { ensemble: 2 });
    const flat = layout.initialise(random);
    const { kernel, bias } = layout.arrays(flat);
    expect([...bias.data]).toEqual([1, 1, 1, 1]);
    expect(kernel.data.slice(0, 6)).not.toEqual(kernel.data.slice(6));
    const reordered = ParameterLayout.of({ bias: specs.bias, kernel: specs.kernel });
    expect(reordered.arrays(reordered.initialise(random)).kernel.data).toEqual(kernel.data.slice(0, 6));
  });

  it('refuses what does not fit', () => {
    const layout = ParameterLayout.of(specs);
    expect(() => layout.unflatten(tf.zeros([8]))).toThrow(/\[9\], not \[8\]/);
    expect(() => ParameterLayout.of({})).toThrow(/at least one/);
    expect(() => ParameterLayout.of(specs, { ensemble: 0 })).toThrow(/ensemble/);
  });
});

/** Adam as Kingma and Ba write it (Algorithm 1), in float64, after clipping by the norm. */
function referenceAdam(start: number[], gradients: number[][], rate: number, clip: number): number[] {
  const params = [...start];
  const m = params.map(() => 0);
  const v = params.map(() => 0);
  gradients.forEach((raw, step) => {
    const norm = Math.hypot(...raw);
    const g = raw.map((x) => (norm > clip ? (x * clip) / norm : x));
    const t = step + 1;
    g.forEach((x, i) => {
      m[i] = 0.9 * m[i] + 0.1 * x;
      v[i] = 0.999 * v[i] + 0.001 * x * x;
      params[i] -= (rate * (m[i] / (1 - 0.9 ** t))) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8);
    });
  });
  return params;
}

const backends = await presentBackends('cpu', 'wasm', 'onnx');

describe('adam', () => {
  const gradients = Array.from({ length: 20 }, (_, t) =>
    [0, 1, 2].map((i) => Math.sin(1 + 3 * t + 7 * i) * (i + 1)),
  );

  it.each(
    backends.flatMap((backend) => [
      [backend, 2],
      [backend, null],
    ]) as [BackendName | 'cpu', number | null][],
  )('follows the algorithm on %s, clipped at %s', async (backend, maxGradNorm) => {
    const engine = createEngine({ backend });
    const optimiser = adam({ learningRate: 0.01, maxGradNorm });
    const layout = ParameterLayout.of({ w: { shape: [3], initialise: zeros } });
    const step = engine.compileStep('adam', (state: { a: AdamState }, { g }: { g: tf.Tensor }) => ({
      state: { a: optimiser.step(state.a, g, gradientNorm(g)) },
      outputs: { norm: gradientNorm(g) },
    }));
    let state = { a: optimiser.init(layout, Float32Array.of(1, -1, 0.5)) };
    for (const g of gradients)
      state = (await step(state, { g: { data: Float32Array.from(g), shape: [3] } })).state;
    const expected = referenceAdam([1, -1, 0.5], gradients, 0.01, maxGradNorm ?? Number.POSITIVE_INFINITY);
    for (let i = 0; i < 3; i++) expect(Math.abs(state.a.params.data[i] - expected[i])).toBeLessThan(2e-6);
    await engine.dispose();
  });

  it('clips each row of an ensemble by itself, and rows do not meet', async () => {
    const engine = createEngine();
    const optimiser = adam({ learningRate: 0.01, maxGradNorm: 1 });
    const layout = ParameterLayout.of({ w: { shape: [2], initialise: zeros } }, { ensemble: 2 });
    const step = engine.compileStep('rows', (state: { a: AdamState }, { c }: { c: tf.Tensor }) => {
      const {
        state: a,
        loss,
        gradNorm,
      } = descend(layout, optimiser, state.a, ({ w }) => ({
        loss: tf.sum(tf.mul(w, c), 1),
        aux: {},
      }));
      return { state: { a }, outputs: { loss, gradNorm } };
    });
    const c = Float32Array.of(0.3, 0.4, 30, 40);
    const { state, outputs } = await step(
      { a: optimiser.init(layout, Float32Array.of(1, 2, 3, 4)) },
      { c: { data: c, shape: [2, 2] } },
    );
    expect([...outputs.gradNorm.data].map((x) => Math.round(x * 1e4) / 1e4)).toEqual([0.5, 50]);
    expect(outputs.loss.shape).toEqual([2]);
    // Adam's first moment after one step is 0.1 of the clipped gradient.
    const expected = [0.03, 0.04, 0.06, 0.08];
    expected.forEach((x, i) => {
      expect(Math.abs(state.a.m.data[i] - x)).toBeLessThan(1e-6);
    });
    await engine.dispose();
  });

  it('averages towards the source', () => {
    const average = polyak(tf.tensor1d([0, 2]), tf.tensor1d([1, 4]), 0.25);
    expect([...average.dataSync()]).toEqual([0.25, 2.5]);
  });

  it('frees its tensors when run eagerly', () => {
    const layout = ParameterLayout.of({ w: { shape: [2], initialise: zeros } });
    const optimiser = adam({ learningRate: 0.01 });
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const params = tf.ones([2]);
      const state = { params, m: tf.zeros([2]), v: tf.zeros([2]), count: tf.scalar(0) };
      const { aux } = descend(layout, optimiser, state, ({ w }) => {
        const twice = tf.mul(w, 2);
        return { loss: tf.sum(twice), aux: { twice } };
      });
      expect([...aux.twice.dataSync()]).toEqual([2, 2]);
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});
