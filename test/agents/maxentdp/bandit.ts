import { maxentdp } from '../../../agents/maxentdp/agent.ts';
import type { Engine } from '../../../engine/types.ts';
import {
  boltzmannQuantiles,
  drawActions,
  type Reward,
  trainOnBandit,
  wasserstein,
  withConfig,
} from '../bandit.ts';

/**
 * Trains maxentdp on a bandit.
 * @returns the Wasserstein-1 distance of its actions to the Boltzmann policy's, and the mean reward of its evaluation
 */
export async function learnBandit(
  engine: Engine,
  reward: Reward,
  updates: number,
): Promise<{ distance: number; best: number }> {
  const temperature = 0.1;
  const config = {
    temperature,
    finalTemperature: temperature,
    actorLearningRate: 1e-3,
    embedding: 16,
    maxGradNorm: 10,
    // Every transition ends, so the log-density of the next action counts for nothing: one level is enough.
    logDensitySteps: 1,
    logDensityDraws: 1,
  };
  const trained = await trainOnBandit(maxentdp, {
    engine,
    reward,
    updates,
    config: { ...config, integrationSteps: 1 },
  });
  const agent = await withConfig(maxentdp, trained.agent, {
    engine,
    config: { ...config, integrationSteps: 10 },
  });
  const found = await drawActions(agent, 'explore', 1000);
  const distance = wasserstein(found, boltzmannQuantiles(reward, temperature, 1000));
  const exploited = await drawActions(agent, 'exploit', 200);
  await agent.dispose();
  return { distance, best: exploited.reduce((sum, a) => sum + reward(a), 0) / exploited.length };
}
