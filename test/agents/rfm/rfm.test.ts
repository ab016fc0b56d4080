import { afterAll, expect, it } from 'vitest';
import { rfmFlow } from '../../../agents/rfm/flow.ts';
import { createEngine } from '../../../engine/index.ts';
import { drawActions, trainOnBandit, twoHumps, withConfig } from '../bandit.ts';
import { onePolicySample } from './settings.ts';

const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

// The density that one particle learns is measured in rfm.nightly.test.ts.
it('evaluates with the better mode of a bandit with two when it may choose among particles', async () => {
  const temperature = 0.3;
  const config = {
    ...onePolicySample,
    ...{ temperature, finalTemperature: temperature, integrationSteps: 20, evaluationParticles: 32 },
  };
  const trained = await trainOnBandit(rfmFlow, {
    engine,
    reward: twoHumps,
    updates: 2000,
    config: { ...config, integrationSteps: 1 },
  });
  const agent = await withConfig(rfmFlow, trained.agent, { engine, config });
  const actions = await drawActions(agent, 'exploit', 100);
  expect(actions.filter((a) => Math.abs(a + 0.5) < 0.2).length).toBeGreaterThan(90);
  await agent.dispose();
}, 300_000);
