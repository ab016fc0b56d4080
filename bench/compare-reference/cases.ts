/**
 * Cases that the official program computed (record.py), and their comparison with an algorithm of this harness.
 *
 * A case is one JSON file: `algorithm`, `versions`, `sizes`, `seed`, `count` (Adam's steps before this update), `config`
 * (the program's own configuration), `rounding` (the program's float32 against float64), and `arrays`, each with its shape and its little-endian float32 numbers in base64.
 * B is the batch, D the action's size. The arrays:
 *
 *   batch/observation [B, obs], action [B, D], reward [B], mask [B], nextObservation [B, obs]
 *   before/NETWORK/params/LAYER/kernel [in, out], .../bias [out], and .../m/..., .../v/... (Adam's moments)
 *     NETWORK is `actor` or `critic`; the two critics are one ensemble with a leading axis of 2. The layers are
 *     layer0, layer1, ... in the order of the forward pass; QVPO's actor has time0, time1 (its time network) before.
 *   before/target/LAYER/... the critics' target; before/targetActor/LAYER/... QVPO's target actor
 *   before/temperature/params/logAlpha [], .../m/..., .../v/... of SAC
 *   after/actor/..., after/critic/..., after/target/..., after/targetActor/..., after/temperature/logAlpha
 *   noise/NAME, of the update. All are standard normals or uniforms in [0, 1), as the agents' `draws` have them:
 *     rfm       endpointStart, nextStart [B, M, D]; endpointChoice, nextChoice [B, M] (uniforms behind the Gumbel
 *               noise); time [B] (uniform, t = tMin + (1 - 2 tMin) u); bridge [B, D]; prior [B, K, D]
 *     sac       next, actor [B, D]
 *     dqs       start [B, D]; path [20, B, D]; time [B] (uniform); bridge [B, D]; score [B, K, D]
 *     maxentdp  start [B, 1, D]; path [20, B, D]; density [B, draws, 20, D] (levels from the data, j = 1, to the noise);
 *               time [B] (uniform); bridge [B, D]; prior [B, N, D] (uniforms behind the truncated normals)
 *     qsm       start [B, D]; path [20, B, D]; smoothing [B, D]; step [B]; bridge [B, D]
 *     qvpo      nextStart [B, 4, D]; nextPath [20, 4 B, D]; start [B, N, D]; path [20, N B, D];
 *               uniform [10 B, D] (a = 2 u - 1); step [11 B]; bridge [11 B, D]. Rows: the B imitated actions, then
 *               the uniform ones, ten in turn for each state
 *     A path's steps are in the order of sampling, from the noise to the data; the last is drawn and not used, DQS's
 *     apart. `step` is (i + 1/2)/20 where the program drew the step i in 0 ... 19, so that floor(20 u) = i.
 *   drawn/NAME: values that the program made of noise: step [B] or [11 B] of qsm and qvpo, candidates [B, N, D] of
 *     maxentdp (the truncated normals)
 *   expected/NAME, of the update:
 *     all       nextAction [B, D]; target [B] (of the TD error); criticLoss [2]; criticGradNorm [2]; actorLoss;
 *               actorGradNorm (norms before clipping)
 *     rfm       endpoint, endpointAction, noised [B, D] (y₁, tanh y₁, y_t); time [B]; dataMean, noiseMean [B, D]
 *               (μ₁, μ₀); regression [B, D]; ess [B]; coefficient [B] (mean over the dimensions)
 *     sac       nextLogDensity, logDensity [B]; temperatureLoss
 *     dqs       time, weight [B]; noised, regression [B, D]
 *     maxentdp  nextLogDensity, time, logSnr, ess [B]; noised, regression [B, D]
 *     qsm       noised, regression [B, D]
 *     qvpo      imitated [B, D]; advantage [B]
 *   explore/action, exploit/action [B, D] at batch/observation with the parameters before the update, and
 *     explore/noise/NAME, exploit/noise/NAME: start, choice, path as above; action of sac; exploration [B, D] of qsm
 */
import { readFileSync } from 'node:fs';
import type * as tf from '@tensorflow/tfjs-core';
import type { ActInputs, Algorithm, Draw, Noise, Observe } from '../../agents/host.ts';
import { RandomStream } from '../../engine/random.ts';
import { isNdArray, leavesOf, treeOf } from '../../engine/tree.ts';
import type { Arrays, Engine, NdArray } from '../../engine/types.ts';

export interface ReferenceCase {
  readonly algorithm: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly sizes: { readonly observation: number; readonly action: number; readonly batch: number };
  readonly count: number;
  /** Error of each expected quantity as the program computed it, against float64; relative, of `after/` absolute. */
  readonly rounding: Readonly<Record<string, number>>;
  /** The program's configuration, by section: trainer, actor, critic, and the algorithm's own. */
  readonly config: Readonly<Record<string, Readonly<Record<string, number | string | boolean | null>>>>;
  readonly arrays: Readonly<Record<string, RecordedArray>>;
}

/** A recorded array; its numbers are the file's own. */
export type RecordedArray = { readonly data: Float32Array; readonly shape: readonly number[] };

/** How far a quantity may be off: relative, or for parameters after the update absolute. */
export const tolerances = { action: 1e-5, target: 1e-5, loss: 1e-5, parameters: 1e-6 } as const;

export interface Difference {
  /** As in the case: `expected/target`, `after/actor`, `explore/action`. */
  readonly quantity: string;
  readonly kind: 'relative' | 'absolute';
  readonly error: number;
  readonly tolerance: number;
}

export function readCase(file: string): ReferenceCase {
  const found = JSON.parse(readFileSync(file, 'utf8')) as ReferenceCase & {
    format: number;
    arrays: Record<string, { shape: number[]; float32: string }>;
  };
  if (found.format !== 1) throw new Error(`${file}: format ${found.format} is not known, only 1`);
  const arrays: Record<string, RecordedArray> = {};
  for (const [name, { shape, float32 }] of Object.entries(found.arrays)) {
    const bytes = Buffer.from(float32, 'base64');
    const data = Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
    if (data.length !== sizeOf(shape))
      throw new Error(`${file}: '${name}' has not the numbers of [${shape}]`);
    arrays[name] = { data, shape };
  }
  return { ...found, arrays };
}

/** A recorded array by its name. */
export function recorded(reference: ReferenceCase, name: string): RecordedArray {
  const found = reference.arrays[name];
  if (found === undefined) throw new Error(`the case of ${reference.algorithm} has no array '${name}'`);
  return found;
}

/**
 * A network's parameters as one flat vector, [P] or of an ensemble [2, P], in the recorded order of its layers.
 * @param prefix `before/actor/params/`, `after/critic/`
 * @param ensemble whether the arrays have a leading axis of members
 */
export function flatParameters(reference: ReferenceCase, prefix: string, ensemble: boolean): RecordedArray {
  const parts = Object.entries(reference.arrays).filter(([name]) => name.startsWith(prefix));
  if (parts.length === 0) throw new Error(`the case of ${reference.algorithm} has no arrays '${prefix}...'`);
  const members = ensemble ? parts[0][1].shape[0] : 1;
  const size = parts.reduce((sum, [, { data }]) => sum + data.length, 0) / members;
  const flat = new Float32Array(members * size);
  for (let member = 0, at = 0; member < members; member++) {
    for (const [, { data }] of parts) {
      const length = data.length / members;
      flat.set(data.subarray(member * length, (member + 1) * length), at);
      at += length;
    }
  }
  return { data: flat, shape: ensemble ? [members, size] : [size] };
}

/** The largest |found - expected| over the larger of |expected| and the root mean square of all expected. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  const reference = sameLength(found, expected);
  const scale = Math.sqrt(reference.reduce((sum, x) => sum + x * x, 0) / reference.length);
  return largest(
    reference,
    (x, i) => Math.abs(found[i] - x) / Math.max(Math.abs(x), scale, Number.MIN_VALUE),
  );
}

/** The largest |found - expected|. */
export function absoluteError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  return largest(sameLength(found, expected), (x, i) => Math.abs(found[i] - x));
}

function sameLength(found: ArrayLike<number>, expected: ArrayLike<number>): number[] {
  if (found.length !== expected.length) {
    throw new RangeError(`${found.length} numbers were computed where ${expected.length} were recorded`);
  }
  return Array.from(expected);
}

/** NaN where any error is one. */
function largest(expected: readonly number[], error: (x: number, i: number) => number): number {
  return expected.reduce((most, x, i) => {
    const e = error(x, i);
    return e > most || Number.isNaN(e) ? e : most;
  }, 0);
}

/** Gives an algorithm's noise array of that name from a case; the case's own of the same name by default. */
export type NoiseOf = (reference: ReferenceCase, prefix: string, name: string) => RecordedArray | undefined;

// biome-ignore format: one line a network
const networks: Readonly<Record<string, { readonly after: string; readonly ensemble: boolean }>> = {
  actor: { after: 'actor', ensemble: false },
  critic: { after: 'critic', ensemble: true },
  target: { after: 'target', ensemble: true },
  targetCritic: { after: 'target', ensemble: true },
  targetActor: { after: 'targetActor', ensemble: false },
  temperature: { after: 'temperature', ensemble: false },
};

/** Metrics of an update, and the expected quantity whose mean each is. */
const metricQuantities: Readonly<Record<string, string>> = {
  critic_loss: 'criticLoss',
  critic_grad_norm: 'criticGradNorm',
  actor_loss: 'actorLoss',
  actor_grad_norm: 'actorGradNorm',
  ess: 'ess',
  advantage_weight: 'advantage',
};

/**
 * One update and both ways of acting of an algorithm on a case's numbers: the difference of every quantity that both
 * sides have. Those that an update passes to `observe` are compared by their names, the metrics by their means.
 */
export async function compareWithCase<S, N extends Noise, P, E extends Noise, X extends Noise>(
  engine: Engine,
  algorithm: Algorithm<S, N, P, E, X>,
  reference: ReferenceCase,
  noiseOf: NoiseOf = () => undefined,
): Promise<Difference[]> {
  const { batch: size } = reference.sizes;
  const temperature = scalar(algorithm.temperature?.temperature ?? 1);
  const inputsFor = (prefix: string, draws: Readonly<Record<string, Draw>>) =>
    Object.fromEntries(
      Object.entries(draws).map(([name, { shape }]) => {
        const found = noiseOf(reference, prefix, name) ?? recorded(reference, `${prefix}${name}`);
        if (found.data.length !== sizeOf(shape)) {
          throw new RangeError(`noise '${prefix}${name}' is [${found.shape}], the agent draws [${shape}]`);
        }
        return [name, { data: found.data.slice(), shape }];
      }),
    );
  const differences: Difference[] = [];
  const state = stateOf(algorithm.initialise(RandomStream.fromSeed(0)), reference);

  for (const mode of ['explore', 'exploit'] as const) {
    const { draws, act } = algorithm[mode];
    const run = engine.compile(
      `${algorithm.name}/${mode}`,
      act as (inputs: ActInputs<P, Noise>) => { action: tf.Tensor },
    );
    const { action } = await run({
      policy: algorithm.policy(state),
      observation: recorded(reference, 'batch/observation'),
      noise: inputsFor(`${mode}/noise/`, draws(size)),
      temperature,
    } as never);
    const expected = recorded(reference, `${mode}/action`);
    const error = relativeError((action as NdArray).data, expected.data);
    differences.push({ quantity: `${mode}/action`, kind: 'relative', error, tolerance: tolerances.action });
    await run.dispose();
  }

  const [{ metrics, step }] = algorithm.updates;
  const run = engine.compileStep(
    `${algorithm.name}/update`,
    (before: S, inputs: Parameters<typeof step>[1]) => {
      const observed: Record<string, tf.Tensor> = {};
      const observe: Observe = (name, value) => {
        observed[name] = value;
      };
      const { state: after, outputs } = step(before, inputs, observe);
      return { state: after, outputs: { ...outputs, observed } };
    },
  );
  const batch = Object.fromEntries(
    ['observation', 'action', 'reward', 'mask', 'nextObservation'].map((name) => [
      name,
      recorded(reference, `batch/${name}`),
    ]),
  );
  const inputs = { batch, noise: inputsFor('noise/', algorithm.draws(size)), temperature };
  const result = await run(state, inputs as never);
  const outputs = result.outputs as unknown as { metrics: NdArray; observed?: Record<string, NdArray> };

  const { observed = {} } = outputs;
  for (const [name, { data }] of Object.entries(observed)) {
    const expected = recorded(reference, `expected/${name}`);
    const tolerance = /Loss|GradNorm/.test(name) ? tolerances.loss : tolerances.target;
    const error = relativeError(data, expected.data);
    differences.push({ quantity: `expected/${name}`, kind: 'relative', error, tolerance });
  }
  for (const [i, metric] of metrics.entries()) {
    const quantity = metricQuantities[metric];
    if (quantity === undefined || quantity in observed) continue;
    const expected = reference.arrays[`expected/${quantity}`];
    if (expected === undefined) continue;
    const mean = expected.data.reduce((sum, x) => sum + x, 0) / expected.data.length;
    const error = relativeError([outputs.metrics.data[i]], [mean]);
    differences.push({
      quantity: `expected/${quantity}`,
      kind: 'relative',
      error,
      tolerance: tolerances.loss,
    });
  }
  for (const { leaf, value } of leavesOf(result.state, isNdArray)) {
    const [name, part] = leaf.keys;
    if (part !== undefined && part !== 'params') continue;
    const { after, ensemble } = networks[name];
    const error = absoluteError(value.data, flatParameters(reference, `after/${after}/`, ensemble).data);
    differences.push({
      quantity: `after/${after}`,
      kind: 'absolute',
      error,
      tolerance: tolerances.parameters,
    });
  }
  await run.dispose();
  return differences;
}

/** An algorithm's state with a case's parameters, moments and targets. */
function stateOf<S>(template: Arrays<S>, reference: ReferenceCase): Arrays<S> {
  const leaves = leavesOf(template, isNdArray);
  const values = leaves.map(({ leaf, value }) => {
    const [name, part] = leaf.keys;
    if (part === 'count') return scalar(reference.count);
    const network = networks[name];
    if (network === undefined) throw new Error(`a state's '${leaf.path}' is in no case`);
    const prefix = part === undefined ? `before/${network.after}/` : `before/${name}/${part}/`;
    const { data } = flatParameters(reference, prefix, network.ensemble);
    if (data.length !== value.data.length) {
      throw new RangeError(`'${leaf.path}' has [${value.shape}] parameters, the case ${data.length}`);
    }
    return { data, shape: value.shape };
  });
  return treeOf(
    leaves.map(({ leaf }) => leaf),
    values,
  ) as Arrays<S>;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

function scalar(value: number): NdArray {
  return { data: Float32Array.of(value), shape: [] };
}
