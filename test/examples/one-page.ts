/** Trains examples/rfm-in-one-page.ts and rfm-flow alike. */
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { AgentFactory, Preset } from '../../agents/agent.ts';
import { allocateBatch } from '../../agents/replay.ts';
import { rfmFlow } from '../../agents/rfm/flow.ts';
import { createEngine } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';
import { loadAgent } from '../../harness/plugins/load-agent.ts';

export const file = fileURLToPath(new URL('../../examples/rfm-in-one-page.ts', import.meta.url));
export const engine = createEngine();

/** The parameters after so many updates on made-up transitions, and two actions of each kind. */
async function train<Config>(factory: AgentFactory<Config & never>, config: Config, updates: number) {
  const sizes = { observation: 5, action: 2 };
  const batchSize = (config as { batchSize: number }).batchSize;
  const agent = await factory.create({
    observation: { size: sizes.observation },
    action: { size: sizes.action },
    config: config as Config & never,
    random: RandomStream.fromSeed(11),
    engine: await engine,
  });
  const batch = allocateBatch(batchSize, sizes);
  const random = RandomStream.fromSeed(12);
  for (let i = 0; i < updates; i++) {
    random.fillNormal(batch.observation);
    random.fillNormal(batch.nextObservation);
    random.fillUniform(batch.action, -1, 1);
    random.fillUniform(batch.reward);
    batch.mask.fill(1);
    batch.mask[i % batchSize] = 0;
    await agent.update(batch);
  }
  const observations = new Float32Array(2 * sizes.observation);
  random.fillNormal(observations);
  const { arrays } = await agent.save();
  const explore = Array.from(await agent.act(observations, 2, 'explore'));
  const exploit = Array.from(await agent.act(observations, 2, 'exploit'));
  await agent.dispose();
  const parameters = Object.fromEntries(
    Object.entries(arrays).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
  return { parameters, explore, exploit };
}

/** Asserts that the page equals rfm-flow to the bit after so many updates. */
export async function expectEqual(preset: Preset, updates: number): Promise<void> {
  const page = (await loadAgent(file)).factory as AgentFactory<never>;
  const own = await train(page, page.presets[preset], updates);
  expect(own.explore.some((value) => value !== 0)).toBe(true);
  expect(own).toEqual(await train(rfmFlow as AgentFactory<never>, rfmFlow.presets[preset] as never, updates));
}
