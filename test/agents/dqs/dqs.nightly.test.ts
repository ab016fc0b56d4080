import { afterAll, expect, it } from 'vitest';
import { dqs } from '../../../agents/dqs/agent.ts';
import { createEngine } from '../../../engine/index.ts';
import { boltzmannQuantiles, drawActions, trainOnBandit, twoHumps, wasserstein } from '../bandit.ts';
import { onBandit } from './settings.ts';

const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

it('dqs in the latent gets close to the Boltzmann policy of two humps', async () => {
  const { agent } = await trainOnBandit(dqs, {
    engine,
    reward: twoHumps,
    updates: 1200,
    config: { ...onBandit, space: 'latent', integrationSteps: 10, embedding: 16, maxGradNorm: 10 },
  });
  const found = await drawActions(agent, 'explore', 1000);
  const exact = boltzmannQuantiles(twoHumps, onBandit.temperature, 1000);
  // The humps are 1 apart: 0.12 is an eighth of the mass at the wrong one, of which 0.05 come from starting
  // at N(0, σ_max² = 1) in place of the noised density. Uniform actions are 0.31 away.
  expect(wasserstein(found, exact)).toBeLessThan(0.12);
  await agent.dispose();
});
