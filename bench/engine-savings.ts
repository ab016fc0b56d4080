/**
 * What each exact saving of the training step is worth by itself: the form in use beside the plain form of the same
 * computation, in turn, on one thread. Both must give the same numbers.
 *
 *   npx jiti bench/engine-savings.ts [--preset smoke,laptop,paper] [--rounds 7] [--json]
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type { Preset } from '../agents/agent.ts';
import { TwinCritic } from '../agents/critic.ts';
import { TimeNetwork } from '../agents/networks.ts';
import { rfmFlow } from '../agents/rfm/flow.ts';
import { euler, integrationTimes } from '../agents/samplers.ts';
import { inBlocks } from '../engine/blocks.ts';
import { createEngine } from '../engine/index.ts';
import { type AdamState, adam, gradientNorm } from '../engine/optimiser.ts';
import type { ParameterLayout } from '../engine/parameters.ts';
import { RandomStream } from '../engine/random.ts';
import type { NdArray } from '../engine/types.ts';

type Tensors = Record<string, tf.Tensor>;
type Form = (inputs: Tensors) => Tensors;

interface Saving {
  readonly name: string;
  readonly inputs: Record<string, NdArray>;
  readonly used: Form;
  readonly plain: Form;
}

const { values } = parseArgs({
  options: {
    preset: { type: 'string', default: 'smoke,laptop,paper' },
    rounds: { type: 'string', default: '7' },
    json: { type: 'boolean', default: false },
  },
});
const random = RandomStream.fromSeed(0);
const normal = (shape: readonly number[], scale = 1): NdArray => {
  const data = random.fillNormal(new Float32Array(shape.reduce((product, n) => product * n, 1)));
  return { data: data.map((x) => x * scale), shape };
};
const obs = 24;
const act = 6;

function savings(preset: Preset): Saving[] {
  const config = rfmFlow.presets[preset];
  const { batchSize: batch, priorDraws: draws, particles, integrationSteps, tMin } = config;
  const critic = new TwinCritic({
    observationSize: obs,
    actionSize: act,
    width: config.criticWidth,
    layers: config.criticLayers,
  });
  const actor = new TimeNetwork({
    observationSize: obs,
    actionSize: act,
    width: config.actorWidth,
    blocks: config.actorBlocks,
    embedding: config.embedding,
    embeddingScale: config.embeddingScale,
  });
  const parameters = (layout: ParameterLayout): NdArray => ({
    data: layout.initialise(random.split('parameters')),
    shape: layout.shape,
  });
  const posterior = {
    weights: parameters(critic.layout),
    observation: normal([batch, obs]),
    action: normal([batch, draws, act], 0.3),
  };
  const times = integrationTimes(integrationSteps, tMin);
  const sampling = {
    weights: parameters(actor.layout),
    observation: normal([batch, obs]),
    start: normal([batch, particles, act]),
  };
  const flat = critic.layout;
  const optimiser = adam({ learningRate: 1e-3, maxGradNorm: 10 });
  const step = {
    params: parameters(flat),
    m: normal(flat.shape, 1e-3),
    v: { data: normal(flat.shape, 1e-3).data.map(Math.abs), shape: flat.shape },
    gradient: normal(flat.shape, 1e-2),
  };

  /** Every state once for each of its actions, [states·actions, obs]. */
  const repeated = (observation: tf.Tensor, count: number) =>
    tf.reshape(tf.tile(tf.expandDims(observation, 1), [1, count, 1]), [-1, obs]);

  return [
    {
      name: "critics: the state's part of the first layer once per state",
      inputs: posterior,
      used: ({ weights, observation, action }) => ({
        q: critic.particleValues(flat.unflatten(weights), observation, action),
      }),
      plain: ({ weights, observation, action }) => ({
        q: critic.values(
          flat.unflatten(weights),
          repeated(observation, draws),
          tf.reshape(action, [-1, act]),
        ),
      }),
    },
    {
      name: 'critics: gradient of the smaller one alone',
      inputs: posterior,
      used: ({ weights, observation, action }) =>
        critic.minimumWithGradient(flat.unflatten(weights), observation, action),
      plain: ({ weights, observation, action }) => {
        const bytes = 8 * draws * config.criticWidth;
        const [value, gradient] = inBlocks([{ tensor: observation }, { tensor: action }], bytes, (s, a) => {
          const { value: q, grad } = tf.valueAndGrad((x: tf.Tensor) =>
            tf.min(critic.particleValues(flat.unflatten(weights), s, x), 0),
          )(a);
          return [tf.reshape(q, a.shape.slice(0, 2)), grad];
        });
        return { value, gradient };
      },
    },
    {
      name: 'sampling: first layer split, embeddings of time as constants',
      inputs: sampling,
      used: ({ weights, observation, start }) => ({ latent: path(weights, observation, start) }),
      plain: ({ weights, observation, start }) => {
        const named = actor.layout.unflatten(weights);
        const states = repeated(observation, particles);
        const field = (y: tf.Tensor, k: number) =>
          actor.apply(named, states, y, tf.fill([batch * particles], times[k]), tf.scalar(0.02));
        return { latent: tf.reshape(euler(field, tf.reshape(start, [-1, act]), times), start.shape) };
      },
    },
    {
      name: 'sampling: states in blocks that fit the cache',
      inputs: sampling,
      used: ({ weights, observation, start }) => {
        const bytes = 4 * particles * config.actorWidth;
        const [latent] = inBlocks([{ tensor: observation }, { tensor: start }], bytes, (s, y) => [
          path(weights, s, y),
        ]);
        return { latent };
      },
      plain: ({ weights, observation, start }) => ({ latent: path(weights, observation, start) }),
    },
    {
      name: 'optimiser: one flat vector',
      inputs: step,
      used: ({ params, m, v, gradient }) => {
        const state: AdamState = { params, m, v, count: tf.scalar(10) };
        const { params: next, m: m1, v: v1 } = optimiser.step(state, gradient, gradientNorm(gradient));
        return { params: next, m: m1, v: v1 };
      },
      plain: ({ params, m, v, gradient }) => {
        const [p, first, second, g] = [params, m, v, gradient].map((x) => flat.unflatten(x));
        const norm = gradientNorm(gradient);
        const next: Record<string, AdamState> = {};
        for (const [name, tensor] of Object.entries(p)) {
          const own = tf.reshape(norm, [2, ...Array<number>(tensor.rank - 1).fill(1)]);
          const state = { params: tensor, m: first[name], v: second[name], count: tf.scalar(10) };
          next[name] = optimiser.step(state, g[name], own);
        }
        const joined = (key: 'params' | 'm' | 'v') =>
          flat.flatten(Object.fromEntries(Object.entries(next).map(([name, state]) => [name, state[key]])));
        return { params: joined('params'), m: joined('m'), v: joined('v') };
      },
    },
  ];

  /** All steps of the flow from the start, [states, particles, act]. */
  function path(weights: tf.Tensor, observation: tf.Tensor, start: tf.Tensor): tf.Tensor {
    const named = actor.layout.unflatten(weights);
    const field = actor.particles(named, observation, tf.scalar(0.02), times, particles);
    return tf.reshape(euler(field, tf.reshape(start, [-1, act]), times), start.shape);
  }
}

const engine = createEngine({ threads: 1 });
const rows = [];
for (const preset of values.preset.split(',') as Preset[]) {
  for (const saving of savings(preset)) rows.push(await measure(preset, saving));
}
await engine.dispose();
if (values.json) console.log(JSON.stringify(rows, null, 2));

async function measure(preset: Preset, { name, inputs, used, plain }: Saving) {
  const forms = [used, plain].map((form, i) => engine.compile<Tensors, Tensors>(`${name}/${i}`, form));
  const difference = largestDifference(await forms[0](inputs), await forms[1](inputs));
  const times: number[][] = [[], []];
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [i, form] of forms.entries()) {
      const begin = performance.now();
      let calls = 0;
      for (; performance.now() - begin < 250 || calls < 3; calls++) await form(inputs);
      times[i].push((performance.now() - begin) / calls);
    }
  }
  await Promise.all(forms.map((form) => form.dispose()));
  const [fast, slow] = times.map((list) => median(list));
  const ratio = median(times[0].map((time, round) => times[1][round] / time));
  console.log(
    `${preset.padEnd(7)} ${name.padEnd(60)} ${fast.toFixed(2).padStart(8)} ms, plain ${slow.toFixed(2).padStart(8)} ms, ` +
      `ratio ${ratio.toFixed(2)}, largest relative difference ${difference.toExponential(0)}`,
  );
  return { preset, name, milliseconds: fast, plain: slow, ratio, difference };
}

function largestDifference(a: Record<string, NdArray>, b: Record<string, NdArray>): number {
  let largest = 0;
  for (const [key, { data }] of Object.entries(a)) {
    const other = b[key].data;
    const scale = Math.max(...Array.from(other.subarray(0, 10_000), Math.abs));
    data.forEach((x, i) => {
      largest = Math.max(largest, Math.abs(x - other[i]) / scale);
    });
  }
  return largest;
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
}
