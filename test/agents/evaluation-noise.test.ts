import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import type { Agent, AgentFactory, TrainingConfig } from '../../agents/agent.ts';
import { type Acting, type Algorithm, hostAgent } from '../../agents/host.ts';
import { rfmDiffusion } from '../../agents/rfm/diffusion.ts';
import { rfmFlow } from '../../agents/rfm/flow.ts';
import { createEngine } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';

const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

const actionSize = 4;
type Shown = { start: tf.Tensor; path: tf.Tensor; common: tf.Tensor };

/** Its action is the noise that it gets: of one state, then of a path's three steps with the states along axis 1. */
const showsNoise: Acting<Record<never, tf.Tensor>, Shown> = {
  draws: (states) => ({
    start: { law: 'uniform', shape: [states, 1] },
    path: { law: 'normal', shape: [2, states, 1] },
    common: { law: 'normal', shape: [1] },
  }),
  act({ noise: { start, path, common }, observation }) {
    const [first, second] = tf.unstack(path);
    const shared = tf.tile(tf.reshape(common, [1, 1]), [observation.shape[0], 1]);
    return { action: tf.concat([start, first, second, shared], 1) };
  },
};
const algorithm: Algorithm<
  Record<never, tf.Tensor>,
  Record<never, tf.Tensor>,
  Record<never, tf.Tensor>,
  Shown,
  Shown
> = {
  name: 'shows-noise',
  initialise: () => ({}),
  draws: () => ({}),
  updates: [],
  policy: () => ({}),
  explore: showsNoise,
  exploit: showsNoise,
};

const noiseShower = (seed: number) =>
  hostAgent(algorithm, {
    observation: { size: 2 },
    action: { size: actionSize },
    config: { batchSize: 1, randomSteps: 0, updatesPerStep: 0, replayCapacity: 1 },
    random: RandomStream.fromSeed(seed),
    engine,
  });

/** One row of actions per state. */
async function actions(agent: Agent, states: readonly (readonly number[])[], mode: 'explore' | 'exploit') {
  const all = await agent.act(Float32Array.from(states.flat()), states.length, mode);
  const size = all.length / states.length;
  return states.map((_, row) => [...all.subarray(row * size, (row + 1) * size)]);
}

const [a, b, c] = [
  [0.1, 0.2],
  [0.1, 0.3],
  [-0.7, 0.2],
];

describe('the noise of evaluation', () => {
  it('is a function of the state alone: not of its row, the other states, what came before, or the seed', async () => {
    const agent = await noiseShower(1);
    const [ofA, ofB, ofC] = await actions(agent, [a, b, c], 'exploit');
    await actions(agent, [a, b], 'explore');
    expect(await actions(agent, [c, a, a], 'exploit')).toEqual([ofC, ofA, ofA]);
    expect(await actions(agent, [b], 'exploit')).toEqual([ofB]);
    expect(await actions(await noiseShower(2), [a, b, c], 'exploit')).toEqual([ofA, ofB, ofC]);
    for (const column of [0, 1, 2]) {
      expect(new Set([ofA, ofB, ofC].map((row) => row[column])).size).toBe(3);
    }
    expect(new Set(ofA).size).toBe(4);
  });

  it('follows the laws: uniforms and normals over many states', async () => {
    const agent = await noiseShower(1);
    const count = 4000;
    const states = Array.from({ length: count }, (_, i) => [i / count, 1]);
    const rows = await actions(agent, states, 'exploit');
    const moment = (column: number, power: number) =>
      rows.reduce((sum, row) => sum + row[column] ** power, 0) / count;
    // Within five standard errors of 1/2, 1/3, 0, 1.
    expect(Math.abs(moment(0, 1) - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / count));
    expect(Math.abs(moment(0, 2) - 1 / 3)).toBeLessThan(5 * Math.sqrt(4 / 45 / count));
    for (const column of [1, 2]) {
      expect(Math.abs(moment(column, 1))).toBeLessThan(5 / Math.sqrt(count));
      expect(Math.abs(moment(column, 2) - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
    }
    const product = rows.reduce((sum, row) => sum + row[1] * row[2], 0) / count;
    expect(Math.abs(product)).toBeLessThan(5 / Math.sqrt(count));
  });

  it('leaves exploration to the run’s stream', async () => {
    const agent = await noiseShower(1);
    const first = await actions(agent, [a, a], 'explore');
    expect(first[0]).not.toEqual(first[1]);
    expect(await actions(agent, [a, a], 'explore')).not.toEqual(first);
    expect(await actions(await noiseShower(1), [a, a], 'explore')).toEqual(first);
  });
});

const forget = <Config extends TrainingConfig>(factory: AgentFactory<Config>) =>
  factory as unknown as AgentFactory<TrainingConfig>;

it.each([
  ['rfm-flow', forget(rfmFlow), {}],
  ['rfm-diffusion', forget(rfmDiffusion), { sampler: 'ancestral' }],
])('%s evaluates a state alike in every batch', async (_, factory, options) => {
  const agent = await factory.create({
    observation: { size: 2 },
    action: { size: 3 },
    config: { ...factory.presets.smoke, ...options },
    random: RandomStream.fromSeed(3),
    engine,
  });
  const [ofA, ofB] = await actions(agent, [a, b], 'exploit');
  const again = await actions(agent, [b, c, a], 'exploit');
  for (const [x, y] of [
    [ofA, again[2]],
    [ofB, again[0]],
  ]) {
    for (const [i, value] of x.entries()) expect(Math.abs(value - y[i])).toBeLessThan(1e-5); // another graph's rounding
  }
  expect(ofA).not.toEqual(ofB);
  await agent.dispose();
});
