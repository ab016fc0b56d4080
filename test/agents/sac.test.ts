import { afterAll, describe, expect, it } from 'vitest';
import { sac } from '../../agents/sac.ts';
import { createEngine } from '../../engine/index.ts';
import { drawActions, oneHump, trainOnBandit } from './bandit.ts';

const engine = createEngine();
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
    const { agent, metrics } = await trainOnBandit(sac, { engine, reward: oneHump, updates: 2500, config });
    const [best] = await drawActions(agent, 'exploit', 1);
    expect(Math.abs(best - 0.3)).toBeLessThan(0.1);
    const actions = await drawActions(agent, 'explore', 20_000);
    expect(Math.abs(histogramEntropy(actions, 100) - metrics.entropy)).toBeLessThan(0.15);
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
});
