import { afterAll, describe, expect, it } from 'vitest';
import { allocateBatch } from '../../agents/replay.ts';
import { sac } from '../../agents/sac.ts';
import { createEngine } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';
import { banditBatch, drawActions, oneHump, trainOnBandit, withConfig } from './bandit.ts';
import { summary } from './summary.ts';

const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

/** Differential entropy of a sorted sample, from a histogram of `cells` cells on [-1, 1]. */
function histogramEntropy(sorted: readonly number[], cells: number): number {
  const width = 2 / cells;
  const counts = new Array<number>(cells).fill(0);
  for (const x of sorted) counts[Math.min(cells - 1, Math.floor((x + 1) / width))]++;
  return counts.reduce(
    (sum, c) => (c === 0 ? sum : sum - (c / sorted.length) * Math.log(c / sorted.length / width)),
    0,
  );
}

describe('sac', () => {
  // A fixed temperature: Q = r, and the best tanh-Gaussian has its mode near the reward's optimum.
  it('finds the optimum, and the entropy that it reports is that of its actions', async () => {
    const config = { temperatureLearningRate: 1e-9, initialTemperature: 0.05, actorLearningRate: 1e-3 };
    const trained = await trainOnBandit(sac, { engine, reward: oneHump, updates: 2500, config });
    const agent = await withConfig(sac, trained.agent, {
      engine,
      config: { ...config, actorLearningRate: 1e-9 },
    });
    const [best] = await drawActions(agent, 'exploit', 1);
    expect(Math.abs(best - 0.3)).toBeLessThan(0.1);
    // A policy that moves no more reports its entropy off by 0.09 from a batch of 64 actions, by 0.01 from a hundred.
    const batch = banditBatch(sac.presets.smoke.batchSize);
    const reported: number[] = [];
    for (let i = 0; i < 100; i++) reported.push((await agent.update(batch)).entropy);
    const actions = await drawActions(agent, 'explore', 20_000);
    expect(Math.abs(histogramEntropy(actions, 100) - summary(reported).mean)).toBeLessThan(0.05);
    await agent.dispose();
  });

  it('moves its temperature until the entropy is the target', async () => {
    const config = {
      temperatureLearningRate: 5e-3,
      initialTemperature: 0.2,
      targetEntropyScale: 0.5,
      actorLearningRate: 1e-3,
    };
    const { agent } = await trainOnBandit(sac, { engine, reward: oneHump, updates: 3000, config });
    const actions = await drawActions(agent, 'explore', 20_000);
    expect(Math.abs(histogramEntropy(actions, 100) - -0.5)).toBeLessThan(0.2);
    await agent.dispose();
  });

  it('learns on where float32 rounds every action to 1', async () => {
    const { batchSize, actorWidth } = sac.presets.smoke;
    const random = RandomStream.fromSeed(5);
    const agent = await sac.create({
      observation: { size: 2 },
      action: { size: 1 },
      config: sac.presets.smoke,
      random: random.split('agent'),
      engine,
    });
    const snapshot = await agent.save();
    const { data } = snapshot.arrays['actor/params'];
    // The last layer, kernel [width, 2] and bias [2]: mean 50, log-std -20 (its lower bound), in every state.
    data.fill(0, data.length - 2 * actorWidth - 2);
    data.set([50, -20], data.length - 2);
    await agent.load(snapshot);
    const batch = allocateBatch(batchSize, { observation: 2, action: 1 });
    random.fillNormal(batch.observation);
    random.fillNormal(batch.nextObservation);
    batch.mask.fill(1);
    const metrics = await agent.update(batch);
    for (const [name, value] of Object.entries(metrics)) expect(Number.isFinite(value), name).toBe(true);
    // log π = -ε²/2 + 20 - log(2π)/2 - log(0 + 1e-6), where ε²/2 has mean 1/2 and, of 64, standard error 0.09.
    const expected = 20 - 0.5 * Math.log(2 * Math.PI) + Math.log(1e6) - 0.5;
    expect(Math.abs(metrics.entropy + expected)).toBeLessThan(0.45);
    expect([...(await agent.act(new Float32Array(2), 1, 'exploit'))]).toEqual([1]);
    await agent.dispose();
  });
});
