/** MuJoCo's memory, which all environments of a process share, is full: nothing of what was made stays. */
import { expect, it } from 'vitest';
import { defineTask } from '../../envs/domain.ts';
import { makeEnvironment, makeVectorEnvironment } from '../../harness/plugins/make-environment.ts';

/** Each takes three tenths of the memory that there is. */
const vast = defineTask('ball-vast', {
  model: `<mujoco><size memory="600M"/><worldbody><body><joint name="slide" type="slide"/><geom size=".1"/></body></worldbody>
    <actuator><motor joint="slide" ctrllimited="true" ctrlrange="-1 1"/></actuator></mujoco>`,
  timeLimit: 1,
  observe(physics, observation) {
    observation.add('position', physics.qpos);
  },
  reward: () => 0,
});

it('says how many there was room for, and disposes of them', async () => {
  for (let attempt = 0; attempt < 2; attempt++)
    await expect(makeVectorEnvironment(vast, 9)).rejects.toThrow(
      /^ball-vast: .*ould not allocate memory \(all environments of a process share 2 GB: there was room for [23] of these 9; dispose\(\) those no longer needed\)$/,
    );
  const vector = await makeVectorEnvironment(vast, 2);
  const single = makeEnvironment(vast).then((environment) =>
    makeEnvironment(vast).finally(() => environment.dispose()),
  );
  await expect(single).rejects.toThrow(/share 2 GB: dispose\(\) those no longer needed\)$/);
  vector.dispose();
  (await makeEnvironment(vast)).dispose();
});
