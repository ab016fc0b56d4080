import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import type { AgentFactory } from '../../agents/agent.ts';
import { checkAgent } from '../../agents/conformance.ts';
import { allocateBatch } from '../../agents/replay.ts';
import { rfmFlow } from '../../agents/rfm/flow.ts';
import { createEngine } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';
import { loadAgent } from '../../harness/plugins/load-agent.ts';

const file = fileURLToPath(new URL('../../examples/rfm-in-one-page.ts', import.meta.url));
const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

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

it.each(['smoke', 'laptop'] as const)(
  'equals rfm-flow to the bit at %s',
  async (preset) => {
    const page = (await loadAgent(file)).factory as AgentFactory<never>;
    const updates = preset === 'smoke' ? 200 : 5;
    const own = await train(page, page.presets[preset], updates);
    expect(own.explore.some((value) => value !== 0)).toBe(true);
    expect(own).toEqual(
      await train(rfmFlow as AgentFactory<never>, rfmFlow.presets[preset] as never, updates),
    );
  },
  300_000,
);

it('has the constants of rfm-flow', async () => {
  const { factory } = await loadAgent(file);
  for (const preset of ['paper', 'laptop', 'smoke'] as const) {
    const { name: _, ...config } = factory.presets[preset] as unknown as Record<string, unknown>;
    expect(rfmFlow.presets[preset]).toMatchObject(config);
  }
});

it('keeps every promise of the conformance suite, on one page', async () => {
  const { factory } = await loadAgent(file);
  for await (const { promise, passed, detail } of checkAgent(factory, { engine: await engine })) {
    expect(passed ? '' : detail, promise).toBe('');
  }
  expect(readFileSync(file, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(200);
}, 300_000);
