/**
 * A task of one's own: a cart on a rail parks at a mark that is elsewhere in every episode.
 *
 *   harness check-task ./my-task.ts
 *   harness compare --agents rfm-flow,sac --tasks ./my-task.ts --steps 10k
 */
import { defineTask, type Physics, Tolerance, tolerance } from 'rfm-harness';

/** MJCF, https://mujoco.readthedocs.io/en/stable/XMLreference.html. A longer one may lie beside this file: model: (asset) => asset('my-model.xml'). */
const model = `
<mujoco model="parking">
  <option timestep="0.005"/>
  <worldbody>
    <geom name="rail" type="capsule" fromto="-2 0 0 2 0 0" size="0.02" contype="0" conaffinity="0"/>
    <site name="mark" pos="0 0 0.1" size="0.05"/>
    <body name="cart">
      <joint name="slide" type="slide" axis="1 0 0" limited="true" range="-2 2" damping="0.5"/>
      <geom name="cart" type="box" size="0.1 0.08 0.06" mass="1"/>
    </body>
  </worldbody>
  <actuator>
    <motor name="push" joint="slide" gear="5" ctrllimited="true" ctrlrange="-1 1"/>
  </actuator>
</mujoco>`;

const AT_THE_MARK = new Tolerance({ above: -0.05, below: 0.05, margin: 1 });
const AT_REST = new Tolerance({ margin: 2 });

export default defineTask('parking-easy', {
  model,
  timeLimit: 5, // s
  controlStep: 0.025, // s, five physics steps

  initialize(physics, random) {
    physics.data('qpos', 'slide')[0] = random.uniform(-1.5, 1.5);
    physics.model('site_pos', 'mark')[0] = random.uniform(-1.5, 1.5);
  },

  observe(physics, observation) {
    observation.add('position', physics.qpos); // [1]
    observation.add('velocity', physics.qvel); // [1]
    observation.add('to_mark', distanceToMark(physics)); // a scalar
  },

  /** In [0, 1]: near the mark, and slow. */
  reward: (physics) =>
    tolerance(distanceToMark(physics), AT_THE_MARK) * (0.5 + 0.5 * tolerance(physics.qvel[0], AT_REST)),
});

/** m, positive where the mark is ahead. */
const distanceToMark = (physics: Physics) =>
  physics.data('site_xpos', 'mark')[0] - physics.data('xpos', 'cart')[0];
