import { afterAll, describe, expect, it } from 'vitest';
import type { Agent } from '../../../agents/agent.ts';
import { rfmFlow } from '../../../agents/rfm/flow.ts';
import { createEngine } from '../../../engine/index.ts';
import { boltzmannQuantiles, drawActions, trainOnBandit, twoHumps, wasserstein } from '../bandit.ts';

const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

const options = {
  endpoints: 'buffer',
  lossWeight: 'snr',
  tMin: 1e-3,
  embedding: 16,
} as const;

// One particle: with more, the choice among them by softmax(Q/λ) sharpens the policy beyond exp(Q/λ).
const onePolicySample = { ...options, particles: 1, evaluationParticles: 1, actorLearningRate: 1e-3 };

/** The Wasserstein-1 distance of 2000 actions to the exact policy; uniform actions have about 0.13. */
async function expectBoltzmann(agent: Agent, temperature: number): Promise<void> {
  const count = 2000;
  const exact = boltzmannQuantiles(twoHumps, temperature, count);
  expect(wasserstein(await drawActions(agent, 'explore', count), exact)).toBeLessThan(0.06);
  await agent.dispose();
}

describe('Reverse Flow Matching on a bandit with two modes', () => {
  const temperature = 0.3;
  const warm = { ...onePolicySample, temperature, finalTemperature: temperature, integrationSteps: 20 };

  it('rfm-flow finds the Boltzmann density', async () => {
    const config = { ...warm, batchSize: 128, priorDraws: 64 };
    const { agent } = await trainOnBandit(rfmFlow, { engine, reward: twoHumps, updates: 3000, config });
    await expectBoltzmann(agent, temperature);
  }, 300_000);

  it('evaluates with the better mode when it may choose among particles', async () => {
    const config = { ...warm, evaluationParticles: 32 };
    const { agent } = await trainOnBandit(rfmFlow, { engine, reward: twoHumps, updates: 3000, config });
    const actions = await drawActions(agent, 'exploit', 100);
    expect(actions.filter((a) => Math.abs(a + 0.5) < 0.2).length).toBeGreaterThan(90);
    await agent.dispose();
  }, 300_000);
});
