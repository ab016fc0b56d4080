import { expect } from 'vitest';
import { type QvpoConfig, qvpo } from '../../agents/qvpo.ts';
import type { Engine } from '../../engine/types.ts';
import { drawActions, type Reward, trainOnBandit } from './bandit.ts';

/** Asserts that a trained qvpo's actions lie around the best one, but not all on one point. */
export async function expectGreedy(
  engine: Engine,
  {
    networks,
    reward,
    best,
    within,
    updates,
  }: Pick<QvpoConfig, 'networks'> & { reward: Reward; best: number; within: number; updates: number },
): Promise<void> {
  const { agent, metrics } = await trainOnBandit(qvpo, {
    engine,
    reward,
    updates,
    config: {
      networks,
      actorLearningRate: 3e-4,
      diffusionSteps: 10,
      targetParticles: 1,
      embedding: 16,
      maxGradNorm: 10,
    },
  });
  for (const mode of ['explore', 'exploit'] as const) {
    const found = await drawActions(agent, mode, 500);
    const distance = found.reduce((sum, a) => sum + Math.abs(a - best), 0) / found.length;
    expect(distance).toBeLessThan(within);
  }
  expect(metrics.policy_spread).toBeGreaterThan(0.02); // the entropy term keeps it from a point
  await agent.dispose();
}
