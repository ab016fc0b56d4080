/** Trains a test function on a mixture: prior draws of random y_t and t, weighed as the estimators weigh theirs. */
import * as tf from '@tensorflow/tfjs-core';
import { float64Algebra as a, type Float64Tensor, float64Tensor } from '../../agents/posterior/float64.ts';
import type { GaussianMixture } from '../../agents/posterior/mixture.ts';
import { temperedWeights } from '../../agents/posterior/regression.ts';
import type { Schedule } from '../../agents/posterior/schedules.ts';
import { createTestFunction } from '../../agents/posterior/test-function.ts';
import { impliedData, weighDraws } from '../../agents/posterior/weighing.ts';
import { createEngine } from '../../engine/index.ts';
import { type AdamState, adam, descend } from '../../engine/optimiser.ts';
import type { RandomStream } from '../../engine/random.ts';
import type { NdArray } from '../../engine/types.ts';
import { normals } from '../observations.ts';

export interface TrainingOptions {
  readonly mixture: GaussianMixture;
  readonly schedule: Schedule;
  /** Between the smallest and the largest of these t is drawn, uniformly. */
  readonly times: readonly number[];
  readonly updates: number;
  readonly random: RandomStream;
  /** Called with the loss now and then. */
  readonly progress?: (update: number, loss: number) => void;
}

/** A trained Φ. */
export interface TrainedTestFunction {
  /**
   * y0 - Φ u + ∇·Φ of draws of one y_t, [batch, D, N].
   * @param draws yt [1, D, 1]; prior (y0) and stein [batch, D, N]
   */
  controlled(draws: {
    alpha: number;
    beta: number;
    yt: Float64Tensor;
    prior: Float64Tensor;
    stein: Float64Tensor;
  }): Promise<Float64Tensor>;
  /** Mean of the loss over the last tenth of the updates. */
  readonly loss: number;
  /** Evaluations of the target's density and score that training took. */
  readonly evaluations: number;
  readonly seconds: number;
  dispose(): Promise<void>;
}

/** y_t of an update, and draws of each. */
const batch = 48;
const count = 48;
const peakRate = 4e-3;

type Batch = Record<'alpha' | 'beta' | 'yt' | 'y0' | 'stein', tf.Tensor>;
type Step = { readonly draws: Batch; readonly weight: tf.Tensor; readonly rate: tf.Tensor };

const array = (data: ArrayLike<number>, shape: readonly number[]): NdArray => ({
  data: Float32Array.from(data),
  shape,
});
/** Draws along the second axis, as the network takes them. */
const drawsSecond = (x: Float64Tensor): NdArray => {
  const flipped = a.transpose(x);
  return array(flipped.data, flipped.shape);
};

export async function trainTestFunction(options: TrainingOptions): Promise<TrainedTestFunction> {
  const { mixture, updates, random } = options;
  const { dim } = mixture;
  const start = performance.now();
  const engine = createEngine();
  const testFunction = createTestFunction({ dim });
  const { layout } = testFunction;
  const update = engine.compileStep<AdamState, Step, { loss: tf.Tensor }>(
    'test-function/update',
    (state, { draws, weight, rate }) => {
      const optimiser = adam({ learningRate: rate, maxGradNorm: 1 });
      const descent = descend(layout, optimiser, state, (params) => ({
        loss: tf.mean(testFunction.logVarianceLeft(params, draws, weight)),
        aux: {},
      }));
      return { state: descent.state, outputs: { loss: descent.loss } };
    },
  );
  let state = adam({ learningRate: 0 }).init(layout, layout.initialise(random.split('parameters')));
  const drawing = random.split('draws');
  let recent = 0;
  const last = Math.max(1, Math.floor(updates / 10));
  for (let i = 0; i < updates; i++) {
    // A rise over the first twentieth, then a cosine down to zero.
    const rate = peakRate * Math.min(1, (20 * (i + 1)) / updates) * Math.cos((Math.PI * i) / (2 * updates));
    const inputs = { ...drawBatch(options, drawing), rate: array([rate], []) };
    const result = await update(state, inputs);
    state = result.state;
    const loss = result.outputs.loss.data[0];
    if (!Number.isFinite(loss)) throw new Error(`training of the test function: loss ${loss} at update ${i}`);
    if (i >= updates - last) recent += loss / last;
    if (i % 50 === 49) options.progress?.(i + 1, loss);
  }
  const params: NdArray = { data: Float32Array.from(state.params.data), shape: layout.shape };
  const apply = engine.compile<Batch & { params: tf.Tensor }, { y0: tf.Tensor }>(
    'test-function/apply',
    ({ params: flat, ...draws }) => ({
      y0: tf.sub(draws.y0, testFunction.controlVariate(layout.unflatten(flat), draws)),
    }),
  );
  return {
    async controlled({ alpha, beta, yt, prior, stein }) {
      const size = prior.shape[0];
      const every = (x: ArrayLike<number>) => Array.from({ length: size }, () => Array.from(x)).flat();
      const found = await apply({
        params,
        alpha: array(every([alpha]), [size, 1, 1]),
        beta: array(every([beta]), [size, 1, 1]),
        yt: array(every(yt.data), [size, dim]),
        y0: drawsSecond(prior),
        stein: drawsSecond(stein),
      });
      const drawsFirst = float64Tensor(Float64Array.from(found.y0.data), [size, prior.shape[2], dim]);
      return a.transpose(drawsFirst);
    },
    loss: recent,
    evaluations: updates * batch * count,
    seconds: (performance.now() - start) / 1000,
    dispose: () => engine.dispose(),
  };
}

/** y_t from their marginals at random times, with weighed prior draws of each. */
function drawBatch({ mixture, schedule, times }: TrainingOptions, random: RandomStream) {
  const { dim } = mixture;
  const [low, high] = [Math.min(...times), Math.max(...times)];
  const points = Array.from({ length: batch }, () => schedule.at(low + (high - low) * random.uniform()));
  const columnOf = (values: readonly number[]) => float64Tensor(Float64Array.from(values), [batch, 1, 1]);
  const [alpha, beta] = [columnOf(points.map((p) => p.alpha)), columnOf(points.map((p) => p.beta))];
  const normal = new Float32Array(2 * dim);
  const observed = points.flatMap((point) => {
    random.fillNormal(normal);
    const y1 = mixture.sample(random.uniform(), normal);
    return y1.map((value, d) => point.alpha * value + point.beta * normal[dim + d]);
  });
  const yt = float64Tensor(Float64Array.from(observed), [batch, dim, 1]);
  const y0 = normals(random, [batch, dim, count]);
  const { logDensity, score } = mixture.evaluate(impliedData(a, alpha, beta, yt, y0));
  const ratio = a.div(beta, alpha);
  const { stein, logWeight } = weighDraws(a, { ratio, y0, score, logWeight: logDensity });
  // Tempered as for `adaptive`: with the weights themselves, one draw at small t, nothing could be learnt there.
  const weight = temperedWeights(a, logWeight, dim);
  return {
    draws: {
      alpha: array(alpha.data, [batch, 1, 1]),
      beta: array(beta.data, [batch, 1, 1]),
      yt: array(observed, [batch, dim]),
      y0: drawsSecond(y0),
      stein: drawsSecond(stein),
    },
    weight: array(weight.data, [batch, count]),
  };
}
