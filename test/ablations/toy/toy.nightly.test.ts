import { expect, test } from 'vitest';
import { runToy } from '../../../ablations/toy/experiment.ts';
import { builtInTarget } from '../../../ablations/toy/targets.ts';
import { samplerDefaults } from '../../../agents/toy/config.ts';
import { createEngine } from '../../../engine/index.ts';

test('a method learns: more updates bring its samples nearer to exact ones', async () => {
  const engine = createEngine({ backend: 'wasm' });
  const distanceAfter = async (updates: number) => {
    const plan = {
      targets: [builtInTarget('moons')],
      methods: ['rfm-flow'],
      seeds: [0],
      updates,
      steps: [20],
      estimator: 'adaptive',
      draws: 'box' as const,
      config: samplerDefaults,
    };
    const { rows } = await runToy(plan, engine);
    return rows.map((row) => row.sliced_w2);
  };
  const [floor, early] = await distanceAfter(20);
  const [, late] = await distanceAfter(2500);
  await engine.dispose();
  expect(late).toBeLessThan(0.2);
  expect(late).toBeGreaterThan(floor / 2);
  expect(late).toBeLessThan(early / 2);
}, 200_000);
