/**
 * The host side of an agent: draws the noise, keeps the state, calls the compiled algorithm. An algorithm is
 * a handful of pure functions; everything that they need to be reproducible is decided here, once.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Layer, ParameterLayout } from '../engine/parameters.ts';
import type { RandomStreamState } from '../engine/random.ts';
import { RandomStream } from '../engine/random.ts';
import { OperandError } from '../engine/trace/errors.ts';
import type { Arrays, NdArray, StepFunction, Tree } from '../engine/types.ts';
import { exp, log } from '../math/elementary.ts';
import { unknownKey } from '../names/nearest.ts';
import type { Agent, AgentContext, Batch, Metrics, TrainingConfig } from './agent.ts';
import { fromRecord, toRecord } from './snapshot.ts';
import { stateKeys } from './state-key.ts';

/** How one noise tensor is drawn: standard normals, or uniforms in [0, 1). */
export interface Draw {
  readonly law: 'normal' | 'uniform';
  readonly shape: readonly number[];
}

export type Noise = Record<string, tf.Tensor>;
/** How each noise tensor is drawn, by its name. */
export type Draws<N> = { readonly [Name in keyof N]: Draw };

/** A `Batch` on the way through the graph. */
export type BatchTensors = {
  observation: tf.Tensor;
  action: tf.Tensor;
  reward: tf.Tensor;
  mask: tf.Tensor;
  nextObservation: tf.Tensor;
};

/** Scalars that follow a schedule, inputs of the graph: λ, and the algorithm's own annealed constants. */
export type Scheduled = { temperature: tf.Tensor; annealed?: Readonly<Record<string, tf.Tensor>> };
/** What an update is given beside the state: batch, noise, and the schedules. */
export type UpdateInputs<N> = { batch: BatchTensors; noise: N } & Scheduled;
/** What a policy is given: its parameters, observations [states, obs], noise, and the schedules. */
export type ActInputs<P, N> = { policy: P; observation: tf.Tensor; noise: N } & Scheduled;

/** One way of acting. */
export interface Acting<P, N> {
  /**
   * The noise for that many states. In exploration it comes from the run's stream; in evaluation a state's share is a
   * function of that state (state-key.ts), so that the action is one of parameters and state.
   */
  draws(states: number): Draws<N>;
  /** @returns action [states, act] in [-1, 1] */
  act(inputs: ActInputs<P, N>): { action: tf.Tensor };
}

/** Gets quantities inside an update by name while its graph is made; a comparison looks at them, a run does not. */
export type Observe = (name: string, value: tf.Tensor) => void;

type UpdateStep<S, N> = StepFunction<S, UpdateInputs<N>, { metrics: tf.Tensor } & Record<string, tf.Tensor>>;

/** One kind of update. */
export interface Update<S, N> {
  /** Names of the entries of `outputs.metrics`, in order. */
  readonly metrics: readonly string[];
  /** (state, inputs) → the next state and `outputs.metrics`, [metrics]. */
  readonly step: (
    ...args: [...Parameters<UpdateStep<S, N>>, observe?: Observe]
  ) => ReturnType<UpdateStep<S, N>>;
  /** Further metrics from the noise and the outputs of this update, computed on the host. */
  report?(noise: Readonly<Record<string, NdArray>>, outputs: Readonly<Record<string, NdArray>>): Metrics;
}

/** λ at the start, and after `temperatureSteps` updates of log-linear annealing; without a final one it stays. */
export interface TemperatureSchedule {
  readonly temperature: number;
  readonly finalTemperature?: number | null;
  readonly temperatureSteps: number;
}

/** A constant that goes log-linearly from one value to another within that many updates, and stays there. */
export interface Annealing {
  readonly from: number;
  readonly to: number;
  readonly updates: number;
}

/** An algorithm as pure functions: S its state, N the noise of an update, P what acting needs of the state. */
export interface Algorithm<S, N, P, Explore, Exploit> {
  /** The agent's name, for its graphs. */
  readonly name: string;
  /** The state before the first update, from the stream alone. */
  initialise(random: RandomStream): Arrays<S>;
  /** The layouts of flat parameters by their names in the state, for readers of checkpoints. */
  readonly layouts?: Readonly<Record<string, ParameterLayout>>;
  /** The noise of one update. */
  draws(batch: number): Draws<N>;
  /** Taken in turn, so that a policy can learn at every second update, for example. */
  readonly updates: readonly Update<S, N>[];
  /** The part of the state that acting needs. */
  policy(state: Arrays<S>): Arrays<P>;
  readonly explore: Acting<P, Explore>;
  readonly exploit: Acting<P, Exploit>;
  /** λ's schedule; without one the functions get λ = 1. */
  readonly temperature?: TemperatureSchedule;
  /** Further annealed constants; the functions get them as `annealed`, by these names. None by default. */
  readonly annealed?: Readonly<Record<string, Annealing>>;
}

/** The agent that an algorithm is. */
export async function hostAgent<S, N extends Noise, P, Explore extends Noise, Exploit extends Noise>(
  algorithm: Algorithm<S, N, P, Explore, Exploit>,
  context: AgentContext<TrainingConfig>,
): Promise<Agent> {
  const { engine, config } = context;
  const [obs, act] = [context.observation.size, context.action.size];
  const { name } = algorithm;
  checkKeys(algorithm);
  checkDraws(`${name}: draws`, algorithm.draws(config.batchSize));
  for (const mode of ['explore', 'exploit'] as const)
    checkDraws(`${name}: ${mode}.draws`, algorithm[mode].draws(1));
  const updateSteps = algorithm.updates.map(({ metrics, step, report }, i) => ({
    metrics,
    report,
    run: engine.compileStep(`${name}/update${algorithm.updates.length > 1 ? i : ''}`, step),
  }));
  const axes = stateAxes(algorithm.exploit.draws);
  const modes = {
    explore: acting('explore', algorithm.explore, (noise) => fill(noise, exploreStream.random)),
    exploit: acting('exploit', algorithm.exploit, (noise, observations, count) =>
      fillByState(noise, axes, observations, count),
    ),
  };
  const exploreStream = { random: context.random.split('explore') };
  const updateStream = { random: context.random.split('update') };
  const updateNoise = allocate(algorithm.draws(config.batchSize));
  const annealings = { ...temperatureAnnealing(algorithm.temperature), ...algorithm.annealed };
  let state = algorithm.initialise(context.random);
  let updates = 0;
  /** Kept between updates: a step that leaves a part out does not report on it. */
  const metrics: Metrics = {};

  function acting<A extends Noise>(
    mode: string,
    { draws, act }: Acting<P, A>,
    refill: (noise: NoiseArrays, observations: Float32Array, count: number) => void,
  ) {
    const run = engine.compile(`${name}/${mode}`, act);
    const allocated = new Map<number, NoiseArrays>();
    return {
      run,
      async act(observations: Float32Array, count: number): Promise<Float32Array> {
        const noise = allocated.get(count) ?? allocate(draws(count));
        allocated.set(count, noise);
        refill(noise, observations, count);
        const { action } = await run({
          policy: algorithm.policy(state),
          observation: { data: observations, shape: [count, obs] },
          noise: byName<A>(noise),
          ...scheduled(valuesAt(annealings, updates)),
        });
        return action.data as Float32Array;
      },
    };
  }

  return {
    act: (observations, count, mode) => modes[mode].act(observations, count),

    async update(batch) {
      const { metrics: names, run, report } = updateSteps[updates % updateSteps.length];
      const annealed = valuesAt(annealings, updates);
      fill(updateNoise, updateStream.random);
      const noise = byName<N>(updateNoise);
      const result = await run(state, {
        batch: batchArrays(batch, obs, act),
        noise,
        ...scheduled(annealed),
      });
      state = result.state;
      updates++;
      const values = result.outputs.metrics.data;
      for (const [i, metric] of names.entries()) metrics[metric] = values[i];
      Object.assign(metrics, annealed);
      return { ...metrics, ...report?.(noise as Record<string, NdArray>, result.outputs) };
    },

    async save() {
      const streams = {
        update: updateStream.random.state(),
        explore: exploreStream.random.state(),
      };
      const arrays = toRecord(state as Tree<NdArray>);
      return {
        arrays,
        layers: layersOf(arrays, algorithm.layouts),
        values: { updates, metrics: { ...metrics }, streams },
      };
    },

    async load(snapshot) {
      state = fromRecord(snapshot.arrays, state as Tree<NdArray>) as Arrays<S>;
      const values = snapshot.values as {
        updates: number;
        metrics: Metrics;
        streams: Record<'update' | 'explore', RandomStreamState>;
      };
      updates = values.updates;
      Object.assign(metrics, values.metrics);
      updateStream.random = RandomStream.restore(values.streams.update);
      exploreStream.random = RandomStream.restore(values.streams.explore);
    },

    async dispose() {
      const compiled = [...updateSteps, modes.explore, modes.exploit];
      await Promise.all(compiled.map(({ run }) => run.dispose()));
    },
  };
}

/** The layers of the arrays that lie as a layout says: parameters, targets and the moments of optimisers. */
function layersOf(
  arrays: Readonly<Record<string, NdArray>>,
  layouts: Readonly<Record<string, ParameterLayout>> = {},
): Record<string, readonly Layer[]> {
  const named = Object.entries(arrays).flatMap(([name, { shape }]) => {
    const layout = layouts[name.split('/', 1)[0]];
    return layout !== undefined && layout.shape.join() === shape.join()
      ? [[name, layout.layers] as const]
      : [];
  });
  return Object.fromEntries(named);
}

/** The metrics in the order of their names, as one tensor: one output instead of many. */
export function stackMetrics<Name extends string>(
  names: readonly Name[],
  values: Readonly<Record<Name, tf.Tensor>>,
): tf.Tensor {
  const scalar = (name: Name) => {
    const { shape, size } = values[name];
    if (size === 1) return tf.reshape(values[name], []);
    throw new OperandError(name, `a metric is one number, not numbers of the shape [${shape}]`);
  };
  return tf.stack(names.map(scalar));
}

function temperatureAnnealing(schedule?: TemperatureSchedule): Readonly<Record<string, Annealing>> {
  if (schedule === undefined) return {};
  const { temperature: from, finalTemperature, temperatureSteps: updates } = schedule;
  return { temperature: { from, to: finalTemperature ?? from, updates } };
}

/** The annealed constants after that many updates, by name. */
function valuesAt(annealings: Readonly<Record<string, Annealing>>, updates: number): Record<string, number> {
  const entries = Object.entries(annealings).map(([name, { from, to, updates: last }]) => {
    const progress = Math.min(1, updates / last);
    return [name, exp(log(from) + (log(to) - log(from)) * progress)] as const;
  });
  return Object.fromEntries(entries);
}

function scheduled({ temperature = 1, ...others }: Record<string, number>) {
  const scalars = Object.entries(others).map(([name, value]) => [name, scalar(value)] as const);
  return { temperature: scalar(temperature), annealed: Object.fromEntries(scalars) };
}

type NoiseArrays = { readonly law: Draw['law']; readonly name: string; readonly array: NdArray }[];

function allocate(draws: Readonly<Record<string, Draw>>): NoiseArrays {
  return Object.entries(draws).map(([name, { law, shape }]) => {
    return { law, name, array: { data: new Float32Array(product(shape)), shape } };
  });
}

const keysOf = <Of>(keys: Readonly<Record<keyof Of, true>>): string[] => Object.keys(keys);

type AnyAlgorithm = Algorithm<never, never, never, never, never>;
const algorithmKeys = keysOf<AnyAlgorithm>({
  ...{ name: true, initialise: true, layouts: true, draws: true, updates: true, policy: true },
  ...{ explore: true, exploit: true, temperature: true, annealed: true },
});
const actingKeys = keysOf<Acting<never, never>>({ draws: true, act: true });
const updateKeys = keysOf<Update<never, never>>({ metrics: true, step: true, report: true });

/** Users' files are not type-checked: a misspelt key would be a part that the algorithm lacks. */
function checkKeys(algorithm: { readonly [Key in keyof AnyAlgorithm]: unknown }): void {
  const { name, explore, exploit, updates } = algorithm;
  const expect = (what: string, value: unknown, known: readonly string[]) => {
    const fault = unknownKey(Object(value), known);
    if (fault !== undefined) throw new TypeError(`${name}: ${what}${fault}`);
  };
  expect('', algorithm, algorithmKeys);
  expect('explore: ', explore, actingKeys);
  expect('exploit: ', exploit, actingKeys);
  for (const [i, update] of (updates as readonly unknown[]).entries())
    expect(`updates[${i}]: `, update, updateKeys);
}

const LAWS: readonly unknown[] = ['normal', 'uniform'] satisfies readonly Draw['law'][];

/** Users' files are not type-checked. @param where what messages begin with */
function checkDraws(where: string, draws: Readonly<Record<string, Draw>>): void {
  for (const [noise, given] of Object.entries(draws)) {
    const { law, shape, ...others } = given;
    const fault = (what: string) => new TypeError(`${where}: the noise '${noise}' has ${what}`);
    if (!LAWS.includes(law)) throw fault(`the law ${JSON.stringify(law)}; expected 'normal' or 'uniform'`);
    if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && size >= 0))
      throw fault(`the shape ${JSON.stringify(shape)}; expected a list of whole numbers`);
    const [odd] = Object.keys(others);
    if (odd !== undefined) throw fault(`the unknown key '${odd}'; known: law, shape`);
  }
}

const product = (sizes: readonly number[]) => sizes.reduce((total, size) => total * size, 1);

/** Draws afresh, in the order in which the algorithm names its noise. */
function fill(noise: NoiseArrays, random: RandomStream): void {
  for (const { law, array } of noise) draw(law, random, array.data as Float32Array);
}

/** The axis of each noise along which the states lie: where its shape grows with their number; -1 for none. */
function stateAxes<N>(draws: (states: number) => Draws<N>): Record<string, number> {
  const two = draws(2) as Readonly<Record<string, Draw>>;
  const axes = Object.entries<Draw>(draws(1)).map(([name, { shape }]) => {
    return [name, shape.findIndex((size, axis) => two[name].shape[axis] !== size)] as const;
  });
  return Object.fromEntries(axes);
}

/** The second word of the keys of evaluation's streams, "EVAL"; no seed below 2^53 leads to it. */
const EVALUATION = 0x4556414c;

/**
 * Every state's share of the noise, from a stream of its own; noise that all states share, from that of key 0.
 * @param axes of the states, by the noise's name @param observations [count, obs]
 */
function fillByState(
  noise: NoiseArrays,
  axes: Readonly<Record<string, number>>,
  observations: Float32Array,
  count: number,
): void {
  if (noise.length === 0) return;
  const streamOf = (key: number) => RandomStream.restore({ key: [key, EVALUATION], counter: 0 });
  const streams = [...stateKeys(observations, count)].map(streamOf);
  for (const { law, name, array } of noise) {
    const data = array.data as Float32Array;
    if (axes[name] < 0) {
      draw(law, streamOf(0), data);
      continue;
    }
    const share = product(array.shape.slice(axes[name])) / count;
    for (let at = 0; at < data.length; at += share) {
      draw(law, streams[(at / share) % count], data.subarray(at, at + share));
    }
  }
}

function draw(law: Draw['law'], random: RandomStream, out: Float32Array): void {
  if (law === 'normal') random.fillNormal(out);
  else random.fillUniform(out);
}

/** As the algorithm's functions get it, whose `draws` gave the names. */
function byName<N extends Noise>(noise: NoiseArrays): Arrays<N> {
  return Object.fromEntries(noise.map(({ name, array }) => [name, array])) as Arrays<N>;
}

function batchArrays(batch: Batch, obs: number, act: number): Arrays<BatchTensors> {
  const { size } = batch;
  return {
    observation: { data: batch.observation, shape: [size, obs] },
    action: { data: batch.action, shape: [size, act] },
    reward: { data: batch.reward, shape: [size] },
    mask: { data: batch.mask, shape: [size] },
    nextObservation: { data: batch.nextObservation, shape: [size, obs] },
  };
}

function scalar(value: number): NdArray {
  return { data: Float32Array.of(value), shape: [] };
}
