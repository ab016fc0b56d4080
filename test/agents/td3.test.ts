import { afterAll, describe, expect, it } from 'vitest';
import { allocateBatch } from '../../agents/replay.ts';
import { td3 } from '../../agents/td3.ts';
import { createEngine } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';
import { drawActions, oneHump, trainOnBandit } from './bandit.ts';

const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

describe('td3', () => {
  it('reaches the best action of a bandit, and explores around it with the given deviation', async () => {
    const { agent } = await trainOnBandit(td3, { engine, reward: oneHump, updates: 1000 });
    for (const action of await drawActions(agent, 'exploit', 5)) expect(action).toBeCloseTo(0.3, 1);
    const explored = await drawActions(agent, 'explore', 2000);
    const [best] = await drawActions(agent, 'exploit', 1);
    const variance = explored.reduce((sum, a) => sum + (a - best) ** 2, 0) / explored.length;
    expect(Math.sqrt(variance)).toBeCloseTo(td3.presets.smoke.explorationNoise, 2);
    await agent.dispose();
  }, 300_000);

  it('moves the policy and the targets at every second update alone', async () => {
    const agent = await create();
    const batch = randomBatch();
    const before = await agent.save();
    const first = await agent.update(batch);
    const middle = await agent.save();
    const second = await agent.update(batch);
    const after = await agent.save();
    for (const name of ['actor/params', 'targetActor', 'targetCritic']) {
      expect(middle.arrays[name].data).toEqual(before.arrays[name].data);
      expect(after.arrays[name].data).not.toEqual(before.arrays[name].data);
    }
    expect(middle.arrays['critic/params'].data).not.toEqual(before.arrays['critic/params'].data);
    expect(first).not.toHaveProperty('actor_loss');
    expect(second).toHaveProperty('actor_loss');
    await agent.dispose();
  });

  it('values an endless reward of 1 at 1/(1 - γ), and a last one at 1', async () => {
    for (const [mask, expected] of [
      [1, 2],
      [0, 1],
    ]) {
      const agent = await create({ discount: 0.5, tau: 0.05 });
      let metrics = {} as Record<string, number>;
      for (let i = 0; i < 600; i++) {
        const batch = randomBatch(i);
        batch.reward.fill(1);
        batch.mask.fill(mask);
        metrics = await agent.update(batch);
      }
      expect(Math.abs(metrics.q_mean - expected)).toBeLessThan(0.1);
      await agent.dispose();
    }
  }, 300_000);
});

function create(config = {}) {
  return td3.create({
    observation: { size: 3 },
    action: { size: 2 },
    config: { ...td3.presets.smoke, ...config },
    random: RandomStream.fromSeed(2),
    engine,
  });
}

function randomBatch(seed = 9) {
  const batch = allocateBatch(td3.presets.smoke.batchSize, { observation: 3, action: 2 });
  const random = RandomStream.fromSeed(seed);
  random.fillNormal(batch.observation);
  random.fillUniform(batch.action, -1, 1);
  random.fillUniform(batch.reward);
  batch.mask.fill(1);
  random.fillNormal(batch.nextObservation);
  return batch;
}
