/** Options of the RFM agents, each on top of the smoke preset. */
import { expect } from 'vitest';
import type { AgentFactory } from '../../../agents/agent.ts';
import type { RfmConfig } from '../../../agents/rfm/config.ts';
import { rfmDiffusion } from '../../../agents/rfm/diffusion.ts';
import { rfmFlow } from '../../../agents/rfm/flow.ts';
import type { Engine } from '../../../engine/types.ts';
import { oneHump, trainOnBandit } from '../bandit.ts';

export type Options = Partial<RfmConfig> & Record<string, unknown>;

/** For both agents. */
const shared: Options[] = [
  {},
  { proposal: 'policy' },
  { proposal: 'policy', proposalDraws: 3 },
  { proposal: 'policy', proposalDraws: 15, proposalBandwidth: 0.2 },
  { proposal: 'policy', endpoints: 'policy' },
  { proposal: 'buffer' },
  { proposal: 'buffer', proposalDraws: 15 },
  { proposal: 'laplace' },
  { proposal: 'laplace', estimator: 'adaptive' },
  { proposal: 'policy', estimator: 'noise' },
  { prediction: 'data' },
  { prediction: 'data', lossWeight: 'variance', proposal: 'policy' },
  { lossWeight: 'uniform' },
  { lossWeight: 'snr' },
  { lossWeight: 'variance' },
  { lossWeight: 'variance', proposal: 'buffer', estimator: 'optimal-matrix' },
  { maxWeight: 0.2 },
  { temperatureFloor: 0.5 },
  { endpoints: 'policy' },
  { endpoints: 'adaptive' },
  { endpoints: 'adaptive', proposal: 'policy' },
  { criticNoise: 0.5 },
  { softQ: 'exact' },
  { softQ: 'hutchinson' },
  { softQ: 'exact', prediction: 'data' },
  { criticNoise: 2, proposal: 'buffer', estimator: 'gradient' },
  { tMin: 0.1, finalTMin: 1e-3, tMinSteps: 10 },
  { tMin: 0.1, finalTMin: 1e-3, tMinSteps: 10, prediction: 'data', proposal: 'policy' },
];
const flow: Options[] = [
  { solver: 'heun' },
  { solver: 'heun', prediction: 'data' },
  { solver: 'heun', softQ: 'hutchinson' },
  { solver: 'heun', softQ: 'exact', prediction: 'data', tMin: 0.1, finalTMin: 1e-3 },
  { solver: 'heun', tMin: 0.1, finalTMin: 1e-3, prediction: 'data' },
];
const diffusion: Options[] = ['vp', 'cosine', 've'].flatMap((schedule) => [
  { schedule },
  { schedule, sampler: 'ancestral' },
  { schedule, sampler: 'ancestral', prediction: 'data', endpoints: 'policy' },
  { schedule, sampler: 'ancestral', tMin: 0.1, finalTMin: 1e-3 },
  { schedule, proposal: 'policy', lossWeight: 'variance' },
  { schedule, softQ: 'exact', tMin: 0.1, finalTMin: 1e-3 },
]);

export const agents: readonly (readonly [string, AgentFactory<RfmConfig>, readonly Options[]])[] = [
  ['rfm-flow', rfmFlow as AgentFactory<RfmConfig>, [...shared, ...flow]],
  ['rfm-diffusion', rfmDiffusion as AgentFactory<RfmConfig>, [...shared, ...diffusion]],
];

/** Asserts that an agent with these options learns, acts, and stays finite. */
export async function expectUsable(
  factory: AgentFactory<RfmConfig>,
  options: Options,
  engine: Engine,
): Promise<void> {
  const config = factory.config.parse({
    ...factory.presets.smoke,
    batchSize: 16,
    integrationSteps: 3,
    ...options,
  });
  const { agent, metrics } = await trainOnBandit(factory, { engine, reward: oneHump, updates: 3, config });
  for (const [name, value] of Object.entries(metrics)) expect(Number.isFinite(value), name).toBe(true);
  for (const kind of ['actor_loss_t', 'ess_t']) {
    expect(Object.keys(metrics).some((name) => name.startsWith(kind))).toBe(true);
  }
  for (const mode of ['explore', 'exploit'] as const) {
    const actions = await agent.act(new Float32Array(8), 4, mode);
    expect(actions.every((a) => a >= -1 && a <= 1)).toBe(true);
  }
  await agent.dispose();
}
