import { expect, test } from 'vitest';
import { makeEnvironment, RandomState } from '../../envs/index.ts';
import { packagedModels } from '../../harness/plugins/assets.ts';

test('humanoid-run_pure_state is humanoid-run, observed as positions and velocities', async () => {
  const run = await makeEnvironment('humanoid-run', { models: packagedModels });
  const pure = await makeEnvironment('humanoid-run_pure_state', { models: packagedModels });
  try {
    const actions = new RandomState(1);
    run.reset(7);
    expect([...pure.reset(7).observation]).toEqual([...run.physics.qpos, ...run.physics.qvel]);
    for (let step = 0; step < 10; step++) {
      const action = actions.uniforms(run.actionSpec.low, run.actionSpec.high);
      const { reward } = run.step(action);
      expect(pure.step(action).reward).toBe(reward);
      expect([...pure.physics.qpos]).toEqual([...run.physics.qpos]);
    }
    expect(pure.observationSpec.parts.map(({ name, shape }) => [name, shape])).toEqual([
      ['position', [28]],
      ['velocity', [27]],
    ]);
  } finally {
    run.dispose();
    pure.dispose();
  }
});
