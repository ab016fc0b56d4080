import { afterAll, expect, it } from 'vitest';
import { rfmFlow } from '../../../agents/rfm/flow.ts';
import { createEngine } from '../../../engine/index.ts';
import { boltzmannQuantiles, drawActions, trainOnBandit, twoHumps, wasserstein } from '../bandit.ts';
import { onePolicySample } from './settings.ts';

const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

/** By the Wasserstein-1 distance of 2000 actions to the exact policy; uniform actions have about 0.13. */
it('rfm-flow finds the Boltzmann density on a bandit with two modes', async () => {
  const temperature = 0.3;
  const config = {
    ...onePolicySample,
    ...{ temperature, finalTemperature: temperature, integrationSteps: 20, batchSize: 128, priorDraws: 64 },
  };
  const { agent } = await trainOnBandit(rfmFlow, { engine, reward: twoHumps, updates: 3000, config });
  const exact = boltzmannQuantiles(twoHumps, temperature, 2000);
  expect(wasserstein(await drawActions(agent, 'explore', 2000), exact)).toBeLessThan(0.06);
  await agent.dispose();
});
