import { afterAll, describe, expect, it } from 'vitest';
import { builtInAgents } from '../../agents/registry.ts';
import { allocateBatch } from '../../agents/replay.ts';
import { createEngine } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';
import type { Engine } from '../../engine/types.ts';
import { fewSteps } from './few-steps.ts';

const sizes = { observation: 5, action: 2 };
const compiled = createEngine({ backend: 'wasm' });
const eager = createEngine({ backend: 'cpu' });
afterAll(() => Promise.all([compiled.dispose(), eager.dispose()]));

describe.each(builtInAgents)('$name', (factory) => {
  it('learns and acts alike compiled and eager', async () => {
    const [a, b] = [await trail(compiled), await trail(eager)];
    expect(Object.keys(a.metrics)).toEqual(Object.keys(b.metrics));
    for (const [name, value] of Object.entries(a.metrics)) {
      expect(Math.abs(value - b.metrics[name]), name).toBeLessThan(2e-3 * Math.max(1, Math.abs(value)));
    }
    // Rounding may turn a choice among particles; the rest agrees to float32.
    const apart = a.actions.map((action, i) => Math.abs(action - b.actions[i])).sort((x, y) => x - y);
    expect(apart[Math.floor(apart.length / 2)]).toBeLessThan(1e-3);
  }, 300_000);

  async function trail(engine: Engine) {
    const config = { ...fewSteps(factory.presets.smoke), batchSize: 16 };
    const agent = await factory.create({
      observation: { size: sizes.observation },
      action: { size: sizes.action },
      config,
      random: RandomStream.fromSeed(3),
      engine,
    });
    const random = RandomStream.fromSeed(4);
    const batch = allocateBatch(config.batchSize, sizes);
    let metrics: Record<string, number> = {};
    for (let update = 0; update < 2; update++) {
      random.fillNormal(batch.observation);
      random.fillUniform(batch.action, -1, 1);
      random.fillUniform(batch.reward);
      batch.mask.fill(1);
      random.fillNormal(batch.nextObservation);
      metrics = await agent.update(batch);
    }
    const observations = random.fillNormal(new Float32Array(8 * sizes.observation));
    const actions = [
      ...(await agent.act(observations, 8, 'explore')),
      ...(await agent.act(observations, 8, 'exploit')),
    ];
    await agent.dispose();
    return { metrics, actions };
  }
});
